"""`GET deliveries`, `GET reports/<id>/deliveries`: the ledger, for managers."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.policies import Standing, person_of, standing_of
from community_report.core.api import page
from community_report.core.errors import Forbidden, Invalid, NotBound, NotFound
from dispatch.kinds import Kind
from dispatch.models import Delivery
from reports.models import Report

PERMISSION = "manage_reports"


class PersonOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    display_name = serializers.CharField(allow_blank=True)


class DeliveryOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    report = serializers.UUIDField(allow_null=True)
    notice = serializers.UUIDField(allow_null=True)
    user = PersonOutput()
    kind = serializers.ChoiceField(choices=Kind.choices)
    channel = serializers.CharField(allow_null=True, help_text="the one in use, or that took it")
    status = serializers.ChoiceField(choices=Delivery.Status.choices)
    code = serializers.CharField(allow_null=True, help_text="WeChat's return code, or why it was not pushed")
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)


class LedgerOutput(serializers.Serializer[Any]):
    results = DeliveryOutput(many=True)
    next = serializers.CharField(allow_null=True)


_STATUS = OpenApiParameter("status", str, enum=list(Delivery.Status.values))


class DeliveriesView(APIView):
    @extend_schema(parameters=[_STATUS], responses=LedgerOutput)
    def get(self, request: Request) -> Response:
        return _ledger(request, _managed_by(standing_of(person_of(request))))


class ReportDeliveriesView(APIView):
    @extend_schema(parameters=[_STATUS], responses=LedgerOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        standing = standing_of(person_of(request))
        report = Report.objects.visible_to(standing).filter(pk=pk).first()
        if report is None:
            raise NotFound(_("没有找到这条报单，或您无权查看"))
        if not standing.may(PERMISSION, report.community_id):
            raise Forbidden(_("您没有权限这样做"))
        return _ledger(request, Delivery.objects.filter(report=report))


def _managed_by(standing: Standing) -> Any:
    """The ledger of the communities whose reports this person manages."""
    if standing.user.is_superuser:
        return Delivery.objects.all()
    if not standing.member_of:
        raise NotBound(_("您还没有绑定小区"))
    managed = standing.communities_with(PERMISSION)
    if not managed:
        raise Forbidden(_("您没有权限这样做"))
    return Delivery.objects.filter(community__in=managed)


def _ledger(request: Request, deliveries: Any) -> Response:
    status = request.query_params.get("status")
    if status is not None and status not in Delivery.Status.values:
        raise Invalid.field("status", _("没有这种状态"))
    if status is not None:
        deliveries = deliveries.filter(status=status)
    rows, cursor = page(request, deliveries.select_related("user"))
    return Response({"results": [delivery_shape(row) for row in rows], "next": cursor})


def delivery_shape(row: Delivery) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "report": str(row.report_id) if row.report_id else None,
        "notice": str(row.notice_id) if row.notice_id else None,
        "user": {"id": str(row.user_id), "display_name": row.user.display_name},
        "kind": row.kind,
        "channel": row.channel or None,
        "status": row.status,
        "code": row.code or None,
        "attempts": row.attempts,
        "created_at": row.created_at,
        "sent_at": row.sent_at,
        "delivered_at": row.delivered_at,
    }
