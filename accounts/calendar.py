"""The working calendar of a community: when its minutes count."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar

from .models import Community

#: No deadline is further away than this many working days: beyond it the calendar is empty by mistake.
_HORIZON_DAYS = 3660


def is_working_day(day: date) -> bool:
    """China's holidays and make-up days; years that the package does not know go by the weekday."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def add_minutes(community: Community, start: datetime, minutes: int, clock: str) -> datetime:
    """The moment `minutes` after `start`: `clock` "always" counts all of them, "working_hours" the community's only."""
    if clock != "working_hours" or not community.working_hours:
        return start + timedelta(minutes=minutes)
    left = timedelta(minutes=minutes)
    at = start.astimezone(ZoneInfo(community.timezone))
    for offset in range(_HORIZON_DAYS):
        day = at.date() + timedelta(days=offset)
        if not is_working_day(day):
            continue
        for opens, closes in _spans(community, day):
            opens = max(opens, at)
            if closes - opens >= left and closes > opens:
                return (opens + left).astimezone(start.tzinfo)
            left -= max(closes - opens, timedelta())
    return start + timedelta(minutes=minutes)


def _spans(community: Community, day: date) -> list[tuple[datetime, datetime]]:
    zone = ZoneInfo(community.timezone)
    spans = []
    for span in community.working_hours:
        opens, closes = (time.fromisoformat(part.strip()) for part in span.split("-"))
        spans.append((datetime.combine(day, opens, zone), datetime.combine(day, closes, zone)))
    return sorted(spans)
