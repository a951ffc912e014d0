"""`GET reports`: which of a person's lists, narrowed by an allow-list of filters."""

from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from accounts.models import Building
from accounts.policies import Standing
from community_report.core.errors import Forbidden, Invalid
from reports.models import Category, Report, Tag
from reports.querysets import SCOPES, ReportQuerySet
from reports.states import Status

from .fields import MomentField, TextField, WordsField
from .places import member_community, not_bound

#: Every list takes these; jQuery adds `_` where it must not be answered from a cache.
PAGING = frozenset({"cursor", "limit", "_"})


class Query(serializers.Serializer):
    """Parameters of an address. An empty one counts as left out; one that is not known is refused."""

    @classmethod
    def of(cls, request: Request, *, paging: bool = False) -> dict[str, Any]:
        """The validated parameters that were given; Invalid names the field."""
        given = {name: ",".join(filter(None, values)) for name, values in request.query_params.lists()}
        query = cls(data={name: value for name, value in given.items() if value})
        unknown = sorted(set(given) - set(query.fields) - (PAGING if paging else {"_"}))
        if unknown:
            raise Invalid(_("没有这个参数"), fields={name[:40]: [_("没有这个参数")] for name in unknown[:5]})
        query.is_valid(raise_exception=True)
        return {name: value for name, value in query.validated_data.items() if value not in (None, "", [])}


class ReportQuery(Query):
    scope = serializers.ChoiceField(choices=SCOPES, required=False)
    community = TextField(max_length=40)
    status = WordsField(among=list(Status.values), required=False)
    category = WordsField(required=False, help_text="slugs")
    tag = WordsField(required=False, help_text="slugs")
    building = TextField(max_length=40, help_text="a building's name")
    overdue = serializers.BooleanField(required=False, allow_null=True, default=None)
    q = TextField(max_length=100, help_text="words in number, title, description or address")
    since = MomentField(required=False, help_text="filed at or after")
    until = MomentField(required=False, end_of_day=True, help_text="filed before; a day counts whole")


def listed_reports(standing: Standing, query: dict[str, Any]) -> ReportQuerySet:
    """The reports of a validated `ReportQuery`, for this person.

    Raises NotBound for who belongs to no community (or not to the one named), Forbidden for a list that is not theirs,
    Invalid for a category, tag or building that the communities concerned do not have.
    """
    scope = query.get("scope", "mine")
    places = _places(standing, scope, query.get("community"))
    reports = Report.objects.for_scope(standing, scope)
    if places is not None:
        reports = reports.filter(community__in=places)
    reports = _narrowed(reports, query, places)
    return _searched(reports, query, scope)


def _places(standing: Standing, scope: str, slug: str | None) -> frozenset[int] | None:
    """Keys of the communities that the list covers; None: wherever the scope leads (a superuser's whole)."""
    if standing.user.is_superuser:
        return frozenset({member_community(standing, slug).pk}) if slug else None
    if not standing.member_of:
        raise not_bound()
    places = _where(standing, scope)
    if slug:
        places &= {member_community(standing, slug).pk}
    if not places:
        raise Forbidden(_("您没有权限这样做"))
    return places


def _where(standing: Standing, scope: str) -> frozenset[int]:
    if scope == "all":
        return standing.communities_with("manage_reports")
    if scope in ("mine", "board"):
        return standing.member_of
    return standing.staff_of


def _narrowed(reports: ReportQuerySet, query: dict[str, Any], places: frozenset[int] | None) -> ReportQuerySet:
    if "status" in query:
        reports = reports.filter(status__in=query["status"])
    if "category" in query:
        reports = reports.filter(category__in=_keys(Category, "category", "slug", query["category"], places))
    if "tag" in query:
        tagged = Report.tags.through.objects.filter(tag__in=_keys(Tag, "tag", "slug", query["tag"], places))
        reports = reports.filter(pk__in=tagged.values("report"))
    if "building" in query:
        reports = reports.filter(building__in=_keys(Building, "building", "name", [query["building"]], places))
    return reports


def _keys(model: type[Model], field: str, by: str, words: list[str], places: frozenset[int] | None) -> list[int]:
    """Keys of what the words name in these communities; each has to name something."""
    rows = model._default_manager.filter(**{f"{by}__in": words})
    if places is not None:
        rows = rows.filter(community__in=places)
    found = list(rows.values_list("pk", by))
    unknown = set(words) - {name for _pk, name in found}
    if unknown:
        raise Invalid.field(field, _("没有这个选项：%(word)s") % {"word": "、".join(sorted(unknown))})
    return [pk for pk, _name in found]


def _searched(reports: ReportQuerySet, query: dict[str, Any], scope: str) -> ReportQuerySet:
    if "overdue" in query:
        late = Report.objects.overdue(timezone.now()).values("pk")
        reports = reports.filter(pk__in=late) if query["overdue"] else reports.exclude(pk__in=late)
    if "since" in query:
        reports = reports.filter(created_at__gte=query["since"])
    if "until" in query:
        reports = reports.filter(created_at__lt=query["until"])
    # On the board others' addresses can be hidden, so they are not searched either.
    return reports.search(query.get("q", ""), address=scope != "board")
