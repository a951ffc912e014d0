"""What the simulated platform remembers: people, chats, media, codes, menu, tokens. Kept as one JSON file beside the
media files; written aside and renamed, soon after a change, so that a killed process leaves a whole file."""

import asyncio
import json
import os
import secrets
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

CHAT_LENGTH = 300
#: Soon after a change; a large state is written less often, so that writing takes at most a twentieth of the time.
WRITE_DELAY, WRITE_SHARE = 0.3, 0.05


@dataclass
class Phone:
    """One person's phone. Times are Unix seconds; `grants` maps `message`/`interaction` to {left, until}."""

    host: str
    name: str
    openid: str
    role: str = ""
    name_en: str = ""
    role_en: str = ""
    show: bool = True
    color: str = ""
    platform: str = "android"
    subscribed: bool = False
    subscribed_at: float = 0.0
    subscribe_scene: str = "ADD_SCENE_SEARCH"
    qr_scene: str = ""
    latitude: float = 30.287459
    longitude: float = 120.15358
    place: str = "府琛花园"
    snapshot: bool = False
    mutes_templates: bool = False
    next_scan: str = ""
    transcript: str = ""
    language: str = "zh_CN"
    grants: dict[str, dict[str, float]] = field(default_factory=dict)
    subscriptions: dict[str, int] = field(default_factory=dict)
    mass_received: list[float] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Template:
    id: str
    title: str
    content: str
    kind: str = "template"


@dataclass
class QrCode:
    ticket: str
    scene: str
    url: str
    created_at: float
    expires_at: float | None = None
    numeric: bool = False


@dataclass
class Media:
    """`file` is a name in the media folder; `phone` is empty for what the application uploaded."""

    id: str
    type: str
    file: str
    content_type: str
    created_at: float
    source: str = "api"
    phone: str = ""


@dataclass
class Token:
    """`family` keeps token, stable_token and the jsapi ticket apart."""

    value: str
    family: str
    expires_at: float
    issued_at: float
    revoked: bool = False


@dataclass
class Account:
    name: str = "府琛花园服务号"
    id: str = "gh_demo"


@dataclass
class State:
    account: Account = field(default_factory=Account)
    phones: dict[str, Phone] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    qrcodes: dict[str, QrCode] = field(default_factory=dict)
    media: dict[str, Media] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    menu: list[dict[str, Any]] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    public_base_url: str = ""

    def __post_init__(self) -> None:
        self._by_openid: dict[object, Phone] = {}

    def next_id(self, name: str, start: int = 1) -> int:
        self.counters[name] = self.counters.get(name, start - 1) + 1
        return self.counters[name]

    def phone_of(self, openid: object) -> Phone | None:
        phone = self._by_openid.get(openid)
        if phone is None or phone.openid != openid or self.phones.get(phone.host) is not phone:
            self._by_openid = {one.openid: one for one in self.phones.values()}
            phone = self._by_openid.get(openid)
        return phone


NESTED = {"phones": Phone, "templates": Template, "qrcodes": QrCode, "media": Media, "tokens": Token}


def state_from_json(raw: dict[str, Any]) -> State:
    """Unknown keys are dropped, so that a file of another version still loads."""
    state = State(menu=raw.get("menu", []), counters=raw.get("counters", {}))
    state.public_base_url = raw.get("public_base_url", "")
    state.account = _known(Account, raw.get("account", {}))
    for name, kind in NESTED.items():
        setattr(state, name, {key: _known(kind, value) for key, value in raw.get(name, {}).items()})
    return state


def _known(kind: Any, values: dict[str, Any]) -> Any:
    names = {item.name for item in fields(kind)}
    return kind(**{key: value for key, value in values.items() if key in names})


class Store:
    """Holds the state and its folder. `changed()` writes it soon; `flush()` at once."""

    def __init__(self, folder: Path | None) -> None:
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="wechat-sandbox-")
        self.folder = folder or Path(self._temporary.name if self._temporary else ".")
        self.media_folder = self.folder / "media"
        self.media_folder.mkdir(parents=True, exist_ok=True)
        self.file = self.folder / "state.json"
        self.existed = self.file.exists()
        self.state = state_from_json(json.loads(self.file.read_text("utf-8"))) if self.existed else State()
        self._timer: asyncio.TimerHandle | None = None
        self._delay = WRITE_DELAY

    def move(self, address: str) -> None:
        """The application is at this address now: what was kept from another one (menu, chats) leads there."""
        before, self.state.public_base_url = self.state.public_base_url, address
        if before not in ("", address):
            self.state = state_from_json(json.loads(json.dumps(asdict(self.state)).replace(before, address)))

    def changed(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._delay, self.flush)

    def flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        began = time.monotonic()
        # Not asdict, which copies everything first, nor indented: that is done in Python, letter by letter.
        text = json.dumps(self.state, default=_fields, ensure_ascii=False)
        write_atomically(self.file, lambda file: file.write(text.encode()))
        self._delay = max(WRITE_DELAY, (time.monotonic() - began) / WRITE_SHARE)

    def write_media(self, name: str, content: bytes) -> None:
        write_atomically(self.media_folder / name, lambda file: file.write(content))

    def close(self) -> None:
        self.flush()
        if self._temporary:
            self._temporary.cleanup()


def _fields(item: Any) -> dict[str, Any]:
    return {each.name: getattr(item, each.name) for each in fields(item)}


def write_atomically(path: Path, write: Callable[[Any], object]) -> None:
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with aside.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
