"""Bindings, people and invitations over HTTP: every rule is the services'."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.api import shapes
from accounts.models import Community, Invitation, Membership
from accounts.policies import Standing, person_of, require, standing_of
from accounts.querysets import MembershipQuerySet
from accounts.services import bindings, people
from accounts.services.invitations import (
    create_invitation,
    invitation_qr_url,
    invitation_url,
    withdraw_invitation,
)
from community_report.core import throttle
from community_report.core.api import page
from community_report.core.errors import Forbidden, Invalid, NotBound, NotFound
from community_report.core.network import address_of

_COMMUNITY = OpenApiParameter("community", description="slug; left out: all that one manages")
_CURSOR = OpenApiParameter("cursor")
_LIMIT = OpenApiParameter("limit", int)


def _read(shape: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    given = shape(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def _managed(request: Request) -> MembershipQuerySet:
    """The memberships that this person manages, of `?community=` or of all; refuses who manages none."""
    standing = standing_of(person_of(request))
    slug = request.query_params.get("community")
    if slug is None:
        _refuse_nobody(standing)
        return Membership.objects.managed_by(standing).for_view()
    community = require(standing, "manage_people", Community.objects.filter(slug=slug).first())
    return Membership.objects.filter(community=community).for_view()


def _refuse_nobody(standing: Standing) -> None:
    if standing.user.is_superuser or standing.communities_with("manage_people"):
        return
    if not standing.member_of:
        raise NotBound(_("您还没有绑定小区"))
    raise Forbidden(_("您没有权限这样做"))


def _known(request: Request, pk: UUID, rows: MembershipQuerySet) -> Membership:
    """The membership, where this person may know that there is one."""
    membership = rows.known_to(standing_of(person_of(request))).filter(pk=pk).first()
    if membership is None:
        raise NotFound(_("没有找到，或您无权查看"))
    return membership


class Bindings(APIView):
    @extend_schema(request=shapes.BindingInput, responses={201: shapes.BindingShape, 202: shapes.BindingShape})
    def post(self, request: Request) -> Response:
        """Ask to be bound to a home: 201 active, 202 pending."""
        given = _read(shapes.BindingInput, request)
        community = Community.objects.filter(slug=given.pop("community").strip()).first()
        if community is None:
            raise Invalid.field("community", _("没有这个小区"))
        throttle.check("bind-address", address_of(request), limit=300, seconds=3600)
        binding = bindings.request_binding(actor=person_of(request), community=community, **given)
        status = 201 if binding.status == Membership.Status.ACTIVE else 202
        return Response(shapes.BindingShape(binding).data, status=status)

    @extend_schema(
        parameters=[OpenApiParameter("status", enum=Membership.Status.values), _COMMUNITY, _CURSOR, _LIMIT],
        responses=shapes.BindingList,
    )
    def get(self, request: Request) -> Response:
        """For managers: bindings, the latest first."""
        rows = _managed(request)
        status = request.query_params.get("status")
        if status is not None:
            if status not in Membership.Status.values:
                raise Invalid.field("status", _("没有这个状态"))
            rows = rows.filter(status=status)
        found, cursor = page(request, rows)
        return Response({"results": shapes.ManagedBindingShape(found, many=True).data, "next": cursor})


class AcceptInvitation(APIView):
    @extend_schema(request=shapes.AcceptInput, responses={201: shapes.BindingShape})
    def post(self, request: Request) -> Response:
        """Take the role of an invitation."""
        given = _read(shapes.AcceptInput, request)
        membership = bindings.accept_invitation(
            actor=person_of(request), code=given["invite"], name=given["name"], phone=given["phone"]
        )
        return Response(shapes.BindingShape(membership).data, status=201)


class ApproveBinding(APIView):
    @extend_schema(request=None, responses=shapes.ManagedBindingShape)
    def post(self, request: Request, pk: UUID) -> Response:
        known = _known(request, pk, Membership.objects.all())
        binding = bindings.approve_binding(actor=person_of(request), membership=known)
        return Response(shapes.ManagedBindingShape(binding).data)


class RejectBinding(APIView):
    @extend_schema(request=shapes.ReasonInput, responses=shapes.ManagedBindingShape)
    def post(self, request: Request, pk: UUID) -> Response:
        known = _known(request, pk, Membership.objects.all())
        reason = _read(shapes.ReasonInput, request)["reason"]
        binding = bindings.reject_binding(actor=person_of(request), membership=known, reason=reason)
        return Response(shapes.ManagedBindingShape(binding).data)


class RevokeBinding(APIView):
    @extend_schema(request=shapes.OptionalReasonInput, responses=shapes.ManagedBindingShape)
    def post(self, request: Request, pk: UUID) -> Response:
        known = _known(request, pk, Membership.objects.all())
        reason = _read(shapes.OptionalReasonInput, request)["reason"]
        binding = bindings.revoke_membership(actor=person_of(request), membership=known, reason=reason)
        return Response(shapes.ManagedBindingShape(binding).data)


class People(APIView):
    @extend_schema(parameters=[_COMMUNITY, OpenApiParameter("role"), _CURSOR, _LIMIT], responses=shapes.PersonList)
    def get(self, request: Request) -> Response:
        """For managers: who is bound (or waits to be) in which role."""
        rows = _managed(request).live().with_duty(timezone.now())
        role = request.query_params.get("role")
        if role is not None:
            rows = rows.filter(role__slug=role)
        found, cursor = page(request, rows)
        return Response({"results": shapes.PersonShape(found, many=True).data, "next": cursor})


class Person(APIView):
    @extend_schema(request=shapes.PersonChanges, responses=shapes.PersonShape)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Give and take roles and permissions."""
        known = _known(request, pk, Membership.objects.live())
        given = _read(shapes.PersonChanges, request)
        membership = people.update_membership(
            actor=person_of(request),
            membership=known,
            roles=given.get("roles"),
            permissions=given.get("permissions"),
        )
        shown = Membership.objects.for_view().with_duty(timezone.now()).get(pk=membership.pk)
        return Response(shapes.PersonShape(shown).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """End this membership at once; open claims go back."""
        known = _known(request, pk, Membership.objects.live())
        bindings.revoke_membership(actor=person_of(request), membership=known)
        return Response(status=204)


class Invitations(APIView):
    @extend_schema(request=shapes.InvitationInput, responses={201: shapes.InvitationShape})
    def post(self, request: Request) -> Response:
        """A single-use code for one role."""
        given = _read(shapes.InvitationInput, request)
        community = require(
            standing_of(person_of(request)), "manage_people", Community.objects.filter(slug=given["community"]).first()
        )
        invitation = create_invitation(
            actor=person_of(request), community=community, role=given["role"], expires_hours=given["expires_hours"]
        )
        return Response(_invitation(invitation), status=201)


class OneInvitation(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        """An invitation that nobody has used serves nobody any more."""
        withdraw_invitation(actor=person_of(request), code=code)
        return Response(status=204)


def _invitation(invitation: Invitation) -> dict[str, Any]:
    return dict(
        shapes.InvitationShape(
            {
                "code": invitation.code,
                "url": invitation_url(invitation),
                "qr_url": invitation_qr_url(invitation),
                "expires_at": invitation.expires_at,
            }
        ).data
    )
