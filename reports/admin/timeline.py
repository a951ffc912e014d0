"""What happened to a report, as the desk tells it: its events and the internal notes in one line of time."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from reports.models import Report, ReportEvent
from reports.notes import notes_of
from reports.people import person_name
from reports.policies import Viewer
from reports.states import Status, event_label

from .inlines import NONE, shown_media
from .merged import link_to


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
    """Oldest first, in four queries, and one for what it was merged into; `report` comes from `for_view`."""
    events = report.events.select_related("actor").prefetch_related("attachments")
    notes = [
        Step(note.at, gettext("内部备注"), person_name(note.author), words=note.text or NONE, internal=True)
        for note in reversed(notes_of(report, viewer))
    ]
    return sorted([*(_step(event, report) for event in events), *notes], key=lambda step: step.at)


def _step(event: ReportEvent, report: Report) -> Step:
    return Step(
        at=event.at,
        what=event_label(event.kind),
        who=person_name(event.actor) if event.actor else gettext("系统"),
        change=change_words(event),
        words=_words(event, report),
        shown=format_html_join("", "{}", ((shown_media(found),) for found in event.attachments.all())) or NONE,
    )


def _words(event: ReportEvent, report: Report) -> str:
    """What was said, after the number of the report that this one went into."""
    into = report.merged_into if event.data.get("into") else None
    if into is None:
        return event.note or NONE
    return format_html("{} {} {}", gettext("合并到"), link_to(into), event.note)


def change_words(event: ReportEvent) -> str:
    """From which state to which, in words."""
    if not event.to_status:
        return NONE
    to = Status(event.to_status).label
    return f"{Status(event.from_status).label} → {to}" if event.from_status else str(to)
