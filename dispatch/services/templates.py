"""Which template serves which kind: read from a file, checked against what the kind offers, stored and previewed."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from dispatch.channels.base import Message, TemplateChoice
from dispatch.channels.template import FIELDS, filled, prefix_of
from dispatch.kinds import Kind
from dispatch.models import Template
from dispatch.values import VALUES, Value

from . import troubles

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
        troubles.ask_again(f"template:{entry.kind}")
        changes.append(f"{'changed' if old else 'added'} {entry.kind}: {entry.template_id}")
    for kind, gone in sorted(before.items()):
        gone.delete()
        changes.append(f"removed {kind}")
    return changes


def check(kind: str, template_id: str, fields: object) -> None:
    """What WeChat would refuse (47003) is refused before. Raises TemplateFileError."""
    _entry("template", {"kind": kind, "template_id": template_id, "fields": fields})


def preview(kind: str, fields: Mapping[str, str]) -> dict[str, str]:
    """Every field as it would look, with sample values for what the kind offers; needs what `check` lets through."""
    samples = _samples()
    with translation.override(User.Language.CHINESE):
        phrases = _samples()
    values = {name: samples[name] for name in VALUES[kind]}
    message = Message(openid="", kind=kind, text="", url="", client_msg_id="", values=values, phrases=phrases)
    return filled(TemplateChoice("", fields), message)


def _samples() -> dict[str, Value]:
    """In the language that is active; one for each value of any kind."""
    noon = timezone.localtime().replace(hour=12, minute=0)
    return {
        "message": _("您收到【卫生清理】消息，请及时查看"),
        "community": _("府琛花园"),
        "time": noon,
        "kind": _("已接单"),
        "news": _("有新进展"),
        "number": "261123-0001",
        "title": _("六幢一单元楼道灯不亮，晚上上楼看不见路"),
        "category": _("公共设施报修"),
        "tag": _("水电维修"),
        "status": _("待处理"),
        "address": _("6幢1单元2楼"),
        "staff": _("张师傅"),
        "note": _("已联系电工，下午上门"),
        "created_at": noon,
        "due_at": noon,
        "count": 3,
        "score": 5,
        "name": _("李阿姨"),
        "home": _("6幢1单元401"),
        "role": _("业主"),
        "reason": _("房号与登记不符"),
    }


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
