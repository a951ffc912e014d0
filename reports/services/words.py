"""What people write beside what they do: notes and reasons."""

from datetime import timedelta

from django.utils.translation import gettext as _

from community_report.core.errors import Invalid

NOTE_MAX = 2000
#: The same words of the same person again this soon are a second tap, or sent anew because the answer was lost.
AGAIN = timedelta(minutes=1)


def required(note: str, field: str, sentence: str) -> str:
    """Cleaned; raises Invalid for `field` with `sentence` where nothing is left."""
    text = clean(note, field)
    if not text:
        raise Invalid.field(field, sentence)
    return text


def clean(note: str, field: str) -> str:
    """Without white space around it; raises Invalid above `NOTE_MAX` characters."""
    text = note.strip()
    if len(text) > NOTE_MAX:
        raise Invalid.field(field, _("最多 %(max)d 个字") % {"max": NOTE_MAX})
    return text
