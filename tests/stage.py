"""The cast, made once in each process and set up again for each test by a few inserts: making it takes 250."""

import copy
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction

from .factories import Cast, make_cast

Rows = Sequence[tuple[type[models.Model], Sequence[models.Model]]]


class Stage:
    """What making the cast leaves in the database, kept in memory. `permissions` are the ids that its rows name."""

    def __init__(self) -> None:
        self.permissions = _permissions()
        with transaction.atomic():
            before = {model: set(model._base_manager.values_list("pk", flat=True)) for model in _models()}
            self._cast = make_cast()
            self._rows: Rows = [(model, new) for model in _models() if (new := _rows_beside(model, before[model]))]
            transaction.set_rollback(True)

    def set_up(self) -> Cast:
        with transaction.atomic():  # foreign keys are looked at when it ends
            for model, rows in self._rows:
                model._base_manager.bulk_create(copy.deepcopy(rows))
        return copy.deepcopy(self._cast)


def cast_on_stage() -> Cast:
    """The cast in the database of this test. A flush (transactional tests) makes permissions anew, so the stage too."""
    if _stage().permissions != _permissions():
        _stage.cache_clear()
    return _stage().set_up()


@cache
def _stage() -> Stage:
    return Stage()


def _models() -> list[type[models.Model]]:
    """Those with a table of their own that migrations do not fill."""
    tables = [m for m in apps.get_models(include_auto_created=True) if m._meta.managed and not m._meta.proxy]
    return [m for m in tables if m not in (ContentType, Permission)]


def _rows_beside(model: type[models.Model], known: set[Any]) -> list[models.Model]:
    return [row for row in model._base_manager.all() if row.pk not in known]


def _permissions() -> tuple[int, int]:
    found = Permission.objects.aggregate(first=models.Min("pk"), last=models.Max("pk"))
    return found["first"], found["last"]
