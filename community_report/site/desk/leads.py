"""Where the figures of the first page lead: to the list of reports, narrowed to what was counted."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone

from accounts.models import Building, Community
from reports.models import Category
from reports.statistics.desk import Period

Row = dict[str, Any]

#: By what the figures are grouped: the model, its path to the community, and what a row is called by.
GROUPS: dict[str, tuple[type[Model], str, tuple[str, ...]]] = {
    "community": (Community, "pk", ("name",)),
    "category": (Category, "community", ("name",)),
    "building": (Building, "community", ("community__name", "name")),
}


def rows_of(model: str, **narrow: Any) -> str:
    """The address of a list of the back office ("app_model"), with the parameters of its filters."""
    return f"{reverse(f'admin:{model}_changelist')}?{urlencode(narrow)}"


def reports(**narrow: Any) -> str:
    return rows_of("reports_report", **narrow)


class Leads:
    """The links of a period's rows. `here`: what narrows every list to the community chosen, if one of several is."""

    def __init__(self, communities: Collection[int], period: Period, here: Row) -> None:
        self.communities = communities
        self.narrow = {**here, "created_at_from": period.first.isoformat(), "created_at_to": period.last.isoformat()}
        if period.zone != timezone.get_current_timezone_name():  # the reader's, which lists go by
            self.narrow["created_at_zone"] = period.zone

    def mark(self, found: Row) -> None:
        """Sets `href` on each row of `desk_figures`."""
        for group in GROUPS:
            keys = self._keys(group)
            for row in found[f"by_{group}"]:
                name = (row["community"], row["name"]) if "community" in row else (row["name"],)
                row["href"] = self._to(group, keys[name])
        for row in found["by_staff"]:
            row["href"] = reports(handled=row["user"]["id"], **self.narrow)

    def _to(self, field: str, keys: list[int]) -> str:
        """Namesakes are counted together, and listed together."""
        one = len(keys) == 1
        chosen = {f"{field}__id__exact": keys[0]} if one else {f"{field}__in": ",".join(map(str, keys))}
        return reports(**{**self.narrow, **chosen})

    def _keys(self, group: str) -> dict[tuple[str, ...], list[int]]:
        model, path, called = GROUPS[group]
        rows = model._default_manager.filter(**{f"{path}__in": self.communities}).values_list("pk", *called)
        found: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for pk, *name in rows:
            found[tuple(name)].append(pk)
        return found
