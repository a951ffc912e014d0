"""A community's clock as it is written down: its time zone and its working hours. Each check raises ValueError."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))")
_DAY = 24 * 60


def parse_span(text: str) -> tuple[int, int]:
    """ "08:30-12:00" as minutes of the day; an end at or before the start is on the next day. Raises ValueError."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not like '08:30-12:00'")
    hours, minutes, end_hours, end_minutes = (int(group) for group in match.groups() if group is not None)
    start, end = hours * 60 + minutes, end_hours * 60 + end_minutes
    return start, end if end > start else end + _DAY


def time_zone(value: object) -> str:
    if not isinstance(value, str) or value not in available_timezones():
        raise ValueError(f"{value!r} is no time zone like 'Asia/Shanghai'")
    return value


def working_hours(value: object) -> list[str]:
    """Spans of one day that do not overlap."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list like ['08:30-12:00', '13:30-18:00']")
    spans = sorted(parse_span(item) for item in value)
    if any(end > _DAY for _, end in spans):
        raise ValueError("a span ends after it starts, and on the same day")
    if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
        raise ValueError("two spans overlap")
    return list(value)


def validate_time_zone(value: object) -> None:
    _validate(time_zone, value, _("没有这个时区；中国用 Asia/Shanghai"))


def validate_working_hours(value: object) -> None:
    said = _("每段写成 08:30-12:00，在同一天内结束，互不重叠")
    _validate(working_hours, value, said)


def _validate(check: Callable[[object], object], value: object, said: Any) -> None:
    try:
        check(value)
    except ValueError as error:
        raise ValidationError(said) from error
