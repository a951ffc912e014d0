"""What a person does on a phone, as the platform sees it: each act grants its allowance and pushes its callback."""

import secrets
from typing import Any

from sandbox import allowance
from sandbox.callbacks import Pusher
from sandbox.media import recognise
from sandbox.state import Phone, QrCode
from sandbox.voices import duration, to_amr
from sandbox.world import World

MESSAGE_ID_START = 24_000_000_000_000_001


class NotPossible(Exception):
    """What a person cannot do in this state, in words."""


class People:
    def __init__(self, world: World, pusher: Pusher) -> None:
        self._world, self._pusher = world, pusher

    async def text(self, phone: Phone, text: str) -> dict[str, Any]:
        self._say(phone, "text", text=text)
        return await self._message(phone, {"MsgType": "text", "Content": text})

    async def image(self, phone: Phone, content: bytes) -> dict[str, Any]:
        """Raises NotPossible for what is no picture."""
        if not recognise(content).startswith("image/"):
            raise NotPossible("not a picture")
        media = self._world.media.add("image", content, source="chat", phone=phone.host)
        self._say(phone, "image", media_id=media.id)
        address = f"{self._world.origin}/mmbiz/{media.id}/0"
        return await self._message(phone, {"MsgType": "image", "PicUrl": address, "MediaId": media.id})

    async def voice(self, phone: Phone, audio: bytes) -> dict[str, Any]:
        """Raises NotPossible for what is no audio."""
        try:
            amr = to_amr(audio)
        except ValueError as error:
            raise NotPossible(str(error)) from error
        media = self._world.media.add("voice", amr, source="chat", phone=phone.host)
        wide = self._world.media.add("voice", amr, source="chat", phone=phone.host)
        self._say(phone, "voice", media_id=media.id, seconds=round(duration(amr), 1))
        fields = {"MediaId": media.id, "Format": "amr", "MediaId16K": wide.id, "Recognition": ""}
        return await self._message(phone, {"MsgType": "voice"} | fields)

    async def location(self, phone: Phone, latitude: float, longitude: float, label: str) -> dict[str, Any]:
        place = {"latitude": latitude, "longitude": longitude, "label": label}
        self._say(phone, "location", **place)
        fields = {"Location_X": latitude, "Location_Y": longitude, "Scale": 16, "Label": label}
        return await self._message(phone, {"MsgType": "location"} | fields)

    async def follow(self, phone: Phone) -> dict[str, Any]:
        self._subscribe(phone, "ADD_SCENE_SEARCH", "")
        return await self._event(phone, "subscribe", EventKey="")

    async def unfollow(self, phone: Phone) -> dict[str, Any]:
        """Closes every window; the chat stays on the phone."""
        if not phone.subscribed:
            raise NotPossible("not following")
        phone.subscribed, phone.grants = False, {}
        self._world.chat(phone, "system", "note", text="已取消关注")
        self._world.phone_changed(phone)
        return await self._event(phone, "unsubscribe", EventKey="")

    async def scan(self, phone: Phone, scene: str) -> dict[str, Any]:
        """Scans the account's code of a scene: follows by it, or, following already, is a SCAN."""
        code = self._code(scene)
        if phone.subscribed:
            allowance.grant(phone, "interaction", self._world.clock.now())
            self._world.phone_changed(phone)
            return await self._event(phone, "SCAN", EventKey=scene, Ticket=code.ticket)
        self._subscribe(phone, "ADD_SCENE_QR_CODE", scene)
        return await self._event(phone, "subscribe", EventKey=f"qrscene_{scene}", Ticket=code.ticket)

    async def tap(self, phone: Phone, button: dict[str, Any]) -> dict[str, Any]:
        """Taps a menu button; the result of a view button has `open`, the page it leads to."""
        self._must_follow(phone)
        kind = button.get("type")
        if kind == "view":
            entry = await self._event(phone, "VIEW", EventKey=button["url"], MenuId=str(self._menu_id()))
            return entry | {"open": button["url"]}
        if kind in ("click", "scancode_push", "scancode_waitmsg"):
            allowance.grant(phone, "interaction", self._world.clock.now())
            self._world.phone_changed(phone)
        event, fields = _menu_event(phone, button)
        return await self._event(phone, event, **fields)

    def _say(self, phone: Phone, kind: str, **content: Any) -> None:
        self._must_follow(phone)
        self._world.chat(phone, "me", kind, **content)

    async def _message(self, phone: Phone, fields: dict[str, Any]) -> dict[str, Any]:
        allowance.grant(phone, "message", self._world.clock.now())
        self._world.phone_changed(phone)
        number = self._world.state.next_id("message", MESSAGE_ID_START)
        return await self._pusher.push(phone, fields | {"MsgId": number})

    async def _event(self, phone: Phone, event: str, /, **fields: Any) -> dict[str, Any]:
        return await self._pusher.push(phone, {"MsgType": "event", "Event": event} | fields)

    def _subscribe(self, phone: Phone, how: str, scene: str) -> None:
        if phone.subscribed:
            raise NotPossible("following already")
        now = self._world.clock.now()
        phone.subscribed, phone.subscribed_at = True, now
        phone.subscribe_scene, phone.qr_scene = how, scene
        allowance.grant(phone, "interaction", now)
        self._world.chat(phone, "system", "note", text="已关注公众号")
        self._world.phone_changed(phone)

    def _code(self, scene: str) -> QrCode:
        """A scene that no code was made for is taken as well: printed codes are older than the sandbox."""
        codes = [code for code in self._world.state.qrcodes.values() if code.scene == scene]
        if not codes:
            return QrCode("gQ" + secrets.token_hex(40), scene, "", self._world.clock.now())
        living = [code for code in self._world.living_qrcodes() if code.scene == scene]
        if not living:
            raise NotPossible("this code has expired")
        return living[0]

    def _must_follow(self, phone: Phone) -> None:
        if not phone.subscribed:
            raise NotPossible("not following the account")

    def _menu_id(self) -> int:
        return 400_000_000 + self._world.state.counters.get("menu", 0)


def _menu_event(phone: Phone, button: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    kind, key = str(button.get("type", "click")), str(button.get("key", ""))
    if kind.startswith("scancode"):
        found = {"ScanType": "qrcode", "ScanResult": phone.next_scan or "https://example.com/"}
        return kind, {"EventKey": key, "ScanCodeInfo": found}
    return ("CLICK" if kind == "click" else kind), {"EventKey": key}


def find_button(menu: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
    """By place ("0", "1.2"), key, url or name. Raises NotPossible."""
    leaves = []
    for top, button in enumerate(menu):
        leaves += [(str(top), button)] if not button.get("sub_button") else []
        leaves += [(f"{top}.{index}", item) for index, item in enumerate(button.get("sub_button") or [])]
    for place, button in leaves:
        if wanted in (place, button.get("key"), button.get("url"), button.get("name")):
            return button
    raise NotPossible(f"no such menu button: {wanted}")
