"""Importing the roster from the back office in two steps, and taking one import back."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tablib import Dataset

from accounts.models import Community, Home, Membership, RosterEntry, RosterImport, User
from accounts.policies import require, standing_of
from accounts.services.recording import record
from accounts.services.roster_file import RosterFileError, read_roster
from accounts.services.roster_resource import RosterResult, dataset_of, import_roster
from accounts.services.roster_rows import AS_A_DATE
from community_report.core.errors import Conflict, Invalid

MOST_BYTES = 10 << 20
#: What was looked at and not done goes after so long, and so do the bad rows of what was done: they name people.
UNDECIDED = BAD_ROWS = timedelta(days=7)


def prepare_import(*, actor: User, community: Community, file: UploadedFile) -> RosterImport:
    """Read the file and work out what it would change; nothing is changed. Raises Invalid (`file`), Forbidden."""
    require(standing_of(actor), "manage_people", community)
    rows = _read(file)
    result = import_roster(community=community, rows=rows, dry_run=True)
    prepared = RosterImport(
        community=community,
        created_by=actor,
        file_name=Path(file.name or "").name[:200],
        rows=[list(row) for row in rows],
    )
    _keep(prepared, result, rows, dry=True)
    return prepared


def _read(file: UploadedFile) -> Dataset:
    if (file.size or 0) > MOST_BYTES:
        raise Invalid.field("file", _("文件太大了，最多 10 MB"))
    try:
        return read_roster(file.read(), Path(file.name or "").name)
    except RosterFileError as error:
        raise Invalid.field("file", str(error)) from None


def _keep(row: RosterImport, result: RosterResult, rows: Dataset, *, dry: bool) -> None:
    row.added, row.updated, row.unchanged = result.added, result.updated, result.unchanged
    row.bad = len(result.rejected)
    written = {number: " ".join(filter(None, map(str, cells))) for number, *cells in rows}
    row.rejected = [[number, why, written[number].replace(AS_A_DATE, "")] for number, why in result.rejected]
    row.changes = [[c.home, c.before, c.after, None if dry else c.entry] for c in result.changes]
    row.new_homes = [] if dry else result.new_homes
    row.save()


@transaction.atomic
def apply_import(*, actor: User, pk: int) -> RosterImport:
    """Do what was prepared, by the roster as it is now. Raises Conflict where it was done already."""
    row = _held(actor, pk)
    if row.applied_at is not None:
        raise Conflict(_("这次导入已经完成"))
    rows = dataset_of(row.rows)
    result = import_roster(community=row.community, rows=rows)
    row.applied_at, row.rows = timezone.now(), []
    _keep(row, result, rows, dry=False)
    record("roster_imported", actor=actor, community=row.community, subject=row.file_name, detail=_counts(row))
    return row


def _counts(row: RosterImport) -> str:
    return f"+{row.added} ~{row.updated} ={row.unchanged} !{row.bad}"


def _held(actor: User, pk: int) -> RosterImport:
    row = RosterImport.objects.select_for_update(of=("self",)).select_related("community").get(pk=pk)
    require(standing_of(actor), "manage_people", row.community)
    return row


@transaction.atomic
def undo_import(*, actor: User, pk: int) -> RosterImport:
    """Take back what one import made and changed.

    Raises Conflict where somebody is bound to an entry that it made, or has bound by a number that it changed, where an
    entry has been changed or removed since, or where what stood before has been given to somebody else.
    """
    community = RosterImport.objects.values_list("community", flat=True).get(pk=pk)
    Community.objects.select_for_update(no_key=True).get(pk=community)  # no import meanwhile: see `import_roster`
    row = _held(actor, pk)
    if row.applied_at is None or row.undone_at is not None:
        raise Conflict(_("这次导入还没有完成，或已经撤销"))
    entries = (
        RosterEntry.objects.select_for_update(of=("self",))
        .select_related("home__building")
        .in_bulk([change[3] for change in row.changes])
    )
    _refuse_bound(row)
    _refuse_changed(row, entries)
    _restore(row, entries)
    row.undone_at = timezone.now()
    row.save(update_fields=["undone_at"])
    record("roster_import_undone", actor=actor, community=row.community, subject=row.file_name, detail=_counts(row))
    return row


def _made(row: RosterImport) -> list[int]:
    return [change[3] for change in row.changes if change[1] is None]


def _refuse_bound(row: RosterImport) -> None:
    changed = [change[3] for change in row.changes if change[1] is not None]
    by_it = Q(roster_entry__in=_made(row)) | Q(roster_entry__in=changed, decided_at__gte=row.applied_at)
    bound = Membership.objects.live().filter(by_it).count()
    if bound:
        said = ngettext(
            "已有 %(n)d 人绑定到这次导入的名册，不能撤销", "已有 %(n)d 人绑定到这次导入的名册，不能撤销", bound
        )
        raise Conflict(said % {"n": bound})


def _refuse_changed(row: RosterImport, entries: dict[int, RosterEntry]) -> None:
    for home, _before, after, pk in row.changes:
        entry = entries.get(pk)
        if entry is None or [entry.name, entry.phone] != after:
            raise Conflict(_("导入之后 %(home)s 的名册又改过，不能撤销") % {"home": home})


def _restore(row: RosterImport, entries: dict[int, RosterEntry]) -> None:
    RosterEntry.objects.filter(pk__in=_made(row)).delete()
    changed: list[RosterEntry] = []
    for _home, before, _after, pk in row.changes:
        if before is not None:
            entries[pk].name, entries[pk].phone = before
            changed.append(entries[pk])
    _refuse_taken(changed)
    RosterEntry.objects.bulk_update(changed, ["name", "phone"], batch_size=500)
    unused: Any = Home.objects.filter(pk__in=row.new_homes, roster=None, memberships=None)
    unused.delete()


def _refuse_taken(changed: list[RosterEntry]) -> None:
    """Does somebody who was added since have, in the same home, the number that comes back?"""
    pks = [entry.pk for entry in changed]
    there = RosterEntry.objects.filter(home__in={entry.home_id for entry in changed}).exclude(pk__in=pks)
    taken = set(there.values_list("home_id", "phone"))
    for entry in changed:
        if (entry.home_id, entry.phone) in taken:
            words = {"home": entry.home, "phone": entry.phone}
            raise Conflict(_("%(home)s 现在另有一位的手机是 %(phone)s，不能撤销") % words)


def remove_undecided(now: datetime) -> int:
    """Remove what nobody applied; gives how many there were."""
    return RosterImport.objects.filter(applied_at=None, created_at__lt=now - UNDECIDED).delete()[0]


def forget_bad_rows(now: datetime) -> int:
    """Empty the bad rows of what was applied, whose number stays; gives of how many imports."""
    return RosterImport.objects.filter(applied_at__lt=now - BAD_ROWS).exclude(rejected=[]).update(rejected=[])
