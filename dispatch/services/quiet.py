"""Quiet hours: a person's own hours, on the clock of the community that the message is about."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.models import Community


def quiet_until(hours: object, community: Community | None, now: datetime) -> datetime | None:
    """When the quiet span that `now` falls into ends; None outside of it. `hours`: ["22:00", "07:00"] or None."""
    span = _span(hours)
    if span is None:
        return None
    start, end = span
    here = now.astimezone(ZoneInfo(community.timezone if community else settings.TIME_ZONE))
    clock = here.time()
    quiet = start <= clock < end if start < end else clock >= start or clock < end
    if not quiet:
        return None
    day = here.date() if clock < end else here.date() + timedelta(days=1)
    return datetime.combine(day, end, tzinfo=here.tzinfo)


def _span(hours: object) -> tuple[time, time] | None:
    """The two times, or None for none (or for what cannot be read: better a push at night than none at all)."""
    if not isinstance(hours, list) or len(hours) != 2:
        return None
    try:
        start, end = (time.fromisoformat(str(one)) for one in hours)
    except ValueError:
        return None
    return (start, end) if start != end and start.tzinfo is None is end.tzinfo else None
