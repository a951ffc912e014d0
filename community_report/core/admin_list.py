"""The lists of the back office, as pages."""

from typing import Any

from django.http import HttpRequest
from unfold.views import ChangeList


class DeskList(ChangeList):
    """Called by what it lists; without an offer to show everything where everything is shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_popup:
            self.title = self.opts.verbose_name_plural

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.get_filters_params():
            self.full_result_count = self.result_count
