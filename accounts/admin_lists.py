"""Lists of short texts as people type them: one a line. In the database they are JSON."""

import re
from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from community_report.core.admin import OneCommunityForm

from .hours import validate_working_hours
from .text import clean_part, clean_span

MOST_IN_A_LIST, LONGEST = 100, 40
#: How people separate what they list, and the signs that it had as JSON.
_BETWEEN, _SIGNS = re.compile(r"[\n,，、;；]"), "[]\"'“”"


class LinesField(forms.CharField):
    """A list of texts, one a line; commas do as well. `each` brings one into the form in which it is kept."""

    widget = UnfoldAdminTextareaWidget({"rows": 4})

    def __init__(self, *, each: Callable[[object], str], **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.each = each

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self._items(data) != (initial or [])

    def clean(self, value: Any) -> Any:
        items = self._items(super().clean(value))
        twice = next((item for item in items if items.count(item) > 1), None)
        if twice is not None:
            raise forms.ValidationError(_("“%(item)s”写了两次") % {"item": twice})
        if len(items) > MOST_IN_A_LIST or any(len(item) > LONGEST for item in items):
            raise forms.ValidationError(
                _("最多 %(n)d 项，每项最多 %(letters)d 个字") % {"n": MOST_IN_A_LIST, "letters": LONGEST}
            )
        return items

    def _items(self, text: Any) -> list[str]:
        found = (self.each(item.strip().strip(_SIGNS)) for item in _BETWEEN.split(text or ""))
        return [item for item in found if item]


class BuildingForm(OneCommunityForm):
    units = LinesField(
        each=clean_part,
        label=gettext_lazy("单元"),
        help_text=gettext_lazy("一行一个，例如 1单元；没有单元就留空"),
    )


class CommunityForm(OneCommunityForm):
    working_hours = LinesField(
        each=clean_span,
        label=gettext_lazy("工作时间"),
        help_text=gettext_lazy("一行一段，例如 08:30-12:00；留空就是全天"),
        validators=[],
    )

    def clean_working_hours(self) -> list[str]:
        hours: list[str] = self.cleaned_data["working_hours"]
        validate_working_hours(hours)
        return hours
