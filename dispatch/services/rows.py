"""Saving many rows of one table in one plain statement.

Django's `bulk_update` makes a CASE with a WHEN for each row and column, and building that takes longer than everything
else that is done for a message.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model

from dispatch.models import Delivery

_UPDATE = """
UPDATE {table} AS old SET {assignments}
FROM unnest({arrays}) AS new ({columns}, lease)
WHERE old.id = new.id {condition}
"""
_STILL_LEASED = "AND old.status = 'pending' AND old.leased_until = new.lease"


def save(rows: Sequence[Delivery], names: Sequence[str]) -> None:
    """Write these fields of the rows, which the running transaction has locked."""
    _update([(row, None) for row in rows], names, "")


def save_leased(leases: Sequence[tuple[Delivery, datetime]], names: Sequence[str]) -> None:
    """Write these fields of each row that is still pending under the lease beside it; leave every other one alone."""
    _update(leases, names, _STILL_LEASED)


def _update(leases: Sequence[tuple[Delivery, datetime | None]], names: Sequence[str], condition: str) -> None:
    if not leases:
        return
    fields: list[Any] = [Delivery._meta.pk, *(Delivery._meta.get_field(name) for name in names)]
    values = [[_value(field, row) for row, _ in leases] for field in fields]
    statement = _UPDATE.format(
        table=Delivery._meta.db_table,
        assignments=", ".join(f"{field.column} = new.{field.column}" for field in fields[1:]),
        arrays=", ".join(f"%s::{_type(field)}[]" for field in fields) + ", %s::timestamptz[]",
        columns=", ".join(field.column for field in fields),
        condition=condition,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, [lease for _, lease in leases]])


def _value(field: Any, row: Model) -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)


def _type(field: Any) -> str:
    """Without a length: a cast to varchar(60) would cut silently what the column refuses."""
    return str(field.db_type(connection)).partition("(")[0]
