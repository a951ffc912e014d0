"""What was written about a board post, as one person may read it."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from .models import BoardMessage, Report
from .people import person_name
from .policies import Viewer
from .states import Party


@dataclass(frozen=True)
class Line:
    """`own`: written by who reads it; `by`: the name of who wrote it, the post's author being only that."""

    text: str
    at: datetime
    own: bool
    by: str


@dataclass(frozen=True)
class Talk:
    """The lines between the post's author and one neighbour, oldest first; `neighbour` is that person's id."""

    neighbour: UUID
    name: str
    lines: list[Line] = field(default_factory=list)


def talks_of(report: Report, viewer: Viewer) -> list[Talk]:
    """The author and the managers read all of them, a neighbour their own, others none. The newest talk last."""
    if report.category.claimable or not report.category.public:
        return []
    messages = BoardMessage.objects.filter(report=report).select_related("author", "neighbour")
    if not viewer.parties(report) & {Party.REPORTER, Party.MANAGER}:
        messages = messages.filter(neighbour=viewer.user)
    talks: dict[UUID, Talk] = {}
    for message in messages:
        talk = talks.setdefault(message.neighbour_id, Talk(message.neighbour_id, person_name(message.neighbour)))
        by = talk.name if message.author_id == message.neighbour_id else _("发布人")
        talk.lines.append(Line(message.text, message.created_at, message.author_id == viewer.user.pk, by))
    return list(talks.values())
