"""Talking about a board post: its author and one neighbour write to each other, through us and without numbers."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from community_report.core import throttle
from community_report.core.errors import Invalid
from reports.models import BoardMessage, Report
from reports.policies import Viewer
from reports.signals import board_message_written

from . import engine
from .words import AGAIN

TEXT_MAX = 500


def write_about_post(*, actor: User, report_id: UUID, note: str, to: UUID | None = None) -> Report:
    """A neighbour writes to the author of a post, or the author (`to` a neighbour who wrote) answers.

    The other is told in the same transaction; the same words twice within a minute are one. Raises NotFound,
    Forbidden, Conflict, Invalid, Throttled (30 an hour).
    """
    text = " ".join(note.split())
    if not 0 < len(text) <= TEXT_MAX:
        raise Invalid.field("note", _("请写几个字，最多 %(max)d 个字") % {"max": TEXT_MAX})
    throttle.check("board-person", str(actor.pk), limit=30, seconds=3600)
    with transaction.atomic():
        engine.lock_report(report_id)
        viewer = Viewer.of(actor)
        report = Report.objects.visible_to(viewer.standing).for_view(actor).filter(pk=report_id).first()
        if report is None:
            raise engine.not_found()
        if refused := viewer.talk_refusal(report):
            raise refused
        _write(report, actor, text, _neighbour(report, actor, to))
    return engine.reread(actor, report_id)


def _neighbour(report: Report, actor: User, to: UUID | None) -> User:
    """Whose talk it is."""
    if report.reporter_id != actor.pk:
        return actor
    talk = BoardMessage.objects.filter(report=report, neighbour=to).select_related("neighbour").first()
    if talk is None:
        raise Invalid.field("to", _("请选择要回复的邻居"))
    return talk.neighbour


def _write(report: Report, actor: User, text: str, neighbour: User) -> None:
    lately = timezone.now() - AGAIN
    said = {"report": report, "neighbour": neighbour, "author": actor, "text": text}
    if BoardMessage.objects.filter(**said, created_at__gt=lately).exists():
        return
    message = BoardMessage.objects.create(**said)
    to = report.reporter if actor == neighbour else neighbour
    if to is not None:
        board_message_written.send(sender=BoardMessage, message=message, to=to)
