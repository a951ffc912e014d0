"""What WeChat posts to the callback: stored once, its effect in the same transaction, answered within five seconds.

Only who inserted the row goes on; every copy gets the same reply. No network here.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone, translation

from accounts.models import User
from accounts.services.login import person_for_openid
from community_report.core.database import patience
from community_report.wechat.callback import Inbound, Malformed, success, text_reply
from dispatch.models import InboundMessage

from . import chat, grants, presence
from .finishing import FINISHED, finish_template, is_success
from .group_messages import finish_list

log = structlog.get_logger(__name__)

#: WeChat waits five seconds for everything together.
STATEMENT_TIMEOUT, LOCK_TIMEOUT, PATIENCE = "2500ms", "1500ms", 3.0
MAX_OPENID = 64
MALFORMED = "malformed"
MAX_DEAD_BYTES = 16 * 1024
#: What people wrote is not kept longer than it takes to look into a complaint.
KEPT = timedelta(days=30)
#: WeChat may tell where a phone is every five seconds: a trail that nobody here has a use for.
_NOT_KEPT = {"location": ("Latitude", "Longitude", "Precision")}

_LIMITS = "SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true)"
_INSERT = """
INSERT INTO dispatch_inboundmessage (key, openid, kind, event, payload, reply, received_at, handled_at, error)
VALUES (%s, %s, %s, %s, %s, '', %s, %s, %s)
ON CONFLICT (key) DO NOTHING RETURNING id
"""


#: Most events: that a template message has arrived. One statement for all, since each of a notice's thousands asks it.
_INSERT_AND_FINISH = " ".join(
    (
        "WITH new AS (",
        _INSERT,
        """)
UPDATE dispatch_delivery SET status = 'delivered', delivered_at = %s
WHERE message_id = %s AND status = 'sent' AND EXISTS (SELECT FROM new)
""",
    )
)


def receive(message: Inbound) -> bytes:
    """Store the message, do what it asks for, and give the reply, in clear; a copy gets the first one's reply.

    Raises Malformed for an OpenID that cannot be one, and the database's errors when it is away or too slow.
    """
    if len(message.openid) > MAX_OPENID:
        raise Malformed("an id is too long")
    if message.event == FINISHED and is_success(message.status) and message.job_msg_id:
        _insert_and_finish(message)
        return success()
    with _hurried():
        pk = _insert(
            message.dedupe_key, message.openid, message.kind, message.event, payload=_payload(message), error=""
        )
        if pk is None:
            log.info("inbound_repeated", key=message.dedupe_key)
            return _stored_reply(message.dedupe_key)
        reply, error = _answer(message)
        # As it was inserted, it is handled and answered in silence: most events are.
        if error or reply != success():
            handled_at = None if error else timezone.now()
            InboundMessage.objects.filter(pk=pk).update(reply=reply.decode(), error=error, handled_at=handled_at)
        return reply


def keep_dead_letter(body: bytes, reason: str) -> None:
    """Keep what WeChat signed and nobody can read, for a look by hand."""
    digest = hashlib.sha256(body).hexdigest()
    payload = {"bytes": len(body), "base64": base64.b64encode(body[:MAX_DEAD_BYTES]).decode()}
    with _hurried():
        pk = _insert(f"dead:{digest}", "", MALFORMED, "", payload=payload, error=reason)
    if pk is not None:
        log.error("inbound_malformed", reason=reason, inbound=pk, bytes=len(body))


def remove_old_messages(now: datetime) -> int:
    """Delete what is older than `KEPT`; gives the number of rows."""
    return InboundMessage.objects.filter(received_at__lt=now - KEPT).delete()[0]


def forget_messages(openid: str) -> None:
    """Erasure: what this person sent goes; the key stays, so that a late copy is still a copy."""
    InboundMessage.objects.filter(openid=openid).update(openid="", payload={}, reply="")


@contextmanager
def _hurried() -> Iterator[None]:
    """A transaction that fails before WeChat hangs up."""
    with patience(PATIENCE), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LIMITS, [STATEMENT_TIMEOUT, LOCK_TIMEOUT])
        yield


def _insert(key: str, openid: str, kind: str, event: str, *, payload: dict[str, Any], error: str) -> int | None:
    """The new row's id, or None when the key is there already (also when another transaction is just committing it)."""
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, _values(key, openid, kind, event, payload, error, timezone.now()))
        row = cursor.fetchone()
    return row[0] if row else None


def _values(
    key: str, openid: str, kind: str, event: str, payload: dict[str, Any], error: str, now: datetime
) -> list[str | datetime | None]:
    handled_at = None if error else now
    return [key, openid, kind[:20], event[:40], json.dumps(payload), now, handled_at, error[:200]]


def _insert_and_finish(message: Inbound) -> None:
    """Keep the event and mark its message as delivered. A copy finds nothing to mark, nor does an id not known yet."""
    now = timezone.now()
    event = _values(message.dedupe_key, message.openid, message.kind, message.event, _payload(message), "", now)
    with patience(PATIENCE), connection.cursor() as cursor:
        cursor.execute(_INSERT_AND_FINISH, [*event, now, message.job_msg_id])
        found = cursor.rowcount
    if not found:
        finish_template(message.job_msg_id, message.status)


def _payload(message: Inbound) -> dict[str, Any]:
    hidden = _NOT_KEPT.get(message.event, ())
    return {name: value for name, value in message.raw.items() if name not in hidden}


def _stored_reply(key: str) -> bytes:
    return InboundMessage.objects.values_list("reply", flat=True).get(key=key).encode() or success()


def _answer(message: Inbound) -> tuple[bytes, str]:
    """The reply, and what went wrong ("" for nothing). A fault of ours undoes the effect and keeps the message."""
    try:
        with transaction.atomic():
            return handle(message), ""
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        # Whatever it is, WeChat must not see it: it would repeat the message and then tell the person that we are down.
        log.exception("inbound_failed", key=message.dedupe_key, kind=message.kind, about=message.event)
        sorry = success() if message.kind == "event" else text_reply(message, chat.later_words())
        return sorry, problem_of(error)


def problem_of(error: Exception) -> str:
    """What is noted on the row."""
    return f"{type(error).__name__}: {error}"[:200]


def handle(message: Inbound) -> bytes:
    """Do what a message asks for; gives the reply. The caller's transaction holds the row and its effect together."""
    if message.event in _NOBODYS:
        _NOBODYS[message.event](message)
        return success()
    person = person_for_openid(message.openid)
    if not person.is_active:
        return success()
    presence.note(person, message)
    with translation.override(person.language):
        answer = _EVENTS.get(message.event, _silence) if message.kind == "event" else chat.reply
        words = answer(person, message)
    return text_reply(message, words) if words else success()


def _silence(person: User, message: Inbound) -> str:
    return ""


def _scanned(person: User, message: Inbound) -> str:
    return chat.scene_words(person, message.scene) or chat.welcome(person)


def _tapped(person: User, message: Inbound) -> str:
    return chat.menu_words(person, message.event_key)


def _finish_template(message: Inbound) -> None:
    finish_template(message.job_msg_id, message.status)


def _finish_mass(message: Inbound) -> None:
    finish_list(message.job_msg_id, message.raw)


#: Events about a job of ours, not about a person.
_NOBODYS: dict[str, Callable[[Inbound], None]] = {
    FINISHED: _finish_template,
    "masssendjobfinish": _finish_mass,
}
#: Events that do or answer something; every other one is taken in silence.
_EVENTS: dict[str, Callable[[User, Inbound], str]] = {
    "subscribe": _scanned,
    "scan": _scanned,
    "click": _tapped,
    "scancode_waitmsg": _tapped,
    grants.POPUP: grants.note,
    grants.CHANGE: grants.note,
    grants.SENT: grants.note,
}
