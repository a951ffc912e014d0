"""`reports`, `reports/<id>` and `reports/similar`."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.policies import person_of, standing_of
from community_report.core import throttle
from community_report.core.api import limit_of, page
from community_report.core.errors import NotFound
from reports.models import Report
from reports.policies import Viewer
from reports.services.submit import Caller, Location, SubmitData, submit_report
from reports.similar import similar_reports

from .fields import DegreesField, IdField, TextField
from .listing import Query, ReportQuery, listed_reports
from .media import MediaField
from .places import member_communities
from .schema import SEEN, ReportOutput, ReportPage, SimilarPage, answers
from .shapes import report_shape, similar_shape

#: How many reports one person files in ten minutes at most.
FILED_AT_MOST, FILED_SECONDS = 20, 600


class LocationInput(serializers.Serializer):
    latitude = DegreesField(most=90)
    longitude = DegreesField(most=180)
    name = TextField(max_length=200)

    def to_internal_value(self, data: Any) -> Any:
        return Location(**super().to_internal_value(data))


class HomeInput(serializers.Serializer):
    building = TextField(max_length=40)
    unit = TextField(max_length=40)
    room = TextField(max_length=40)


_NO_NAME = dict.fromkeys(("required", "blank", "null"), gettext_lazy("请填写来电人的姓名"))
_NO_PHONE = dict.fromkeys(("required", "blank", "null"), gettext_lazy("请填写来电人的手机"))


class CallerInput(serializers.Serializer):
    name = TextField(required=True, max_length=40, error_messages=_NO_NAME)
    phone = TextField(required=True, max_length=20, error_messages=_NO_PHONE)
    home = HomeInput(required=False, allow_null=True, default=None)

    def to_internal_value(self, data: Any) -> Any:
        return Caller(**super().to_internal_value(data))


class ReportInput(serializers.Serializer):
    """The paper's 报单. Something has to be said: a title, a description, a picture or a voice message."""

    hashed_id = IdField(help_text="made by the client; the same again files nothing twice")
    community = TextField(required=True, max_length=40, help_text="a slug")
    category = TextField(required=True, max_length=40, help_text="a slug")
    title = TextField(max_length=80, help_text="left out: the first words of the description")
    description = TextField(max_length=5000)
    address = TextField(max_length=200)
    location = LocationInput(required=False, allow_null=True, default=None)
    media = MediaField()
    keywords = serializers.ListField(
        child=TextField(required=True, max_length=40), required=False, allow_null=True, default=None, max_length=50
    )
    draft = IdField(required=False, allow_null=True, default=None)
    on_behalf_of = CallerInput(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not any(attrs[name] for name in ("title", "description", "media", "draft")):
            raise serializers.ValidationError({"title": [_("请写几个字，或附上图片、语音")]})
        return attrs


class ReportsView(APIView):
    @extend_schema(operation_id="reports_list", parameters=[ReportQuery], responses=answers(ReportPage, 400, 403))
    def get(self, request: Request) -> Response:
        """One of a person's lists, newest first."""
        query = ReportQuery.of(request, paging=True)
        viewer = Viewer.of(person_of(request))
        rows, after = page(request, listed_reports(viewer.standing, query).for_view(person_of(request)))
        return Response({"results": [report_shape(row, viewer, events=False) for row in rows], "next": after})

    @extend_schema(
        operation_id="report_file",
        request=ReportInput,
        responses={200: ReportOutput, **answers(ReportOutput, 400, 403, 404, 409, status=201)},
    )
    def post(self, request: Request) -> Response:
        """File a report: 201, or 200 with the same report where this person has sent this `hashed_id` before."""
        given = ReportInput(data=request.data)
        given.is_valid(raise_exception=True)
        data = SubmitData(**given.validated_data)
        if not Report.objects.filter(hashed_id=data.hashed_id).exists():
            throttle.check("file", str(person_of(request).pk), limit=FILED_AT_MOST, seconds=FILED_SECONDS)
        report, created = submit_report(actor=person_of(request), data=data)
        shape = report_shape(report, Viewer.of(person_of(request)), events=True)
        return Response(shape, status=201 if created else 200)


class ReportView(APIView):
    @extend_schema(operation_id="report_read", responses=answers(SEEN, 404))
    def get(self, request: Request, pk: UUID) -> Response:
        """One report with its timeline; 404 for who may not know of it."""
        viewer = Viewer.of(person_of(request))
        visible = Report.objects.visible_to(viewer.standing).filter(pk=pk)
        report = visible.for_view(person_of(request)).with_events().first()
        if report is None:
            raise NotFound(_("没有找到这条报单，或您无权查看"))
        return Response(report_shape(report, viewer, events=True))


class SimilarQuery(Query):
    community = TextField(max_length=40, help_text="left out: all that one belongs to")
    category = TextField(max_length=40, help_text="a slug")
    building = TextField(max_length=40, help_text="a building's name")
    q = TextField(max_length=200, help_text="what one is about to report")


class SimilarView(APIView):
    @extend_schema(operation_id="reports_similar", parameters=[SimilarQuery], responses=answers(SimilarPage, 400, 403))
    def get(self, request: Request) -> Response:
        """Open reports of the community that may be the same, at most ten, newest first."""
        query = SimilarQuery.of(request, paging=True)
        limit = min(limit_of(request), 10)
        communities = member_communities(standing_of(person_of(request)), query.pop("community", None))
        found = similar_reports(communities, **query)[:limit] if query else []
        return Response({"results": [similar_shape(report) for report in found], "next": None})
