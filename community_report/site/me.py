"""`GET me` and what people set for themselves: it spans accounts and notices."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import logout
from django.http import JsonResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.shapes import HomeShape
from accounts.models import Membership, Role, User
from accounts.policies import person_of, standing_of
from accounts.services.people import update_profile
from community_report.core import throttle
from community_report.site.erasure import erase_person
from community_report.site.export import export_person
from dispatch.kinds import Kind
from notices.models import Notice

#: "22:00"
_CLOCK_TIME = r"^([01]\d|2[0-3]):[0-5]\d$"


class CommunityShape(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()


class RoleShape(CommunityShape):
    kind = serializers.ChoiceField(Role.Kind.choices)


class MembershipShape(serializers.Serializer[Any]):
    community = CommunityShape()
    role = RoleShape()
    status = serializers.ChoiceField(["active", "pending", "rejected"])
    home = HomeShape(allow_null=True)


class MeShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    display_name = serializers.CharField()
    language = serializers.ChoiceField(User.Language.choices)
    memberships = MembershipShape(many=True)
    on_duty = serializers.BooleanField()
    unread_notices = serializers.IntegerField()


class PreferencesShape(MeShape):
    quiet_hours = serializers.ListField(child=serializers.CharField(), allow_null=True)
    muted_kinds = serializers.ListField(child=serializers.ChoiceField(Kind.choices))


class ProfileInput(serializers.Serializer[Any]):
    display_name = serializers.CharField(max_length=80, required=False)
    language = serializers.CharField(max_length=20, required=False)
    on_duty = serializers.BooleanField(required=False)
    quiet_hours = serializers.ListField(
        child=serializers.RegexField(_CLOCK_TIME), min_length=2, max_length=2, allow_null=True, required=False
    )
    muted_kinds = serializers.ListField(
        child=serializers.ChoiceField(Kind.choices), max_length=len(Kind), required=False
    )


def me(user: User) -> dict[str, Any]:
    """The contract's `GET me`."""
    memberships = list(Membership.objects.filter(user=user).for_view().order_by("created_at", "pk"))
    return {
        "id": str(user.pk),
        "display_name": user.display_name,
        "language": user.language,
        "memberships": [_membership(membership) for membership in _shown(memberships)],
        "on_duty": is_on_duty(memberships),
        "unread_notices": Notice.objects.unread_count(standing_of(user)),
    }


def is_on_duty(memberships: Iterable[Membership]) -> bool:
    """Is this person on duty in any staff or manager role? Residents never are."""
    return any(m.on_duty and m.status == "active" and m.role.kind != Role.Kind.RESIDENT for m in memberships)


def _shown(memberships: list[Membership]) -> list[Membership]:
    """What stands or waits, and the last word on each home where that was a no."""
    latest = {(m.role_id, str(home_of(m))): m for m in memberships}
    return [
        m for m in memberships if m.status in ("active", "pending") or (m.status == "rejected" and m in latest.values())
    ]


def home_of(membership: Membership) -> dict[str, str] | None:
    """The home of a binding; as stated while it is not active, which tells nobody what the roster has."""
    if membership.status == Membership.Status.ACTIVE and membership.home:
        return membership.home.as_dict()
    return membership.stated_home


def _membership(membership: Membership) -> dict[str, Any]:
    role = membership.role
    return {
        "community": {"slug": membership.community.slug, "name": membership.community.name},
        "role": {"slug": role.slug, "name": role.name, "kind": role.kind},
        "status": membership.status,
        "home": home_of(membership),
    }


class Me(APIView):
    @extend_schema(responses=MeShape)
    def get(self, request: Request) -> Response:
        return Response(me(person_of(request)))

    @extend_schema(request=ProfileInput, responses=PreferencesShape)
    def patch(self, request: Request) -> Response:
        """Change preferences; the answer shows them as well."""
        given = ProfileInput(data=request.data)
        given.is_valid(raise_exception=True)
        person = update_profile(actor=person_of(request), changes=dict(given.validated_data))
        return Response({**me(person), "quiet_hours": person.quiet_hours, "muted_kinds": person.muted_kinds})

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Erase this person's identity; what they reported stays without it."""
        erase_person(person_of(request))
        logout(request)
        return Response(status=204)


class MyExport(APIView):
    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> JsonResponse:
        """Everything held on this person."""
        person = person_of(request)
        throttle.check("export", str(person.pk), limit=30, seconds=3600)
        answer = JsonResponse(export_person(person), json_dumps_params={"ensure_ascii": False, "indent": 2})
        answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
        return answer
