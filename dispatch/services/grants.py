"""What people agreed to be sent as subscription messages: one agreement, one message.

The first pop-up tells of what was accepted, the settings of what was refused since, and the finish event of a message
that the person no longer wants. https://developers.weixin.qq.com/doc/service/guide/dev/push (subscribe_msg_*)
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

import structlog
from django.db.models import F, Value
from django.db.models.functions import Greatest

from accounts.models import User
from community_report.wechat.callback import Inbound
from dispatch.models import Grant

log = structlog.get_logger(__name__)

POPUP, CHANGE, SENT = "subscribe_msg_popup_event", "subscribe_msg_change_event", "subscribe_msg_sent_event"
#: WeChat has been seen to wrap a change either way.
_WRAPPERS = ("SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent", "SubscribeMsgSentEvent")
#: The person refuses, or has no agreement left.
REFUSED = 43101
_MOST_ENTRIES = 50
_MAX_ID = 64


def note(person: User, message: Inbound) -> str:
    """Keep what one of the three events says; they are answered in silence."""
    for entry in _entries(message.raw):
        template_id = _word(entry, "TemplateId")
        if not 0 < len(template_id) <= _MAX_ID:
            continue
        if message.event == SENT:
            _sent(person, template_id, _word(entry, "ErrorCode"))
        elif _word(entry, "SubscribeStatusString").lower() == "reject":
            refuse(person.pk, template_id)
        elif message.event == POPUP:
            add(person, template_id)
    return ""


def add(person: User, template_id: str) -> None:
    grant, _ = Grant.objects.get_or_create(user=person, template_id=template_id)
    Grant.objects.filter(pk=grant.pk).update(left=F("left") + 1)


def refuse(person: UUID, template_id: str) -> None:
    """None is left, whatever we counted."""
    Grant.objects.filter(user=person, template_id=template_id).update(left=0)


def spend(person: UUID, template_id: str) -> None:
    """A message was taken."""
    Grant.objects.filter(user=person, template_id=template_id).update(left=Greatest(F("left") - 1, Value(0)))


def held(people: Collection[UUID], templates: Collection[str]) -> set[tuple[UUID, str]]:
    """(person, template) wherever an agreement is left."""
    if not templates:
        return set()
    rows = Grant.objects.filter(user__in=people, template_id__in=templates, left__gt=0)
    return set(rows.values_list("user_id", "template_id"))


def _sent(person: User, template_id: str, code: str) -> None:
    if code == str(REFUSED):
        refuse(person.pk, template_id)
    if code not in ("", "0"):
        log.info("subscription_message_failed", user=str(person.pk), template=template_id, code=code)


def _entries(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """`List` comes once or repeated."""
    wrapper: Mapping[str, Any] = next((raw[name] for name in _WRAPPERS if isinstance(raw.get(name), dict)), {})
    found = wrapper.get("List", [])
    for entry in (found if isinstance(found, list) else [found])[:_MOST_ENTRIES]:
        if isinstance(entry, dict):
            yield entry


def _word(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name, "")
    return value.strip() if isinstance(value, str) else ""
