"""The one domain exception and its translation into the contract's JSON errors."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions as drf
from rest_framework.response import Response


class DomainError(Exception):
    """Something a person asked for that cannot be done, with the reason in their language.

    `code` is the contract's machine word, `status` its HTTP status, `fields` {name: [sentence]} for `invalid`, and
    `extra` more keys of the answer (`claimed_by`, `claimed_at`).
    """

    status = 400
    code = "invalid"

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        status: int | None = None,
        fields: dict[str, list[str]] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.code
        self.status = status or self.status
        self.fields = fields or {}
        self.extra = extra or {}

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"code": self.code, "detail": self.detail, **self.extra}
        if self.code == "invalid":
            body["fields"] = self.fields
        return body


class Invalid(DomainError):
    """400: the input is not what it must be. `Invalid.field("title", "…")` names the field."""

    @classmethod
    def field(cls, name: str, sentence: str) -> "Invalid":
        return cls(sentence, fields={name: [sentence]})


class Forbidden(DomainError):
    """403: this person may not."""

    status, code = 403, "permission_denied"


class NotBound(DomainError):
    """403: this person is not (yet) somebody in this community."""

    status, code = 403, "not_bound"


class NotFound(DomainError):
    """404: not there, or not to be known of."""

    status, code = 404, "not_found"


class Conflict(DomainError):
    """409: lost, or too late."""

    status, code = 409, "wrong_state"


class Gone(DomainError):
    """410: was there once."""

    status, code = 410, "gone"


class Unavailable(DomainError):
    """503: something that we need is away for a moment."""

    status, code = 503, "unavailable"


def _words() -> dict[int, tuple[str, str]]:
    return {
        400: ("invalid", _("提交的内容有误，请检查后再试")),
        401: ("not_authenticated", _("请先登录")),
        403: ("permission_denied", _("您没有权限这样做")),
        404: ("not_found", _("没有找到，或您无权查看")),
        405: ("method_not_allowed", _("不支持这种操作")),
        406: ("not_acceptable", _("不支持这种格式")),
        413: ("too_large", _("文件太大了")),
        415: ("unsupported_media_type", _("不支持这种文件")),
        429: ("throttled", _("操作太频繁，请稍后再试")),
        503: ("unavailable", _("系统正在恢复，请稍后再试")),
    }


def error_body(status: int, *, detail: str = "", fields: dict[str, list[str]] | None = None) -> dict[str, Any]:
    """The contract's error for an HTTP status, in the caller's language."""
    code, sentence = _words().get(status, ("error", _("出了点问题，请稍后再试")))
    body: dict[str, Any] = {"code": code, "detail": detail or sentence}
    if code == "invalid":
        body["fields"] = fields or {}
    return body


def _fields(detail: Any) -> dict[str, list[str]]:
    """DRF's nested validation detail as {name: [sentence]}, by the names that the call itself has."""
    if isinstance(detail, dict):
        return {str(name): list(dict.fromkeys(_sentences(value))) for name, value in detail.items()}
    return {"non_field_errors": list(_sentences(detail))}


def _sentences(detail: Any) -> Iterator[str]:
    if isinstance(detail, dict):
        detail = list(detail.values())
    if not isinstance(detail, list):
        yield str(detail)
        return
    for part in detail:
        yield from _sentences(part)


def _from_drf(error: drf.APIException) -> Response:
    status = error.status_code
    if isinstance(error, drf.ValidationError):
        return Response(error_body(400, fields=_fields(error.detail)), status=400)
    if isinstance(error, drf.ParseError):
        return Response(error_body(400, detail=str(error.detail)), status=400)
    if isinstance(error, drf.NotAuthenticated | drf.AuthenticationFailed):
        status = 401
    response = Response(error_body(status), status=status)
    if isinstance(error, drf.Throttled):
        response["Retry-After"] = str(max(1, int(getattr(error, "wait", None) or 1)))
    return response


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: every refusal leaves in the contract's shape; what is not known here stays an exception."""
    if isinstance(error, DomainError):
        wait = error.extra.pop("retry_after", 5)
        response = Response(error.body(), status=error.status)
        if error.status in (429, 503):
            response["Retry-After"] = str(wait)
        return response
    if isinstance(error, drf.APIException):
        return _from_drf(error)
    if isinstance(error, Http404):
        return Response(error_body(404), status=404)
    if isinstance(error, PermissionDenied):
        return Response(error_body(403), status=403)
    if isinstance(error, RequestDataTooBig):
        return Response(error_body(413), status=413)
    if isinstance(error, ValidationError):
        fields = error.message_dict if hasattr(error, "error_dict") else {"non_field_errors": error.messages}
        return Response(error_body(400, fields=fields), status=400)
    if isinstance(error, (OperationalError, InterfaceError)):
        response = Response(error_body(503), status=503)
        response["Retry-After"] = "5"
        return response
    return None
