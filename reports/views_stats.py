"""The managers' figures as a page: a few large ones, then bars that can be read on a phone, then the table."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.models import Community
from accounts.pages import Place, manager_page
from community_report.core.when import date_words, minutes_words

from .models import Category
from .states import Status
from .statistics import courses, figures, headline, telling_score
from .statistics.days import days_of
from .statistics.parts import filed_in
from .statistics.staff import LEAST_RATINGS

RANGES = (7, 30, 90)
USUAL = 30
#: Days chosen by hand stay within what a calendar here can hold, and be compared with as many before.
EARLIEST, MOST_DAYS = date(2000, 1, 1), 3660
#: Longer ranges are drawn by week, so that a bar stays wide enough to see.
MOST_BARS = 31
#: A small line of a figure has at most so many points.
MOST_POINTS = 12


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

    @property
    def words(self) -> str:
        return f"{date_words(self.first)} – {date_words(self.last)}"

    def before(self) -> "Range":
        """The same number of days just before it."""
        return Range(self.first - timedelta(days=self.length), self.first - timedelta(days=1), 0)


@dataclass(frozen=True)
class Figure:
    """A large figure. `trend`: in words how it differs from the days before; `better` colours it (None: neither).

    `note` says more of it; `line`: its course as points of an SVG polyline in a field of 100 × 24, or empty.
    """

    label: str
    value: str
    trend: str = ""
    better: bool | None = None
    note: str = ""
    line: str = ""


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
    chosen = _range(request)
    now = figures(place.community, chosen.since, chosen.until)
    past, columns = chosen.before(), _columns(place.community, chosen)
    large = _large(now, headline(place.community, past.since, past.until))
    link = partial(_listed, place, chosen)
    context = {
        "here": "manage",
        "place": place,
        "range": chosen,
        "ranges": RANGES,
        "large": _with_lines(large, place.community, chosen),
        "compared": any(figure.trend for figure in large),
        "total": now["total"],
        "step": _step(chosen),
        "columns": columns,
        "tallest": max((column.count for column in columns), default=0),
        "by_status": _by_status(now["by_status"], place.community, chosen, partial(link, "status")),
        "by_category": _bars(now["by_category"], _category_names(place.community), partial(link, "category")),
        "by_building": _bars(now["by_building"], {}, partial(link, "building")),
        "staff": now["by_staff"],
        "least_ratings": LEAST_RATINGS,
        "few_ratings": any(row["ratings"] < LEAST_RATINGS for row in now["by_staff"]),
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
        _timed(_("接单用时"), now["claim_minutes"], past["claim_minutes"]),
        _timed(_("解决用时"), now["resolve_minutes"], past["resolve_minutes"]),
        _judged(_("满意度"), telling_score(now), past["mean_score"], _score_words, more_is_better=True),
        _judged(_("超期"), now["overdue_share"], past["overdue_share"], _share_words, more_is_better=False),
        _judged(_("业主说没解决"), now["reopened_share"], past["reopened_share"], _share_words, more_is_better=False),
    ]


def _with_lines(large: list[Figure], community: Community, chosen: Range) -> list[Figure]:
    """The same figures, each with its course over the range."""
    went = courses(community, chosen.since, chosen.until, min(chosen.length, MOST_POINTS))
    order = ("total", "claim_minutes", "resolve_minutes", "mean_score", "overdue_share", "reopened_share")
    return [replace(figure, line=_line(went[name])) for figure, name in zip(large, order, strict=True)]


def _line(values: list[float | None]) -> str:
    """Points from left to right, the greatest at the top; what has no data is passed over. Empty below two points."""
    known = [(i, value) for i, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return ""
    least, most = min(value for _i, value in known), max(value for _i, value in known)
    span = (most - least) or 1
    points = [(100 * i / (len(values) - 1), 22 - 20 * (value - least) / span) for i, value in known]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _timed(label: str, now: dict[str, float | None], past: dict[str, float | None]) -> Figure:
    figure = _judged(label, now["p50"], past["p50"], minutes_words, more_is_better=False)
    if now["p90"] is None:
        return figure
    return replace(figure, note=_("九成在 %(time)s内") % {"time": minutes_words(now["p90"])})


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


def _category_names(community: Community) -> dict[str, str]:
    return dict(Category.objects.filter(community=community).values_list("slug", "name"))


def _bars(counts: dict[str, int], names: dict[str, Any], link: Callable[[str], str]) -> list[Bar]:
    """Whatever is there, by its name, each with the way to the reports that it counts."""
    longest = max(counts.values(), default=0) or 1
    return [Bar(str(names.get(word, word)), n, round(100 * n / longest), link(word)) for word, n in counts.items() if n]


def _by_status(counts: dict[str, int], community: Community, chosen: Range, link: Callable[[str], str]) -> list[Bar]:
    """What is on the board waits for nobody: a bar of its own."""
    shown = filed_in([community.pk], chosen.since, chosen.until).on_show().count()
    apart = counts | {Status.SUBMITTED.value: counts[Status.SUBMITTED] - shown, "shown": shown}
    names = dict(Status.choices) | {"shown": _("展示中")}
    return _bars(apart, names, lambda word: "" if word == "shown" else link(word))


def _listed(place: Place, chosen: Range, name: str, word: str) -> str:
    """The managers' list of the reports that a bar counts; empty for who may not see it."""
    if not place.may("manage_reports"):
        return ""
    days = {"since": chosen.first.isoformat(), "until": chosen.last.isoformat()}
    return f"/h5/manage?{urlencode({'community': place.community.slug, name: word, **days})}#list"


def _step(chosen: Range) -> int:
    """Days to a column."""
    return 1 if chosen.length <= MOST_BARS else max(7, -(-chosen.length // MOST_BARS))


def _columns(community: Community, chosen: Range) -> list[Bar]:
    """Reports filed per day, or per some days of a long range, as columns in a field of 100 × 100 for each."""
    brought = days_of([community.pk], chosen.since, chosen.until)
    per_day = {day: sum(found.hours) for day, found in brought.items()}
    step, counts = _step(chosen), []
    for start in range(0, chosen.length, step):
        days = [chosen.first + timedelta(days=start + i) for i in range(min(step, chosen.length - start))]
        counts.append((days[0], sum(per_day.get(day, 0) for day in days)))
    tallest = max((n for _day, n in counts), default=0) or 1
    return [_column(i, day, n, tallest) for i, (day, n) in enumerate(counts)]


def _column(i: int, day: date, count: int, tallest: int) -> Bar:
    height = round(100 * count / tallest)
    return Bar(date_words(day), count, height, x=i * 10 + 1, y=100 - height)
