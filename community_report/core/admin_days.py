"""The filter of lists by a span of days."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest
from django.utils.timezone import make_aware
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.utils import parse_date_str


def zone_called(name: str) -> ZoneInfo | None:
    """None, the reader's, for what is none."""
    return ZoneInfo(name) if name and name in available_timezones() else None


class DaysFilter(RangeDateFilter):
    """By a moment's day, both days whole: the theme's own leaves out the last one.

    The days are on the reader's clock, or on that of `…_zone`, with which figures lead here that were counted on a
    community's; who then chooses other days is on their own clock again.
    """

    def __init__(self, field: Any, request: HttpRequest, params: dict[str, Any], *args: Any, **more: Any) -> None:
        super().__init__(field, request, params, *args, **more)
        self.zone = zone_called(params.pop(f"{self.parameter_name}_zone", [""])[-1])

    def expected_parameters(self) -> list[str | None]:
        return [*super().expected_parameters(), f"{self.parameter_name}_zone"]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        for end, lookup, more in (("from", "gte", 0), ("to", "lt", 1)):
            day = parse_date_str(self.used_parameters.get(f"{self.parameter_name}_{end}") or "")
            if day is not None and day < date.max:
                moment = make_aware(datetime.combine(day, time.min) + timedelta(days=more), self.zone)
                queryset = queryset.filter(**{f"{self.parameter_name}__{lookup}": moment})
        return queryset
