"""Internal notes: written by who works on a report, read by nobody else, told to nobody."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.recording import record
from community_report.core.errors import Forbidden
from reports.models import InternalNote, Report
from reports.policies import Viewer

from . import engine
from .words import AGAIN, required


@transaction.atomic
def write_note(*, actor: User, report_id: UUID, note: str) -> Report:
    """Add a note and give the report; the same words of the same person within a minute are one note.

    The report itself does not change, so that no resident can tell. Raises NotFound, Forbidden, Invalid.
    """
    engine.lock_report(report_id)
    viewer = Viewer.of(actor)
    report = Report.objects.visible_to(viewer.standing).for_view(actor).filter(pk=report_id).first()
    if report is None:
        raise engine.not_found()
    if not viewer.may_see_notes(report):
        raise Forbidden(_("内部备注只给处理这条报单的工作人员和管理人员"))
    text = required(note, "note", _("请写几个字"))
    said = {"report": report, "author": actor, "text": text}
    if not InternalNote.objects.filter(**said, at__gt=viewer.now - AGAIN).exists():
        InternalNote.objects.create(**said, at=viewer.now)
        record("report_note", actor=actor, community=report.community_id, subject=report.number)
    return engine.reread(actor, report_id)
