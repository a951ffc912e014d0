"""The cast file: who has a phone, which templates the account has, and the guided tour beside the phones."""

import secrets
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from sandbox.state import Account, Phone, State, Template

DEFAULT = Path(__file__).with_name("cast.toml")
COLORS = ["#d9846c", "#5b8fb0", "#7d9a5b", "#8a76a8", "#b0905b", "#5bb0a4", "#b06b8b", "#6b74b0"]
DESCRIBED = {"name", "name_en", "openid", "role", "role_en", "show", "color", "platform", "place"}


@dataclass
class Cast:
    account: dict[str, str] = field(default_factory=dict)
    page: dict[str, str] = field(default_factory=dict)
    phones: list[dict[str, Any]] = field(default_factory=list)
    templates: list[dict[str, Any]] = field(default_factory=list)
    tour: list[dict[str, Any]] = field(default_factory=list)


def read(path: Path | None) -> Cast:
    raw = tomllib.loads((path or DEFAULT).read_text("utf-8"))
    return Cast(**{item.name: raw[item.name] for item in fields(Cast) if item.name in raw})


def apply(cast: Cast, state: State, now: float) -> None:
    """Adds what is new and updates descriptions; what people did since (following, chats) stays."""
    state.account = Account(**(vars(state.account) | cast.account))
    for entry in cast.phones:
        add_phone(state, entry, now)
    for entry in cast.templates:
        state.templates[entry["id"]] = Template(**entry)


def add_phone(state: State, entry: dict[str, Any], now: float) -> Phone:
    """`host` is required. Who follows already does since `now`. Raises TypeError for an unknown key."""
    known = state.phones.get(entry["host"])
    if known:
        for key in DESCRIBED & entry.keys():
            setattr(known, key, entry[key])
        return known
    entry = {"name": entry["host"], "openid": "o" + secrets.token_urlsafe(20)[:27]} | entry
    phone = Phone(**entry)
    phone.subscribed_at = phone.subscribed_at or (now if phone.subscribed else 0.0)
    phone.color = phone.color or COLORS[len(state.phones) % len(COLORS)]
    state.phones[phone.host] = phone
    return phone
