"""The values that a kind of message offers to the fields of a template message."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum, auto
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reports.models import ReportEvent

from .kinds import Kind
from .models import Delivery
from .wording import home_words, news, tag_names


class Type(StrEnum):
    TEXT = auto()
    TIME = auto()
    NUMBER = auto()


Value = str | int | datetime

_ALWAYS = {"message": Type.TEXT, "kind": Type.TEXT, "news": Type.TEXT, "community": Type.TEXT, "time": Type.TIME}
_REPORT = _ALWAYS | {
    "number": Type.TEXT,
    "title": Type.TEXT,
    "category": Type.TEXT,
    "tag": Type.TEXT,
    "status": Type.TEXT,
    "address": Type.TEXT,
    "staff": Type.TEXT,
    "note": Type.TEXT,
    "created_at": Type.TIME,
    "due_at": Type.TIME,
}
_BINDING = _ALWAYS | {
    "title": Type.TEXT,
    "name": Type.TEXT,
    "home": Type.TEXT,
    "role": Type.TEXT,
    "status": Type.TEXT,
    "reason": Type.TEXT,
    "created_at": Type.TIME,
}
#: What a template of a kind may name, with its type. `time` is when it happened, `message` the sentence itself, `news`
#: the same in a word or two.
VALUES: Mapping[str, Mapping[str, Type]] = dict.fromkeys(Kind.values, _REPORT) | {
    Kind.NEW_REPORT: _REPORT | {"count": Type.NUMBER},
    Kind.RATED: _REPORT | {"score": Type.NUMBER},
    Kind.NOTICE: _ALWAYS | {"title": Type.TEXT, "created_at": Type.TIME},
    Kind.BINDING_DECIDED: _BINDING,
    Kind.BINDING_PENDING: _BINDING,
}
_BINDING_STATES: dict[str, Promise] = {
    "active": _("已通过"),
    "pending": _("待审核"),
    "rejected": _("未通过"),
    "revoked": _("已解除"),
}


def values_of(delivery: Delivery, event: ReportEvent | None, *, glimpse: bool, count: int = 1) -> dict[str, Value]:
    """Every value that the delivery's kind has. `glimpse`: this person may not read notes, address and staff.

    `count`: how many reports the message stands for. Times are in the community's own time zone.
    """
    zone = ZoneInfo(delivery.community.timezone if delivery.community else settings.TIME_ZONE)
    values: dict[str, Value] = {
        "message": delivery.text,
        "kind": str(Kind(delivery.kind).label),  # get_kind_display translates every kind to find this one
        "news": news(delivery.outbox),
        "community": delivery.community.name if delivery.community else "",
        "time": event.at if event else delivery.created_at,
        **_own_values(delivery, event, glimpse=glimpse),
        "count": count,
    }
    return {name: value.astimezone(zone) if isinstance(value, datetime) else value for name, value in values.items()}


def _own_values(delivery: Delivery, event: ReportEvent | None, *, glimpse: bool) -> dict[str, Value]:
    if delivery.report:
        return _report_values(delivery, event, glimpse=glimpse)
    if delivery.notice:
        return {"title": delivery.notice.title, "created_at": delivery.notice.published_at or delivery.created_at}
    return _binding_values(delivery)


def _report_values(delivery: Delivery, event: ReportEvent | None, *, glimpse: bool) -> dict[str, Value]:
    report = delivery.report
    assert report is not None
    staff = report.claimed_by.display_name if report.claimed_by else ""
    return {
        "number": report.number,
        "title": report.title,
        "category": report.category.name,
        "tag": tag_names(report),
        "status": report.get_status_display(),
        "address": "" if glimpse else report.address,
        "staff": "" if glimpse else staff,
        "note": "" if glimpse or event is None else event.note,
        "score": int(delivery.outbox.data.get("score", 0)),
        "created_at": report.created_at,
        "due_at": report.due_at or "",
    }


def _binding_values(delivery: Delivery) -> dict[str, Value]:
    bound = delivery.outbox.membership
    if bound is None:
        return {"title": delivery.text, "created_at": delivery.created_at}
    # Housemates and holders are told that somebody is there, not who.
    named = delivery.kind == Kind.BINDING_PENDING or delivery.user_id == bound.user_id
    return {
        "title": delivery.text,
        "name": bound.name if named else bound.name[:1] + "**",
        "home": home_words(bound),
        "role": bound.role.name,
        "status": str(_BINDING_STATES[bound.status]),
        "reason": bound.reason if named else "",
        "created_at": bound.created_at,
    }
