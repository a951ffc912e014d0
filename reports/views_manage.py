"""The managers' list of every report, with filters that live in the address."""

from dataclasses import dataclass

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Building, Community
from accounts.pages import Place, manager_page
from accounts.policies import person_of
from community_report.core.errors import Invalid
from community_report.core.pages import page_of

from .api.listing import ReportQuery, listed_reports
from .api.shapes import card_shape
from .attention import ATTENTION, NEEDS
from .models import Category, Report
from .policies import Viewer
from .querysets import ReportQuerySet
from .states import OPEN, Status

#: What the address may carry beside `community` and `cursor`.
FILTERS = ("need", "status", "category", "building", "q", "since", "until")
#: What has waited longest stands first where it is late: the deadline that passed.
LATE_BY = {"unclaimed": "claim_due_at", "overdue": "due_at"}

#: The other pages of managers, and what each wants.
SHORTCUTS = {"people": "manage_people", "stats": "view_statistics", "publish": "publish_notices"}


@dataclass(frozen=True)
class Chip:
    """One choice of a filter: `href` is the page with it chosen, or, where it is `current`, without it."""

    label: str
    href: str
    current: bool
    count: int | None = None


@manager_page("manage_reports")
@require_safe
def manage(request: HttpRequest, place: Place) -> HttpResponse:
    """`/h5/manage` (`?need=unclaimed|overdue|reopened&status=&category=&building=&q=&since=&until=`)."""
    viewer = Viewer.of(person_of(request))
    chosen = {name: value for name in FILTERS if (value := request.GET.get(name, "").strip())}
    reports = _filtered(place, viewer, chosen).for_view(viewer.user)
    late_by = LATE_BY.get(chosen.get("need", ""))
    rows, next_ = page_of(request, reports, by=late_by or "created_at", ascending=late_by is not None)
    context = {
        "here": "manage",
        "place": place,
        "reports": [card_shape(row, viewer) for row in rows],
        "next": next_,
        "chosen": chosen,
        "statuses": _statuses(request.GET, place.community),
        "categories": _categories(request.GET, place.community),
        "narrowed": _narrowed(request.GET, chosen),
        "buildings": Building.objects.filter(community=place.community),
        "paged": "cursor" in request.GET,
        **{f"may_{word}": place.may(permission) for word, permission in SHORTCUTS.items()},
    }
    return render(request, "reports/manage.html", context)


def _filtered(place: Place, viewer: Viewer, chosen: dict[str, str]) -> ReportQuerySet:
    """What is asked for; a filter that makes no sense finds nothing rather than everything."""
    query = ReportQuery(data={name: value for name, value in chosen.items() if name != "need"})
    need = ATTENTION.get(chosen.get("need", ""))
    if not query.is_valid() or (need is None and "need" in chosen):
        return Report.objects.none()
    asked = {name: value for name, value in query.validated_data.items() if value not in (None, "", [])}
    try:
        found = listed_reports(viewer.standing, {**asked, "scope": "all", "community": place.community.slug})
    except Invalid:
        return Report.objects.none()
    if Status.SUBMITTED in asked.get("status", ()):
        found = found.not_on_show()
    return need(found, timezone.now()) if need else found


def _address(params: QueryDict, **changes: str) -> str:
    """The page with some filters changed; an empty value takes one away, and the list starts at its top again."""
    changed = params.copy()
    changed.pop("cursor", None)
    for name, value in changes.items():
        changed[name] = value
        if not value:
            del changed[name]
    return f"?{changed.urlencode()}"


def _statuses(params: QueryDict, community: Community) -> list[Chip]:
    waiting = Report.objects.filter(community=community, status__in=OPEN).not_on_show()
    rows = waiting.order_by().values("status")
    counts = {row["status"]: row["n"] for row in rows.annotate(n=Count("pk"))}
    now = params.get("status", "")
    every = Chip(_("全部"), _address(params, status="", need=""), not now and not params.get("need"))
    found = [(str(s.label), s.value, _address(params, status=s.value, need="")) for s in Status]
    return [every, *(Chip(label, href, now == word, counts.get(word)) for label, word, href in found)]


def _categories(params: QueryDict, community: Community) -> list[Chip]:
    now = params.get("category", "")
    return [
        Chip(c.name, _address(params, category="" if now == c.slug else c.slug), now == c.slug)
        for c in Category.objects.filter(community=community, active=True)
    ]


def _narrowed(params: QueryDict, chosen: dict[str, str]) -> list[Chip]:
    """What else narrows the list, each with the address without it."""
    labels = {
        "need": str(NEEDS.get(chosen.get("need", ""), "")),
        "building": chosen.get("building", ""),
        "q": _("“%(words)s”") % {"words": chosen.get("q", "")},
        "since": _("%(day)s 起") % {"day": chosen.get("since", "")},
        "until": _("%(day)s 止") % {"day": chosen.get("until", "")},
    }
    return [Chip(label, _address(params, **{name: ""}), True) for name, label in labels.items() if name in chosen]
