"""The managers' figures as a page: a few large ones, then bars that can be read on a phone, then the table."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.models import Community
from accounts.pages import Place, manager_page
from community_report.core.when import minutes_words

from .models import Category, Report
from .states import Status
from .statistics import figures

RANGES = (7, 30, 90)
USUAL = 30
#: Days chosen by hand stay within what a calendar here can hold, and be compared with as many before.
EARLIEST, MOST_DAYS = date(2000, 1, 1), 3660
#: Longer ranges are drawn by week, so that a bar stays wide enough to see.
MOST_BARS = 31


@dataclass(frozen=True)
class Range:
    """Whole days, both included. `days` is the chip that stands for it, 0 for days chosen by hand."""

    first: date
    last: date
    days: int

    @property
    def since(self) -> datetime:
        return _midnight(self.first)

    @property
    def until(self) -> datetime:
        return _midnight(self.last + timedelta(days=1))

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    def before(self) -> "Range":
        """The same number of days just before it."""
        return Range(self.first - timedelta(days=self.length), self.first - timedelta(days=1), 0)


@dataclass(frozen=True)
class Figure:
    """A large figure. `trend`: in words how it differs from the days before; `better` colours it (None: neither)."""

    label: str
    value: str
    trend: str = ""
    better: bool | None = None


@dataclass(frozen=True)
class Bar:
    """`percent` of the longest one; `href`: the reports that it counts."""

    label: str
    count: int
    percent: int
    href: str = ""
    x: int = 0  # of a column chart, in its own units
    y: int = 0


@manager_page("view_statistics")
@require_safe
def stats(request: HttpRequest, place: Place) -> HttpResponse:
    """`/h5/manage/stats` (`?days=7|30|90` or `?since=&until=`, days of the community)."""
    with timezone.override(place.community.timezone):
        chosen = _range(request)
        now = figures(place.community, chosen.since, chosen.until)
        past = chosen.before()
        context = {
            "here": "manage",
            "place": place,
            "range": chosen,
            "ranges": RANGES,
            "large": _large(now, figures(place.community, past.since, past.until)),
            "total": now["total"],
            "step": _step(chosen),
            "columns": _columns(place.community, chosen),
            "by_status": _bars({Status(word).label: n for word, n in now["by_status"].items() if n}),
            "by_category": _bars(_category_names(place.community, now["by_category"])),
            "by_building": _bars(now["by_building"]),
            "staff": now["by_staff"],
        }
        return render(request, "reports/stats.html", context)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, timezone.get_current_timezone())


def _range(request: HttpRequest) -> Range:
    today = timezone.localdate()
    first, last = _day(request.GET.get("since", "")), _day(request.GET.get("until", ""))
    last = min(last or today, today)
    if first and EARLIEST <= first <= last and (last - first).days < MOST_DAYS:
        return Range(first, last, 0)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(days) for days in RANGES} else USUAL
    return Range(today - timedelta(days=days - 1), today, days)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _large(now: dict[str, Any], past: dict[str, Any]) -> list[Figure]:
    """The figures that a manager looks at first, each against the same number of days before."""
    return [
        Figure(_("报单"), str(now["total"]), _difference(now["total"], past["total"], _count_words)),
        _timed(_("接单用时"), now["claim_minutes"]["p50"], past["claim_minutes"]["p50"]),
        _timed(_("解决用时"), now["resolve_minutes"]["p50"], past["resolve_minutes"]["p50"]),
        _judged(_("满意度"), now["mean_score"], past["mean_score"], _score_words, more_is_better=True),
        _judged(_("超期"), now["overdue_share"], past["overdue_share"], _share_words, more_is_better=False),
        _judged(_("业主说没解决"), now["reopened_share"], past["reopened_share"], _share_words, more_is_better=False),
    ]


def _timed(label: str, now: float | None, past: float | None) -> Figure:
    return _judged(label, now, past, minutes_words, more_is_better=False)


def _judged(label: str, now: float | None, past: float | None, words: Any, *, more_is_better: bool) -> Figure:
    if now is None:
        return Figure(label, _("暂无"))
    trend = _difference(now, past, words)
    better = None if past is None or not trend or now == past else (now > past) == more_is_better
    return Figure(label, words(now), trend, better)


def _difference(now: float, past: float | None, words: Any) -> str:
    """ "比上期多 3 条"; empty where there is nothing to compare with, or no difference that shows."""
    if not past or words(now) == words(past):
        return ""
    amount = {"amount": words(abs(now - past))}
    return _("比上期多 %(amount)s") % amount if now > past else _("比上期少 %(amount)s") % amount


def _count_words(count: float) -> str:
    return ngettext("%(n)d 条", "%(n)d 条", int(count)) % {"n": int(count)}


def _share_words(share: float) -> str:
    return f"{share * 100:.0f}%"


def _score_words(score: float) -> str:
    return _("%(score).1f 分") % {"score": score}


def _category_names(community: Community, counts: dict[str, int]) -> dict[str, int]:
    names = dict(Category.objects.filter(community=community).values_list("slug", "name"))
    return {names.get(slug, slug): n for slug, n in counts.items()}


def _bars(counts: dict[Any, int]) -> list[Bar]:
    longest = max(counts.values(), default=0) or 1
    return [Bar(str(label), n, round(100 * n / longest)) for label, n in counts.items()]


def _step(chosen: Range) -> int:
    """Days to a column."""
    return 1 if chosen.length <= MOST_BARS else max(7, -(-chosen.length // MOST_BARS))


def _columns(community: Community, chosen: Range) -> list[Bar]:
    """Reports filed per day, or per some days of a long range, as columns in a field of 100 × 100 for each."""
    filed = Report.objects.filter(community=community, created_at__gte=chosen.since, created_at__lt=chosen.until)
    rows = filed.order_by().annotate(day=TruncDate("created_at")).values("day").annotate(n=Count("pk"))
    per_day = {row["day"]: row["n"] for row in rows}
    step, counts = _step(chosen), []
    for start in range(0, chosen.length, step):
        days = [chosen.first + timedelta(days=start + i) for i in range(min(step, chosen.length - start))]
        counts.append((days[0], sum(per_day.get(day, 0) for day in days)))
    tallest = max((n for _day, n in counts), default=0) or 1
    return [_column(i, day, n, tallest) for i, (day, n) in enumerate(counts)]


def _column(i: int, day: date, count: int, tallest: int) -> Bar:
    height = round(100 * count / tallest)
    return Bar(f"{day.month}/{day.day}", count, height, x=i * 10 + 1, y=100 - height)
