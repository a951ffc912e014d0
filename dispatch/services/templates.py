"""Which template serves which kind: read from a file, checked against what the kind offers, stored."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from dispatch.channels.template import FIELDS, prefix_of
from dispatch.kinds import Kind
from dispatch.models import Template
from dispatch.values import VALUES

_TEMPLATE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEYS = {"kind", "template_id", "fields"}


class TemplateFileError(Exception):
    """The file is not what it must be; the text names the line or the entry and the key."""


@dataclass(frozen=True)
class Entry:
    kind: str
    template_id: str
    fields: Mapping[str, str]


def read_template_file(path: Path) -> list[Entry]:
    """The `[[templates]]` of a TOML file. Raises TemplateFileError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TemplateFileError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TemplateFileError(f"{path}: not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise TemplateFileError(f"{path}: {error}") from None
    rows = data.pop("templates", [])
    if data or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TemplateFileError(f"{path}: only [[templates]] is known here, not {', '.join(data) or 'templates'}")
    entries = [_entry(f"templates[{number}]", row) for number, row in enumerate(rows, 1)]
    kinds = [entry.kind for entry in entries]
    if twice := {kind for kind in kinds if kinds.count(kind) > 1}:
        raise TemplateFileError(f"kind {', '.join(sorted(twice))}: named twice")
    return entries


@transaction.atomic
def set_templates(entries: list[Entry]) -> list[str]:
    """Make the account's templates exactly these; gives one line for each change, none when nothing changes."""
    changes = []
    before = {template.kind: template for template in Template.objects.select_for_update()}
    for entry in entries:
        old = before.pop(entry.kind, None)
        if old and (old.template_id, old.fields) == (entry.template_id, dict(entry.fields)):
            continue
        values = {"template_id": entry.template_id, "fields": dict(entry.fields)}
        Template.objects.update_or_create(kind=entry.kind, defaults=values)
        changes.append(f"{'changed' if old else 'added'} {entry.kind}: {entry.template_id}")
    for kind, gone in sorted(before.items()):
        gone.delete()
        changes.append(f"removed {kind}")
    return changes


def _entry(where: str, row: Mapping[str, Any]) -> Entry:
    if unknown := set(row) - _KEYS:
        raise TemplateFileError(f"{where}.{min(unknown)}: unknown key")
    kind, template_id, fields = (row.get(key) for key in ("kind", "template_id", "fields"))
    if kind not in Kind.values:
        raise TemplateFileError(f"{where}.kind: must be one of {', '.join(Kind.values)}")
    if not isinstance(template_id, str) or not _TEMPLATE_ID.fullmatch(template_id):
        raise TemplateFileError(f"{where}.template_id: must be the template's id as WeChat shows it")
    if not isinstance(fields, dict) or not fields:
        raise TemplateFileError(f"{where}.fields: must be a table of fields and values")
    for field, value in fields.items():
        _check_field(f"{where}.fields.{field}", kind, field, value)
    return Entry(kind, template_id, fields)


def _check_field(where: str, kind: str, field: str, value: object) -> None:
    """The field is one that WeChat has, the value one that the kind has, and the one takes the other."""
    try:
        prefix = prefix_of(field)
    except KeyError:
        known = ", ".join(f"{name}1" for name in FIELDS)
        raise TemplateFileError(f"{where}: no such field; fields are numbered, such as {known}") from None
    offered = VALUES[kind]
    if not isinstance(value, str) or value not in offered:
        raise TemplateFileError(f"{where}: {kind} has no value {value!r}; it has {', '.join(sorted(offered))}")
    if offered[value] not in FIELDS[prefix][0]:
        raise TemplateFileError(f"{where}: a field {prefix} cannot hold {value}, which is a {offered[value]}")
