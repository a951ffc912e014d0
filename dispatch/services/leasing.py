"""Taking what is due: lock, look again whether it should still go, lease it, and make its message. One transaction."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID, uuid5

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.utils import timezone, translation

from accounts.models import Membership, User
from community_report.core.queue import OutOfTime
from dispatch import wording
from dispatch.channel_names import MASS, SMS
from dispatch.channels import Channel, Message, chain
from dispatch.channels.base import TemplateChoice
from dispatch.kinds import Kind
from dispatch.models import Delivery, MessageForm, SubscriptionTemplate, Template
from dispatch.values import Value, values_of
from reports.models import Ignore, ReportEvent

from . import grants, troubles, windows
from .gathering import groups_of
from .reach import held_until, is_subscribed, is_urgent, reason_to_skip
from .rows import save, save_leased
from .texting import CAPPED, LOST, Texting, texting_for

log = structlog.get_logger(__name__)

#: Longer than one call can take, token and all, and the longest that a killed worker keeps a message from going out.
LEASE = timedelta(seconds=30)
#: Not for who does not want to see the report any more.
_FOR_WHO_CARES = frozenset({Kind.NEW_REPORT, Kind.UNCLAIMED, Kind.URGED})
#: Given up since something in it, or around it, cannot be made a message of; the log says what.
FAULT = "fault"
CHINESE = User.Language.CHINESE.value
_SAVED = ["status", "code", "due_at", "leased_until", "attempts", "gathered", "channel"]
_RELATED = [
    "user__contact", "community", "notice", "report__category", "report__claimed_by", "report__tags",
    "outbox__membership__community", "outbox__membership__role", "outbox__membership__home__building",
]  # fmt: skip


T = TypeVar("T")


@dataclass
class Shipment:
    """One message on its way: the rows that it stands for (several where it is gathered), and its channels in order."""

    rows: list[Delivery]
    message: Message
    channels: list[Channel]
    lease: datetime

    @property
    def channel(self) -> Channel:
        return self.channels[0]


@dataclass
class Desk:
    """What preparing a wave needs, read once."""

    templates: Mapping[str, TemplateChoice]
    subscriptions: Mapping[str, TemplateChoice]
    forms: Mapping[str, MessageForm]
    events: Mapping[int, ReportEvent]
    spared: Mapping[str, datetime]
    stops: troubles.Stops
    texting: Texting = field(default_factory=Texting)
    members: set[tuple[UUID, int]] = field(default_factory=set)
    ignored: set[tuple[UUID, UUID]] = field(default_factory=set)
    granted: set[tuple[UUID, str]] = field(default_factory=set)
    window_open: set[UUID] = field(default_factory=set)


def due(now: datetime) -> "QuerySet[Delivery]":
    """Pending, due, in nobody's hands, and not waiting for a group message."""
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    return Delivery.objects.filter(free, ~Q(channel=MASS), status=Delivery.Status.PENDING, due_at__lte=now)


def take(among: "QuerySet[Delivery]", size: int) -> tuple[int, list[Shipment]]:
    """Lease up to `size` of `among`, as far as they are due; gives how many were looked at, and what is to be sent.

    Who should not get it any more is skipped here, who sleeps is held back, what is too much is gathered.
    """
    now = timezone.now()
    with transaction.atomic():
        rows = list((among & due(now)).select_for_update(skip_locked=True, of=("self",)).order_by("due_at")[:size])
        if not rows:
            return 0, []
        # Not joined: rows of one notice or report share all but the person, and each is read once.
        prefetch_related_objects(rows, *_RELATED)
        desk = desk_for(rows)
        ready = [row for row in rows if may_go(row, desk, now)]
        groups = groups_of(ready, now)
        shipments = [made for group in groups if (made := _alone(group, partial(_ship, group, desk, now)))]
        changed = {row.pk: row for row in (*rows, *(row for group in groups for row in group))}
        save(list(changed.values()), _SAVED)
        return len(rows), shipments


def release(shipments: Iterable[Shipment]) -> None:
    """Give back what was leased and never begun: it is due as before."""
    leases = [(row, shipment.lease) for shipment in shipments for row in shipment.rows]
    for row, _ in leases:
        row.leased_until, row.attempts = None, row.attempts - 1
    save_leased(leases, ["leased_until", "attempts"])


def desk_for(rows: list[Delivery]) -> Desk:
    people = {row.user_id for row in rows}
    events = {row.outbox.data.get("event") for row in rows} - {None}
    subscriptions = {t.kind: TemplateChoice(t.template_id, t.fields) for t in SubscriptionTemplate.objects.all()}
    granted = grants.held(people, {choice.template_id for choice in subscriptions.values()})
    return Desk(
        templates={t.kind: TemplateChoice(t.template_id, t.fields) for t in Template.objects.all()},
        subscriptions=subscriptions,
        granted=granted,
        # Where there is nothing to choose from, the window decides nothing.
        window_open=windows.open_for({person for person, _ in granted}, timezone.now()) if granted else set(),
        forms={form.kind: form for form in MessageForm.objects.all()},
        events=ReportEvent.objects.in_bulk(events),
        spared=troubles.spared_until(),
        stops=troubles.stops(timezone.now()),
        texting=texting_for(people),
        members=set(
            Membership.objects.filter(user__in=people, status=Membership.Status.ACTIVE).values_list(
                "user_id", "community_id"
            )
        ),
        ignored=set(
            Ignore.objects.filter(user__in=people, report__in={row.report_id for row in rows}).values_list(
                "user_id", "report_id"
            )
        ),
    )


def may_go(row: Delivery, desk: Desk, now: datetime) -> bool:
    """Skip it, hold it back, or let it go. What was claimed or withdrawn meanwhile is told all the same."""
    return _alone([row], lambda: _may_go(row, desk, now)) or False


def _alone(rows: list[Delivery], prepare: Callable[[], T]) -> T | None:
    """A message that cannot be prepared is dead by itself, with the code `fault`: it must stop no other."""
    try:
        return prepare()
    except (DatabaseError, OutOfTime):
        raise  # no fault of this message
    except Exception:
        log.exception("delivery_not_prepared", delivery=str(rows[0].pk))
        _give_up(rows, FAULT, timezone.now())
        return None


def _may_go(row: Delivery, desk: Desk, now: datetime) -> bool:
    if code := _reason(row, desk, now):
        row.status, row.code, row.leased_until = Delivery.Status.SKIPPED, code, None
        return False
    held = held_until(row.user, row.community, now, urgent=is_urgent(row.report))
    if held:
        row.due_at, row.leased_until = held, None
    return held is None


def _reason(row: Delivery, desk: Desk, now: datetime) -> str:
    if code := reason_to_skip(row.user, row.kind, row.community_id, desk.texting):
        return code
    if row.notice and (ended := row.notice.ended(now)):
        return ended
    if _needs_membership(row) and (row.user_id, row.community_id) not in desk.members:
        return "not_member"
    return "ignored" if row.kind in _FOR_WHO_CARES and (row.user_id, row.report_id) in desk.ignored else ""


def _needs_membership(row: Delivery) -> bool:
    """The reporter and who asked for a binding are told whatever they are; everybody else must still belong there."""
    own = row.report is not None and row.report.reporter_id == row.user_id
    return row.community_id is not None and not own and row.kind != Kind.BINDING_DECIDED


def _ship(rows: list[Delivery], desk: Desk, now: datetime) -> Shipment | None:
    """Lease the rows of one message; None when no channel can carry it, or none may at the moment."""
    first = rows[0]
    message = _message(first, desk, count=len(rows))
    possible = chain(message, first.tried)
    channels = desk.stops.passable(possible, first.kind)
    if not channels:
        stopped = desk.stops.code(possible[0].name, first.kind) if possible else ""
        _give_up(rows, stopped or first.code or "no_channel", now)
        return None
    if channels[0].name == SMS and not desk.texting.spend(first.user_id, now):
        _give_up(rows, LOST if first.lost_answers else CAPPED, now)
        return None
    desk.stops.ask(channels[0].name, first.kind)
    spared = desk.spared.get(channels[0].name)
    lease = now + LEASE
    for row in rows:
        row.channel = channels[0].name
        if spared and spared > now:
            row.due_at, row.leased_until = spared, None
        else:
            row.attempts, row.leased_until = row.attempts + 1, lease
    return None if spared and spared > now else Shipment(rows, message, channels, lease)


def _give_up(rows: list[Delivery], code: str, now: datetime) -> None:
    for row in rows:
        row.status, row.leased_until, row.code, row.due_at = Delivery.Status.DEAD, None, code, now


def _message(row: Delivery, desk: Desk, *, count: int) -> Message:
    form = desk.forms.get(row.kind)
    template = desk.templates.get(row.kind)
    subscription = desk.subscriptions.get(row.kind)
    text, path = row.text, row.path
    if row.gathered:
        with translation.override(row.user.language):
            text, path = wording.gathered_sentence(count), wording.WORK_PAGE
    return Message(
        openid=str(row.user.openid) if row.user.openid and is_subscribed(row.user) else "",
        kind=row.kind,
        text=text,
        url=settings.PUBLIC_BASE_URL + path,
        client_msg_id=_client_msg_id(row),
        values=_values(row, desk, text, count, row.user.language),
        phrases={}
        if row.user.language == User.Language.CHINESE
        else _values(row, desk, text, count, User.Language.CHINESE),
        template=template,
        form=form.form if form else MessageForm.Form.TEXT,
        picture_url=form.picture_url if form else "",
        subscription=subscription,
        granted=subscription is not None and (row.user_id, subscription.template_id) in desk.granted,
        window_open=row.user_id in desk.window_open,
        sms=desk.texting.choice(row.user_id, row.community_id, row.kind),
    )


def _values(row: Delivery, desk: Desk, text: str, count: int, language: str) -> dict[str, Value]:
    with translation.override(language):
        glimpse = row.follower and not (row.report and row.report.category.public)
        values = values_of(row, desk.events.get(row.outbox.data.get("event", 0)), glimpse=glimpse, count=count)
        if row.gathered:
            values |= {"message": text, "title": text, "address": "", "note": ""}
        return values


def _client_msg_id(row: Delivery) -> str:
    """WeChat drops a second copy of it for ten minutes; what is a new message by intention needs a new one."""
    if row.gathered:
        return uuid5(row.pk, f"gathered:{row.resends}").hex
    return uuid5(row.pk, f"resend:{row.resends}").hex if row.resends else row.pk.hex
