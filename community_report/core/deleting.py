"""Deleting what nothing refers to: a slip of the pen goes, what is in use stays."""

from collections import Counter
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from .errors import Conflict


def in_use_by(row: Model) -> dict[str, int]:
    """What refers to the row: the name of the rows → how many. What the row itself leads to does not count."""
    found: Counter[str] = Counter()
    links: list[Any] = [link for link in row._meta.get_fields(include_hidden=True) if link.is_relation]
    for link in links:
        model = link.related_model
        if link.concrete or not link.auto_created or model is None or model._meta.auto_created:
            continue  # the row's own fields, and the tables between
        found[str(model._meta.verbose_name_plural)] += model._base_manager.filter(**{link.field.name: row.pk}).count()
    return dict(+found)


def refuse_used(row: Model) -> None:
    """Raises Conflict, with what stands against deleting the row."""
    if used := in_use_by(row):
        parts = (_("%(what)s（%(n)d）") % {"what": what, "n": n} for what, n in used.items())
        words = {"row": row, "used": _("、").join(parts)}
        raise Conflict(_("“%(row)s”还在使用，不能删除：%(used)s") % words)


@transaction.atomic
def delete_unused(row: Model) -> None:
    """Delete the row, held so that nothing can come to refer to it meanwhile. Raises Conflict."""
    type(row)._default_manager.select_for_update().filter(pk=row.pk).first()
    refuse_used(row)
    row.delete()
