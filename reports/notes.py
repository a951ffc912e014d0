"""The internal notes of a report, as one person may read them."""

from .models import InternalNote, Report
from .policies import Viewer


def notes_of(report: Report, viewer: Viewer) -> list[InternalNote]:
    """Newest first, each with its author; none for whom they are not meant. `report` comes from `for_view`."""
    if not viewer.may_see_notes(report):
        return []
    return list(InternalNote.objects.filter(report=report).select_related("author").order_by("-id"))
