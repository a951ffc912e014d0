"""The filter of lists by a span of days."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.timezone import make_aware
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.utils import parse_date_str


class DaysFilter(RangeDateFilter):
    """By a moment's day, on the back office's clock, both days whole: the theme's own leaves out the last one."""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        for end, lookup, more in (("from", "gte", 0), ("to", "lt", 1)):
            day = parse_date_str(self.used_parameters.get(f"{self.parameter_name}_{end}") or "")
            if day is not None and day < date.max:
                moment = make_aware(datetime.combine(day, time.min) + timedelta(days=more))
                queryset = queryset.filter(**{f"{self.parameter_name}__{lookup}": moment})
        return queryset
