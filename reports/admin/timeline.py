"""What happened to a report, as the desk tells it: its events and the internal notes in one line of time."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from reports.models import Report, ReportEvent
from reports.notes import notes_of
from reports.people import person_name
from reports.policies import Viewer
from reports.states import Status, event_label

from .inlines import NONE, shown_media


@dataclass(frozen=True)
class Step:
    """One line. `internal`: a note, which no resident sees; `shown`: what came with it, to look at."""

    at: datetime
    what: str | Promise
    who: str
    change: str = NONE
    words: str = NONE
    shown: SafeString | str = NONE
    internal: bool = False


def timeline_of(report: Report, viewer: Viewer) -> list[Step]:
    """Oldest first, in four queries; `report` comes from `for_view`."""
    events = report.events.select_related("actor").prefetch_related("attachments")
    notes = [
        Step(note.at, gettext("内部备注"), person_name(note.author), words=note.text or NONE, internal=True)
        for note in reversed(notes_of(report, viewer))
    ]
    return sorted([*map(_step, events), *notes], key=lambda step: step.at)


def _step(event: ReportEvent) -> Step:
    return Step(
        at=event.at,
        what=event_label(event.kind),
        who=person_name(event.actor) if event.actor else gettext("系统"),
        change=_change(event),
        words=event.note or NONE,
        shown=format_html_join("", "{}", ((shown_media(found),) for found in event.attachments.all())) or NONE,
    )


def _change(event: ReportEvent) -> str:
    if not event.to_status:
        return NONE
    to = Status(event.to_status).label
    return f"{Status(event.from_status).label} → {to}" if event.from_status else str(to)
