"""`categories` and `stats`."""

from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.policies import person_of, standing_of
from community_report.core.errors import Invalid
from reports.models import Category
from reports.statistics import figures

from .fields import MomentField, TextField
from .listing import Query
from .places import member_community
from .schema import CategoryOutput, FiguresOutput, answers
from .shapes import category_shape


class CategoriesQuery(Query):
    community = TextField(max_length=40, help_text="a slug; may be left out by who belongs to one only")


class CategoriesView(APIView):
    @extend_schema(
        operation_id="categories_list",
        parameters=[CategoriesQuery],
        responses=answers(CategoryOutput(many=True), 400, 403),
    )
    def get(self, request: Request) -> Response:
        """What can be reported in a community, in the community's order: a plain array."""
        query = CategoriesQuery.of(request)
        community = member_community(standing_of(person_of(request)), query.get("community"))
        categories = Category.objects.filter(community=community, active=True).prefetch_related("tags")
        return Response([category_shape(category) for category in categories])


class StatsQuery(CategoriesQuery):
    since = MomentField(required=False, help_text="filed at or after")
    until = MomentField(required=False, end_of_day=True, help_text="filed before; a day counts whole")


class StatsView(APIView):
    @extend_schema(operation_id="stats", parameters=[StatsQuery], responses=answers(FiguresOutput, 400, 403))
    def get(self, request: Request) -> Response:
        """The figures of docs/statistics.md for the reports filed in a period."""
        community = member_community(
            standing_of(person_of(request)), StatsQuery.of(request).get("community"), permission="view_statistics"
        )
        with timezone.override(ZoneInfo(community.timezone)):  # a day is the community's
            query = StatsQuery.of(request)
        since, until = query.get("since"), query.get("until")
        if since and until and since >= until:
            raise Invalid.field("until", _("结束时间应晚于开始时间"))
        return Response(figures(community, since, until))
