"""HTTP towards WeChat: always bounded in time and size, never redirected, never leaking a URL into an error."""

import ipaddress
import json
import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from community_report.wechat.deadline import Deadline, DeadlineAdapter, applied
from community_report.wechat.errors import WeChatError, kind_of, redact, transient

POOL_SIZE = 32
#: Words of a request that was never sent.
NOT_CONNECTED = frozenset({"NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "SSLError"})
CHUNK_BYTES = 64 * 1024
MAX_JSON_BYTES = 2 * 1024 * 1024

Json = dict[str, Any]


class _RedactUrls(logging.Filter):
    """urllib3 logs whole URLs (at DEBUG, and as a warning for odd headers), and WeChat wants tokens in them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True


for _name in ("urllib3.connectionpool", "urllib3.connection"):
    logging.getLogger(_name).addFilter(_RedactUrls())


class Transport:
    """Pooled, thread-safe HTTP to one base address.

    Connecting and each read have the time-out, a whole `json` exchange twice that: who drips cannot hold a worker.
    """

    def __init__(self, base_url: str, timeout: float, *, secrets: Collection[str] = ()) -> None:
        self.base_url = base_url
        self.timeout = timeout
        self._secrets = tuple(secrets)
        self._session = _session(base_url)

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        *,
        deadline: Deadline,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content: tuple[str, bytes] | None = None,
        files: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[requests.Response]:
        """Send, and hand over the answer with its body unread; raises a transient WeChatError when none comes.

        `body` goes as JSON, `content` (content type, bytes) as it is.
        """
        if body is not None:
            content = ("application/json", json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
        seconds = min(self.timeout, deadline.left())
        response, problem = None, ""
        try:
            with applied(deadline):
                response = self._session.request(
                    method,
                    self.base_url + path,
                    params=params,
                    data=content[1] if content else None,
                    files=files,
                    headers={**(headers or {}), **({"Content-Type": content[0]} if content else {})},
                    timeout=(seconds, seconds),
                    stream=True,
                    allow_redirects=False,
                )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            problem = _in_a_word(error)
        if response is None:
            # Raised outside the handler: the original holds the URL with its secrets, and would travel as context.
            raise transient(f"{path}: {problem}")
        with response:
            yield response

    def json(
        self,
        method: str,
        path: str,
        *,
        deadline: Deadline,
        accept: Collection[int] = (),
        params: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> Json:
        """The JSON object that WeChat answers with `errcode` 0 or none; `accept` lists other codes to let through.

        Raises WeChatError: of the code's kind, or transient for 5xx, HTML, an empty or otherwise unreadable body.
        """
        deadline = deadline.within(2 * self.timeout)
        with self.open(method, path, deadline=deadline, params=params, **kwargs) as response:
            body = gather(chunks(response, where=path), MAX_JSON_BYTES)
        token = (params or {}).get("access_token", "")
        return self.understand(response.status_code, body, where=path, accept=accept, secrets=(token,))

    def understand(
        self, status: int, body: bytes, *, where: str, accept: Collection[int] = (), secrets: Collection[str] = ()
    ) -> Json:
        """What an answer's body means; see `json`."""
        answer = parse_object(body)
        if answer is None:
            raise transient(f"{where}: HTTP {status}, {'no JSON object' if body.strip() else 'empty'}")
        code = _code(answer, where)
        if code and code not in accept:
            said = redact(str(answer.get("errmsg", "")), *self._secrets, *secrets)
            raise WeChatError(kind_of(code), f"{where}: {said}", code)
        if status != requests.codes.ok:
            raise transient(f"{where}: HTTP {status}")
        return answer


def _in_a_word(error: Exception) -> str:
    """What went wrong in one word: the cause, where requests calls every one of them a ConnectionError."""
    inner = error.args[0] if error.args else None
    return type(getattr(inner, "reason", None) or error).__name__


def chunks(response: requests.Response, *, where: str) -> Iterator[bytes]:
    """The body piece by piece as it arrives; raises a transient WeChatError when it breaks off or takes too long."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise transient(f"{where}: encoded answer")
    while piece := _piece(response, where):
        yield piece


def gather(pieces: Iterator[bytes], max_bytes: int) -> bytes:
    """The pieces joined; raises a transient WeChatError when they come to more than `max_bytes`."""
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > max_bytes:
            raise transient(f"answer longer than {max_bytes} bytes")
    return bytes(body)


def parse_object(body: bytes) -> Json | None:
    """The JSON object in `body`, whatever its label; None when it is something else."""
    try:
        # WeChat puts raw control characters into strings now and then, hence not strict.
        answer = json.loads(body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _piece(response: requests.Response, where: str) -> bytes:
    problem = ""
    try:
        # read1 returns what has arrived; read and iter_content wait for a full chunk.
        return response.raw.read1(CHUNK_BYTES, decode_content=False) or b""
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        problem = type(error).__name__
    raise transient(f"{where}: {problem}")


def _code(answer: Json, where: str) -> int:
    try:
        return int(answer.get("errcode") or 0)
    except (TypeError, ValueError):
        pass
    raise transient(f"{where}: unreadable return code")


def _session(base_url: str) -> requests.Session:
    session = requests.Session()
    session.headers["Accept-Encoding"] = "identity"
    # A proxy of the environment is for the outside world, not for a sandbox on this machine.
    session.trust_env = not _is_loopback(urlsplit(base_url).hostname or "")
    adapter = DeadlineAdapter(pool_connections=4, pool_maxsize=POOL_SIZE, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
