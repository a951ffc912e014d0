"""Erasure of a person, across the apps: identity and private things go, reports stay without them."""

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.db import connection, transaction
from django.db.models import Q

from accounts.models import User
from accounts.services.erasure import erase_identity
from dispatch.models import Contact, Delivery, InboundMessage
from notices.models import NoticeRead
from reports.files import remove_later
from reports.models import (
    Attachment,
    BoardMessage,
    Draft,
    Follow,
    Ignore,
    InternalNote,
    Rating,
    Report,
    ReportEvent,
    Upload,
)
from reports.services.attachments import delete_attachments


def erase_person(user: User) -> None:
    """Remove who `user` is, at once and for good; whoever logs in by the same WeChat account starts afresh.

    The reports keep their text, place by address, events, claims and scores; the words and media of the person's own
    events, and of their internal notes, are blanked. What the property keeps of its own (the roster) is not touched.
    """
    with transaction.atomic():
        openid, username = user.openid, user.username
        erase_identity(actor=user)  # first: it gives back open claims, which writes events
        _erase_reports(user)
        _erase_messages(user, openid)
        NoticeRead.objects.filter(user=user).delete()
        if username:
            for attempts in (AccessAttempt, AccessLog, AccessFailureLog):
                attempts.objects.filter(username=username).delete()


def _erase_reports(user: User) -> None:
    Attachment.objects.filter(uploader=user, notice_picture__isnull=False).update(uploader=None)  # the property's
    delete_attachments(Attachment.objects.filter(Q(uploader=user) | Q(event__actor=user) | Q(draft__owner=user)))
    Draft.objects.filter(owner=user).delete()
    uploads = Upload.objects.filter(user=user)
    remove_later(list(uploads.values_list("path", flat=True)))
    uploads.delete()
    Follow.objects.filter(user=user).delete()
    Ignore.objects.filter(user=user).delete()
    BoardMessage.objects.filter(Q(author=user) | Q(neighbour=user)).delete()
    Rating.objects.filter(user=user).update(user=None, comment="")
    Report.objects.filter(reporter=user).update(
        reporter=None, reporter_home=None, caller=None, latitude=None, longitude=None, location_name=""
    )
    Report.objects.filter(filed_by=user).update(filed_by=None)
    _blank_words(user)


def _blank_words(user: User) -> None:
    """The one change that the database allows on events and notes, and here only (reports migrations 0002, 0007)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('community_report.erasing', 'on', true)")
        ReportEvent.objects.filter(actor=user).exclude(note="").update(note="")
        InternalNote.objects.filter(author=user).exclude(text="").update(text="")
        cursor.execute("SELECT set_config('community_report.erasing', 'off', true)")


def _erase_messages(user: User, openid: str | None) -> None:
    Delivery.objects.filter(user=user).delete()
    Contact.objects.filter(user=user).delete()
    if openid:
        InboundMessage.objects.filter(openid=openid).delete()
