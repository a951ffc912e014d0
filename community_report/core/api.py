"""What every API view stands on: login by session, strict JSON, keyset cursors."""

import base64
import json
from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular import authentication as authentication_schemes
from rest_framework import authentication, exceptions, parsers
from rest_framework.request import Request

from .errors import DomainError, Invalid

M = TypeVar("M", bound=Model)


class SessionAuthentication(authentication.SessionAuthentication):
    """The session cookie of the login, with CSRF; anonymous is 401 (DRF would say 403)."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"


class SessionScheme(authentication_schemes.SessionScheme):
    """How the schema describes the login."""

    target_class = "community_report.core.api.SessionAuthentication"


class StrictJSONParser(parsers.JSONParser):
    """JSON in UTF-8, an object at the top, no NaN, no NUL (PostgreSQL cannot keep one), no absurd depth."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> dict[str, Any]:
        raw = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(raw) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:  # Django itself looks only where it reads the body
            raise RequestDataTooBig
        try:
            data = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant) if raw.strip() else {}
        except (ValueError, RecursionError):
            raise exceptions.ParseError(_("这不是有效的 JSON")) from None
        if not isinstance(data, dict):
            raise exceptions.ParseError(_("需要一个 JSON 对象"))
        if b"\\u0000" in raw or b"\x00" in raw or _has_surrogate(raw):
            raise exceptions.ParseError(_("含有不能保存的字符"))
        return data


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _has_surrogate(raw: bytes) -> bool:
    """A lone surrogate cannot be written as UTF-8."""
    if b"\\ud" not in raw.lower():
        return False
    try:
        json.dumps(json.loads(raw), ensure_ascii=False).encode("utf-8")
    except (UnicodeEncodeError, RecursionError):
        return True
    return False


class Throttled(DomainError):
    """429 with Retry-After."""

    status, code = 429, "throttled"

    def __init__(self, retry_after: int) -> None:
        super().__init__(_("操作太频繁，请稍后再试"), extra={"retry_after": retry_after})


def _encode(at: datetime, pk: Any) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{pk}".encode()).decode().rstrip("=")


def _decode(cursor: str, model: type[Model]) -> tuple[datetime, Any]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        stamp, pk = text.split("|")
        at = parse_datetime(stamp)
        key = model._meta.pk.to_python(pk)
    except (ValueError, TypeError, ValidationError):
        raise Invalid.field("cursor", _("翻页标记无效")) from None
    if at is None or at.tzinfo is None:
        raise Invalid.field("cursor", _("翻页标记无效"))
    return at, key


def limit_of(request: Request) -> int:
    """`?limit=` from 1 to 100, default 20."""
    raw = request.query_params.get("limit", "20")
    if not raw.isascii() or not raw.isdigit() or len(raw) > 3 or not 1 <= int(raw) <= 100:
        raise Invalid.field("limit", _("每页条数应为 1 到 100"))
    return int(raw)


def page(
    request: Request, queryset: QuerySet[M], *, by: str = "created_at", ascending: bool = False
) -> tuple[list[M], str | None]:
    """One page, newest first, and the cursor of the next (keyset on (`by`, pk): constant cost at any depth).

    `by` names a field, or an annotation (without an underscore at its end), that holds a moment and is never null.
    """
    limit = limit_of(request)
    cursor = request.query_params.get("cursor")
    way, sign = ("gt", "") if ascending else ("lt", "-")
    if cursor:
        at, pk = _decode(cursor, queryset.model)
        queryset = queryset.filter(Q(**{f"{by}__{way}": at}) | Q(**{by: at, f"pk__{way}": pk}))
    rows = list(queryset.order_by(f"{sign}{by}", f"{sign}pk")[: limit + 1])
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], _encode(getattr(last, by), last.pk)
