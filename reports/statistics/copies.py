"""What reports and claims keep for the figures (see their models), held against events and ratings.

The services write it in the transaction that changes something; `manage.py check_figures` and the tests ask here
whether it is still so, and the sweep mends what the release before left out while both ran.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import connection, transaction

from reports.models import Report

from .days import count_finished, recount

#: Reports that are held at a time while they are mended.
BATCH = 200
#: Each process of the workers looks so often, after its start for the first time, at what changed lately.
EVERY, LATELY = timedelta(hours=1), timedelta(days=14)

_FIND = "SELECT kept.{report} FROM {table} AS kept JOIN ({told}) AS told ON told.id = kept.id WHERE {differs}"
_WRITE = "UPDATE {table} AS kept SET {new} FROM ({told}) AS told WHERE told.id = kept.id AND {differs}"


@dataclass(frozen=True)
class _Copies:
    """The columns of a table, and a query of what they should be, over the reports for which `{which}` holds."""

    table: str
    report: str
    columns: tuple[str, ...]
    told: str

    def wrong(self, which: str, params: dict[str, Any]) -> list[UUID]:
        """The report of each row that is not as its origins say."""
        with connection.cursor() as cursor:
            cursor.execute(self._filled(_FIND, which), params)
            return [pk for (pk,) in cursor.fetchall()]

    def mend(self, reports: list[UUID]) -> int:
        """Changes what is not as its origins say, and nothing else; how many rows."""
        with connection.cursor() as cursor:
            cursor.execute(self._filled(_WRITE, "report.id = ANY(%(reports)s)"), {"reports": reports})
            return cursor.rowcount

    def _filled(self, sql: str, which: str) -> str:
        kept, told = (", ".join(f"{of}.{name}" for name in self.columns) for of in ("kept", "told"))
        return sql.format(
            table=self.table,
            report=self.report,
            new=", ".join(f"{name} = told.{name}" for name in self.columns),
            told=self.told.format(which=which),
            differs=f"({kept}) IS DISTINCT FROM ({told})",
        )


_COPIES = {
    "reports": _Copies(
        table="reports_report",
        report="id",
        columns=("reopened", "told_overdue", "score"),
        told="""
SELECT report.id, rating.score,
       EXISTS (SELECT FROM reports_reportevent WHERE report_id = report.id AND kind = 'reopen') AS reopened,
       EXISTS (SELECT FROM reports_reportevent WHERE report_id = report.id AND kind = 'overdue') AS told_overdue
FROM reports_report AS report LEFT JOIN reports_rating AS rating ON rating.report_id = report.id
WHERE {which}
""",
    ),
    "claims": _Copies(
        table="reports_claim",
        report="report_id",
        columns=("community_id", "filed_at", "first", "held_before", "resolved_before", "reopened"),
        told="""
SELECT claim.id, report.community_id, report.created_at AS filed_at,
       claim.id = min(claim.id) OVER (PARTITION BY claim.report_id) AS first,
       count(*) OVER earlier > 0 AS held_before, count(claim.resolved_at) OVER earlier > 0 AS resolved_before,
       EXISTS (SELECT FROM reports_reportevent WHERE report_id = report.id AND kind = 'reopen') AND EXISTS (
           SELECT FROM reports_reportevent AS given
           JOIN reports_reportevent AS said ON said.report_id = given.report_id AND said.id > given.id
           WHERE given.report_id = claim.report_id AND given.kind = 'resolve' AND said.kind = 'reopen'
             AND given.actor_id = claim.staff_id AND given.at >= claim.claimed_at
             AND (claim.ended_at IS NULL OR given.at <= claim.ended_at)
       ) AS reopened
FROM reports_claim AS claim JOIN reports_report AS report ON report.id = claim.report_id
WHERE {which}
WINDOW earlier AS (
    PARTITION BY claim.report_id, claim.staff_id ORDER BY claim.id
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
)
""",
    ),
}


def wrong() -> dict[str, int]:
    """How many reports, claims and days are not as they should be. Writes nothing and holds nothing."""
    return {**{name: len(found) for name, found in _wrong().items()}, "days": recount(keep=False)}


def mend() -> dict[str, int]:
    """How many were not as they should be; now they are."""
    return {**_mend(_wrong()), "days": recount(keep=True)}


def keep_up(now: datetime) -> None:
    """The sweep's part, now and then: what the release before wrote since, and the days that are over."""
    if cache.add("reports.figures_kept_up", True, EVERY.total_seconds()):
        _mend(_wrong(now - LATELY))
        count_finished()


def _wrong(since: datetime | None = None) -> dict[str, list[UUID]]:
    """The reports of all wrong rows, among those that changed `since` (None: all)."""
    which = "TRUE" if since is None else "report.updated_at >= %(since)s"
    with transaction.atomic():
        if since is None:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = 0")  # looks at everything that there is
        return {name: copies.wrong(which, {"since": since}) for name, copies in _COPIES.items()}


def _mend(found: dict[str, list[UUID]]) -> dict[str, int]:
    """Looks once more at each while it is held: what happened meanwhile is not overwritten."""
    keys = sorted({pk for pks in found.values() for pk in pks})
    mended = dict.fromkeys(_COPIES, 0)
    for begin in range(0, len(keys), BATCH):
        with transaction.atomic():
            batch = _held(keys[begin : begin + BATCH])
            for name, copies in _COPIES.items():
                mended[name] += copies.mend(batch)
    return mended


def _held(reports: Iterable[UUID]) -> list[UUID]:
    """Held as every transition holds them, claims included, and in the order that merging keeps to."""
    rows = Report.objects.select_for_update(of=("self",)).filter(pk__in=reports).order_by("pk")
    return list(rows.values_list("pk", flat=True))
