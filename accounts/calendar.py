"""The working calendar: deadlines that count only a community's working hours on working days.

Working days are China's, its public holidays and make-up days included, but for what the back office's table says.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chinese_calendar import is_workday
from django.db.models import F, Q
from django.utils.translation import gettext as _

from accounts.models import Community, SpecialDay

from .hours import parse_span

#: No deadline is further away than this.
HORIZON_DAYS = 3660
_REMEMBERED = "_special_days"


def is_working_day(day: date) -> bool:
    """By the State Council's holidays and make-up days; Monday to Friday in years that are not announced yet."""
    worked = _published(day)
    return day.weekday() < 5 if worked is None else worked


def year_without_holidays(today: date, communities: Collection[int] | None) -> int | None:
    """This year or, from December on, the next, where its holidays are known neither to the package nor to the back
    office's table; None where all is well. `communities`: those whose days count beside everybody's (None: all).
    """
    for year in sorted({today.year, (today + timedelta(days=31)).year}):
        own = SpecialDay.objects.filter(day__year=year)
        if communities is not None:
            own = own.filter(Q(community=None) | Q(community__in=communities))
        if not _is_announced(year) and not own.exists():
            return year
    return None


def holidays_words(year: int) -> str:
    """What somebody who can mend it is told."""
    return _("%(year)d 年的节假日还不知道，按周一到周五工作计算：请更新系统，或在“特殊日子”里填写") % {"year": year}


def _is_announced(year: int) -> bool:
    return _published(date(year, 1, 1)) is not None


def _published(day: date) -> bool | None:
    """Is it worked, by the package; None in a year that it does not know."""
    try:
        return bool(is_workday(day))
    except NotImplementedError:  # the package's own word for it
        return None


def special_days(community: Community, since: date) -> dict[date, bool]:
    """The back office's own table from `since` on: day → is it worked. A community's word goes before that for all.

    One query; none for a community that is not stored, or whose table was read before (`remember_special_days`).
    """
    if community._state.adding:
        return {}
    remembered: dict[date, bool] | None = vars(community).get(_REMEMBERED)
    if remembered is not None:
        return remembered
    days = SpecialDay.objects.filter(Q(community=None) | Q(community=community), day__gte=since)
    return dict(days.order_by(F("community").asc(nulls_first=True)).values_list("day", "working"))


def remember_special_days(community: Community) -> None:
    """Read the table once for the very many deadlines that this object is about to be asked for."""
    vars(community)[_REMEMBERED] = special_days(community, date.min)


def add_minutes(community: Community, start: datetime, minutes: int, clock: str) -> datetime:
    """When `minutes` have passed since `start` by the `clock`: "always", or "working_hours" of the community.

    A community without working hours works always. The result is in UTC. Reads the table of special days once.
    """
    start = start.astimezone(UTC)
    if clock != "working_hours" or not community.working_hours:
        return start + timedelta(minutes=minutes)
    left = timedelta(minutes=minutes)
    now = start
    if not left:
        return start
    for opens, closes in _spans(community, start):
        begins = max(now, opens)
        if begins >= closes:
            continue
        if left <= closes - begins:
            return begins + left
        left -= closes - begins
        now = closes
    return start + timedelta(minutes=minutes)  # beyond the calendar: a slip in the settings loses no report


def _spans(community: Community, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The spans of the working days from the day before `start` (one may run past midnight), in order, in UTC."""
    zone = ZoneInfo(community.timezone)
    hours = sorted(parse_span(text) for text in community.working_hours)
    for day in _working_days(community, start.astimezone(zone).date() - timedelta(days=1)):
        for opens, closes in hours:
            yield _at(day, opens, zone), _at(day, closes, zone)


def _working_days(community: Community, day: date) -> Iterator[date]:
    """From `day` on, that day included where it is one."""
    special: Mapping[date, bool] = special_days(community, day)
    for _day in range(HORIZON_DAYS):
        if special[day] if day in special else is_working_day(day):
            yield day
        day += timedelta(days=1)


def next_working_days(community: Community, moment: datetime) -> Iterator[datetime]:
    """The same time of day on the working days after `moment`'s own, on the community's clock; in UTC."""
    here = moment.astimezone(ZoneInfo(community.timezone))
    for day in _working_days(community, here.date() + timedelta(days=1)):
        yield datetime.combine(day, here.time(), tzinfo=here.tzinfo).astimezone(UTC)


def _at(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    days, minute = divmod(minutes, 24 * 60)
    moment = time(minute // 60, minute % 60)
    return datetime.combine(day + timedelta(days=days), moment, tzinfo=zone).astimezone(UTC)
