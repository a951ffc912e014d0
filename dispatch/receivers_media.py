"""What dispatch does about attachments: fetch them, and tell who sent one that cannot be had."""

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from accounts.models import User
from accounts.signals import person_erased
from community_report.core.queue import enqueue
from notices.signals import pictures_added
from reports.models import Attachment
from reports.signals import draft_grown, report_changed

from .services.inbound import forget_messages
from .tasks import download


@receiver(pictures_added, dispatch_uid="dispatch.fetch_pictures")
@receiver(draft_grown, dispatch_uid="dispatch.fetch_draft")
@receiver(report_changed, dispatch_uid="dispatch.fetch_attachments")
def fetch_attachments(sender: Any, attachments: Sequence[Attachment], **_: Any) -> None:
    for attachment in attachments:
        if attachment.status == Attachment.Status.PENDING:
            enqueue(download, str(attachment.pk))


@receiver(person_erased, dispatch_uid="dispatch.forget_messages")
def forget_what_they_sent(sender: Any, user: User, **_: Any) -> None:
    if user.openid:
        forget_messages(user.openid)
