"""Fields that take what they say and nothing that could be turned into it: text is text, a number is a number."""

import math
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


class TextField(serializers.CharField):
    """Text; numbers are refused. Left out or null it is empty, unless it is `required`."""

    def __init__(self, **options: Any) -> None:
        if not options.get("required"):
            options = {"required": False, "allow_blank": True, "allow_null": True, "default": "", **options}
        super().__init__(**options)

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        return (True, "") if data is None and self.allow_null else super().validate_empty_values(data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(OpenApiTypes.UUID)
class IdField(serializers.Field):
    """An id, as text."""

    default_error_messages = {"invalid": _("编号无效")}

    def to_internal_value(self, data: Any) -> UUID:
        try:
            return UUID(data) if isinstance(data, str) else self.fail("invalid")
        except ValueError:
            self.fail("invalid")

    def to_representation(self, value: Any) -> str:
        return str(value)


#: Nobody's and nothing's id: stands for one that is left out, so that who may is asked before what is missing.
NIL = UUID(int=0)


@extend_schema_field({"type": "number", "format": "double"})
class DegreesField(serializers.Field):
    """Degrees from -`most` to `most`."""

    default_error_messages = {"invalid": _("位置无效")}

    def __init__(self, *, most: float, **options: Any) -> None:
        self.most = most
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float) or not -self.most <= data <= self.most:
            self.fail("invalid")
        return float(data)

    def to_representation(self, value: float) -> float:
        return value


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": 5})
class ScoreField(serializers.Field):
    """A whole number; from which to which is the service's to say."""

    default_error_messages = {"invalid": _("请打 1 到 5 分")}

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not (isinstance(data, int) or _whole(data)):
            self.fail("invalid")
        return int(data)

    def to_representation(self, value: int) -> int:
        return value


def _whole(data: Any) -> bool:
    """JSON knows no difference between 5 and 5.0."""
    return isinstance(data, float) and math.isfinite(data) and data.is_integer()


@extend_schema_field({"type": "string", "example": "submitted,claimed"})
class WordsField(serializers.Field):
    """One word or several, separated by commas."""

    default_error_messages = {"invalid": _("没有这个选项：%(word)s")}

    def __init__(self, *, among: list[str] | None = None, **options: Any) -> None:
        self.among = among
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> list[str]:
        words = [word.strip() for word in str(data).split(",") if word.strip()]
        for word in words:
            if not re.fullmatch(r"[-\w]{1,40}", word) or word not in (self.among or [word]):
                raise serializers.ValidationError(self.error_messages["invalid"] % {"word": word[:40]}, "invalid")
        return words

    def to_representation(self, value: list[str]) -> str:
        return ",".join(value)


@extend_schema_field({"type": "string", "example": "2026-11-23", "description": "A day, or a time in ISO 8601"})
class MomentField(serializers.Field):
    """A time, or a day: its beginning, or with `end_of_day` its end. Without a zone: on the active clock."""

    default_error_messages = {"invalid": _("日期或时间无效")}

    def __init__(self, *, end_of_day: bool = False, **options: Any) -> None:
        self.end_of_day = end_of_day
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> datetime:
        text = re.sub(r" (\d\d:?\d\d)$", r"+\1", str(data).strip())  # a "+" that nobody escaped arrives as a space
        try:
            moment = self._day(parse_date(text)) or parse_datetime(text)
        except ValueError:
            moment = None
        if moment is None or not 2000 <= moment.year < 2200:
            self.fail("invalid")
        aware = moment if moment.tzinfo else timezone.make_aware(moment)
        return aware.astimezone(UTC)

    def _day(self, day: date | None) -> datetime | None:
        if day is None or not 2000 <= day.year < 2199:
            return None
        return datetime.combine(day + timedelta(days=1) if self.end_of_day else day, time.min)

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()
