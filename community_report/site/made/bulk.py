"""Rows into PostgreSQL by COPY: fast, and with the times that they say (`auto_now_add` would set today)."""

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.apps import apps as registry
from django.db import connection
from django.db.models import JSONField, Model
from psycopg2.extensions import get_wait_callback, set_wait_callback


def copy_in(model: type[Model], rows: Sequence[Model]) -> None:
    """Insert the rows as they are; those of a table with a serial key need theirs already (`keys`)."""
    if not rows:
        return
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    text = io.StringIO()
    for row in rows:
        values = (_text(field, getattr(row, field.attname)) for field in fields)
        text.write("\t".join(values) + "\n")
    text.seek(0)
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", text)


def analyze(*apps: str) -> None:
    """Tell the planner of these apps' rows, which it would come to know of in minutes only."""
    models = (model for app in apps for model in registry.get_app_config(app).get_models(include_auto_created=True))
    tables = sorted({connection.ops.quote_name(model._meta.db_table) for model in models})
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")


@contextmanager
def waiting_plainly() -> Iterator[None]:
    """psycopg2 cannot COPY while a callback of ours watches over its waiting, and a long COMMIT is no silence."""
    callback = get_wait_callback()
    set_wait_callback(None)
    try:
        yield
    finally:
        set_wait_callback(callback)


def keys(model: type[Model], number: int) -> list[int]:
    """So many keys of the table's own sequence."""
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [table, column, number]
        )
        return [key for (key,) in cursor.fetchall()]


def numbered(rows: Iterable[Model]) -> list[Any]:
    """The rows (of one model) with keys of its sequence."""
    found = list(rows)
    if found:
        for row, key in zip(found, keys(type(found[0]), len(found)), strict=True):
            row.pk = key
    return found


def _text(field: Any, value: Any) -> str:
    """One value as COPY's text format has it."""
    if value is None:
        return "\\N"
    if isinstance(field, JSONField):
        value = json.dumps(value, ensure_ascii=False)
    elif isinstance(value, bool):
        return "t" if value else "f"
    elif hasattr(value, "isoformat"):
        return str(value.isoformat())
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
