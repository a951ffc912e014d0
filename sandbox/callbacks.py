"""What the platform pushes to the account's server, and what it makes of the answer (wechat.md section 1)."""

import asyncio
import secrets
import time
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import ClientError, ClientSession, ClientTimeout

from sandbox import replies
from sandbox.crypto import Envelope, signature
from sandbox.state import Phone
from sandbox.world import World

TRIES = 3
#: Finish events pushed at once. However many messages were sent in a second, the account's server is not buried.
FINISHING_AT_ONCE = 16
FAULT_LINE = "该公众号暂时无法提供服务,请稍后再试"


def to_xml(values: dict[str, Any], root: str = "xml") -> str:
    return f"<{root}>{''.join(_element(name, value) for name, value in values.items())}</{root}>"


def _element(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return to_xml(value, name)
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    if isinstance(value, int | float):
        return f"<{name}>{escape(str(value))}</{name}>"
    return f"<{name}><![CDATA[{str(value).replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"


class Pusher:
    """Signs, sends and repeats. Its session is the caller's to close."""

    def __init__(self, world: World, session: ClientSession) -> None:
        self._world, self._session = world, session
        self._background: set[asyncio.Task[Any]] = set()
        self._finishing = asyncio.Semaphore(FINISHING_AT_ONCE)

    def later(self, phone: Phone, fields: dict[str, Any], delay: float) -> None:
        """A push nobody waits for (finish events)."""

        async def run() -> None:
            await asyncio.sleep(delay)
            async with self._finishing:
                await self.push(phone, fields)

        task = asyncio.get_running_loop().create_task(run())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def stop(self) -> None:
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    async def push(self, phone: Phone, fields: dict[str, Any]) -> dict[str, Any]:
        """Sends one message or event, shows the reply in the chat. Returns the journal's entry: `tries` with status
        and seconds, `reply` (the parsed reply or None), `fault` (why the person saw an error, or empty)."""
        common = {
            "ToUserName": self._world.state.account.id,
            "FromUserName": phone.openid,
            "CreateTime": int(time.time()),
        }
        return await self.push_xml(phone, to_xml(common | fields), str(fields.get("Event") or fields["MsgType"]))

    async def push_xml(self, phone: Phone, xml: str, event: str) -> dict[str, Any]:
        """As `push` for XML as it stands: redelivery, and what tests make up."""
        tries: list[dict[str, Any]] = []
        body = None
        while body is None and len(tries) < TRIES:
            body = await self._try(phone, xml, tries)
        reply, fault = self._understand(phone, body)
        if fault:
            self._world.chat(phone, "system", "fault", text=FAULT_LINE)
        values = {"phone": phone.host, "openid": phone.openid, "event": event, "xml": xml}
        return self._world.journal.add("callback", **values, tries=tries, reply=reply, fault=fault)

    async def _try(self, phone: Phone, xml: str, tries: list[dict[str, Any]]) -> str | None:
        query, body = self._sealed(phone, xml)
        started = time.monotonic()
        outcome: dict[str, Any] = {}
        headers = {"Content-Type": "text/xml", "User-Agent": "Mozilla/4.0"} | self._world.config.front_headers
        limit = ClientTimeout(total=self._world.config.push_timeout)
        url = self._world.config.callback_url
        try:
            async with self._session.post(url, params=query, data=body, headers=headers, timeout=limit) as response:
                outcome["status"] = response.status
                text = await response.text(errors="replace")
                return text if response.status == 200 else None
        except (ClientError, TimeoutError) as error:
            outcome["error"] = type(error).__name__
            return None
        finally:
            tries.append(outcome | {"seconds": round(time.monotonic() - started, 3)})

    def _sealed(self, phone: Phone, xml: str) -> tuple[dict[str, str], bytes]:
        """Query and body in the account's mode."""
        config = self._world.config
        timestamp, nonce = str(int(time.time())), secrets.token_hex(5)
        query = {"signature": signature(config.token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
        query["openid"] = phone.openid
        if config.mode == "plain":
            return query, xml.encode()
        sealed = Envelope(config.encoding_aes_key, config.app_id).seal(xml)
        query |= {"encrypt_type": "aes", "msg_signature": signature(config.token, timestamp, nonce, sealed)}
        wrapped = to_xml({"ToUserName": self._world.state.account.id, "Encrypt": sealed})
        if config.mode == "compat":
            wrapped = xml.replace("</xml>", wrapped[wrapped.index("<Encrypt>") :])
        return query, wrapped.encode()

    def _understand(self, phone: Phone, body: str | None) -> tuple[dict[str, Any] | None, str]:
        if body is None:
            return None, "no answer"
        try:
            reply = replies.parse(body, self._world.config, phone.openid, self._world.state.account.id)
        except replies.MalformedReply as error:
            return None, str(error)
        if reply and reply["msgtype"] != "transfer_customer_service":
            content = {key: value for key, value in reply.items() if key != "msgtype"}
            self._world.account_says(phone, "reply", reply["msgtype"], **content)
        return reply, ""

    async def verify(self) -> dict[str, Any]:
        """The check of the server's address: GET with echostr. Returns `ok` and what came back."""
        timestamp, nonce, echo = str(int(time.time())), secrets.token_hex(5), str(secrets.randbits(60))
        query = {"signature": signature(self._world.config.token, timestamp, nonce), "echostr": echo}
        query |= {"timestamp": timestamp, "nonce": nonce}
        config = self._world.config
        url, headers, limit = config.callback_url, config.front_headers, ClientTimeout(total=config.push_timeout)
        try:
            async with self._session.get(url, params=query, headers=headers, timeout=limit) as got:
                text = await got.text(errors="replace")
                return {"ok": got.status == 200 and text == echo, "status": got.status, "body": text[:200]}
        except (ClientError, TimeoutError) as error:
            return {"ok": False, "status": None, "body": type(error).__name__}
