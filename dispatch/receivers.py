"""What has to be told when something happens below: one outbox row each, in the same transaction. No network here."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.dispatch import receiver
from django.utils import timezone

from accounts.models import Membership, User
from accounts.signals import (
    binding_decided,
    binding_made,
    binding_requested,
    person_erased,
    person_met,
    quiet_hours_changed,
)
from community_report.core.queue import enqueue
from notices.models import Notice
from notices.signals import notice_published, notice_read, notice_reminded, notice_withdrawn
from reports.models import Attachment, BoardMessage, Report, ReportEvent
from reports.signals import attachment_failed, board_message_written, report_alarmed, report_changed, report_opened

from .models import Contact, Delivery, Grant
from .services import cancelling, outbox, reading
from .signals import outbox_written
from .tasks import learn_language, route


@receiver(outbox_written, dispatch_uid="dispatch.route_soon")
def route_soon(sender: Any, ids: Sequence[int], **_: Any) -> None:
    for pk in ids:
        enqueue(route, pk)


@receiver(report_changed, dispatch_uid="dispatch.tell_change")
def tell_change(sender: Any, report: Report, event: ReportEvent, **_: Any) -> None:
    outbox.tell_event(report, event)


@receiver(report_alarmed, dispatch_uid="dispatch.tell_alarm")
def tell_alarm(sender: Any, report: Report, event: ReportEvent, **_: Any) -> None:
    # An alarm's event may have been announced as a change as well: the row's key makes it one.
    outbox.tell_event(report, event)


@receiver(board_message_written, dispatch_uid="dispatch.tell_board_message")
def tell_board_message(sender: Any, message: BoardMessage, to: User, **_: Any) -> None:
    outbox.tell_board_message(message, to)


@receiver(attachment_failed, dispatch_uid="dispatch.tell_media_failed")
def tell_media_failed(sender: Any, attachment: Attachment, **_: Any) -> None:
    outbox.tell_media_failed(attachment)


@receiver(notice_published, dispatch_uid="dispatch.tell_notice")
def tell_notice(sender: Any, notice: Notice, **_: Any) -> None:
    outbox.tell_notice(notice)


@receiver(notice_reminded, dispatch_uid="dispatch.remind_of_notice")
def remind_of_notice(sender: Any, notice: Notice, **_: Any) -> None:
    outbox.tell_notice_again(notice)


@receiver(notice_withdrawn, dispatch_uid="dispatch.cancel_notice")
def cancel_notice(sender: Any, notice: Notice, **_: Any) -> None:
    cancelling.cancel_notice(notice)


@receiver(report_opened, dispatch_uid="dispatch.read_of_report")
def read_of_report(sender: Any, report: Report, user: User, **_: Any) -> None:
    reading.mark_read_with(report, actor=user)


@receiver(notice_read, dispatch_uid="dispatch.read_of_notice")
def read_of_notice(sender: Any, notice: Notice, user: User, **_: Any) -> None:
    reading.mark_read_with(notice, actor=user)


@receiver(binding_requested, dispatch_uid="dispatch.tell_binding_requested")
def tell_binding_requested(sender: Any, membership: Membership, holders: Sequence[User] = (), **_: Any) -> None:
    outbox.tell_binding("binding_requested", membership)
    if holders:
        outbox.tell_binding("binding_contested", membership, people=holders)


@receiver(binding_made, dispatch_uid="dispatch.tell_binding_made")
def tell_binding_made(sender: Any, membership: Membership, housemates: Sequence[User] = (), **_: Any) -> None:
    if housemates:
        outbox.tell_binding("binding_made", membership, people=housemates)


@receiver(binding_decided, dispatch_uid="dispatch.tell_binding_decided")
def tell_binding_decided(sender: Any, membership: Membership, actor: User | None = None, **_: Any) -> None:
    outbox.tell_binding("binding_decided", membership, actor=actor)


@receiver(quiet_hours_changed, dispatch_uid="dispatch.look_again")
def look_again(sender: Any, user: User, **_: Any) -> None:
    """What waits for the old hours to end is due now; who sends it asks for the new ones."""
    now = timezone.now()
    held = Delivery.objects.filter(user=user, status=Delivery.Status.PENDING, gathered=False, due_at__gt=now)
    held.update(due_at=now)


@receiver(person_erased, dispatch_uid="dispatch.forget_person")
def forget_person(sender: Any, user: User, **_: Any) -> None:
    """The inbox and the bond with the account go; what is on its way to this person is not sent."""
    Contact.objects.filter(user=user).delete()
    Grant.objects.filter(user=user).delete()
    pending = Q(status=Delivery.Status.PENDING)
    Delivery.objects.filter(pending, user=user).update(status=Delivery.Status.SKIPPED, code="erased", leased_until=None)
    Delivery.objects.filter(user=user).update(text="")


@receiver(person_met, dispatch_uid="dispatch.ask_language")
def ask_language(sender: Any, person: User, **_: Any) -> None:
    enqueue(learn_language, str(person.pk))
