"""The whole simulated platform in one object that every handler is given."""

import re
import secrets
import time
from dataclasses import asdict
from typing import Any

from sandbox import allowance, cast
from sandbox.clock import Clock
from sandbox.config import Config
from sandbox.faults import Faults
from sandbox.journal import Hub, Journal
from sandbox.media import LocalFiles, MediaLibrary
from sandbox.state import CHAT_LENGTH, Phone, QrCode, State, Store
from sandbox.tokens import Tokens

HOST = re.compile(r"[a-z0-9-]{1,40}")


class World:
    """`enforce` switches the allowance check of custom/send; `oauth_codes` are those not yet forgotten."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.clock = Clock()
        self.hub = Hub()
        self.journal = Journal(self.hub)
        self.store = Store(config.state_dir)
        self.store.move(config.public_base_url)
        self.tokens = Tokens(self.store, self.clock)
        self.media = MediaLibrary(self.store, self.clock)
        self.local = LocalFiles()
        self.faults = Faults()
        self.cast = cast.read(config.cast)
        cast.apply(self.cast, self.store.state, self.clock.now())
        self.enforce = True
        self.oauth_codes: dict[str, dict[str, Any]] = {}
        self.oauth_tokens: dict[str, dict[str, Any]] = {}
        self.calls_today: dict[str, int] = {}
        self.memory: dict[str, dict[str, Any]] = {}

    @property
    def state(self) -> State:
        return self.store.state

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.config.port}"

    def phone_at(self, host: str) -> Phone | None:
        """The phone whose address this `Host` header is: `<name>.localhost[:port]`."""
        name, _, rest = host.partition(".")
        return self.state.phones.get(name) if rest.split(":")[0] == "localhost" else None

    def add_phone(self, values: dict[str, Any]) -> Phone:
        """Raises ValueError for a host name that cannot be, TypeError for an unknown key."""
        if not HOST.fullmatch(str(values.get("host", ""))):
            raise ValueError("host is made of a-z, 0-9 and -")
        phone = cast.add_phone(self.state, values, self.clock.now())
        self.phone_changed(phone)
        return phone

    def phone_changed(self, phone: Phone) -> None:
        self.store.changed()
        self.hub.publish("phone", self.phone_view(phone))

    def phone_view(self, phone: Phone) -> dict[str, Any]:
        """What the page and the control API show: everything but the chat, plus the open windows."""
        values = asdict(phone)
        del values["messages"], values["grants"]
        values["allowance"] = allowance.view(phone, self.clock.now())
        values["url"] = f"http://{phone.host}.localhost:{self.config.port}"
        return values

    def chat(self, phone: Phone, sender: str, kind: str, **content: Any) -> dict[str, Any]:
        """Adds a message to a chat. `sender` is `me`, `account` or `system`."""
        number = self.state.next_id("chat")
        message = {"id": number, "at": time.time(), "from": sender, "type": kind, **content}
        phone.messages.append(message)
        del phone.messages[:-CHAT_LENGTH]
        self.store.changed()
        self.hub.publish("chat", {"host": phone.host, "message": message})
        return message

    def account_says(self, phone: Phone, channel: str, kind: str, **content: Any) -> dict[str, Any]:
        """A message of the account that reaches a phone: in the chat and in the journal."""
        message = self.chat(phone, "account", kind, channel=channel, **content)
        about = {"channel": channel, "phone": phone.host, "openid": phone.openid, "msgtype": kind}
        self.journal.add("message", **about, chat_id=message["id"], **content)
        return message

    def add_qrcode(self, scene: str, numeric: bool, expires_in: int | None) -> QrCode:
        now = self.clock.now()
        ticket = "gQ" + secrets.token_urlsafe(60).replace("-", "8").replace("_", "7") + "=="
        url = "http://weixin.qq.com/q/" + secrets.token_urlsafe(12)
        code = QrCode(ticket, scene, url, now, now + expires_in if expires_in else None, numeric)
        self.state.qrcodes[ticket] = code
        self.store.changed()
        self.hub.publish("qrcode", asdict(code))
        return code

    def living_qrcodes(self) -> list[QrCode]:
        """Newest first, one for each scene."""
        now = self.clock.now()
        seen: dict[str, QrCode] = {}
        for code in sorted(self.state.qrcodes.values(), key=lambda item: -item.created_at):
            if code.expires_at is None or code.expires_at > now:
                seen.setdefault(code.scene, code)
        return list(seen.values())

    def remembered(self, name: str) -> dict[str, Any]:
        """Short-lived notes of one topic (client message ids and the like); not kept over a restart."""
        return self.memory.setdefault(name, {})
