"""A small HTTP server in WeChat's place: real sockets, answers set per path, every call noted."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Handler = BaseHTTPRequestHandler


@dataclass
class Call:
    method: str
    path: str
    query: dict[str, str]
    body: bytes
    port: int = 0  # of the caller: one per connection

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Raw:
    """An answer byte by byte under the test's control."""

    write: Callable[[Handler], None]


@dataclass
class Answer:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def ok(**fields: Any) -> Answer:
    return error(0, "ok", **fields)


def error(code: int, errmsg: str = "said so", *, label: str = "application/json", **fields: Any) -> Answer:
    body = json.dumps({"errcode": code, "errmsg": errmsg, **fields}).encode()
    return Answer(body, headers={"Content-Type": label})


def plain_json(**fields: Any) -> Answer:
    return Answer(json.dumps(fields).encode(), headers={"Content-Type": "text/plain"})


class Platform:
    """`answers[path]` is an Answer, a Raw, or a function of the Call that gives one."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.calls: list[Call] = []
        self.released = threading.Event()  # set at the end, so that no handler outlives its test
        self._tokens = 0
        self._lock = threading.Lock()
        self.url = ""
        self.answers["/cgi-bin/stable_token"] = self._token

    def on(self, path: str, answer: Any) -> None:
        self.answers[path] = answer

    def to(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]

    @property
    def paths(self) -> list[str]:
        return [call.path for call in self.calls]

    def _token(self, _call: Call) -> Answer:
        with self._lock:
            self._tokens += 1
            return plain_json(access_token=f"TOKEN-{self._tokens}", expires_in=7200)

    def answer(self, call: Call) -> Any:
        self.calls.append(call)
        chosen = self.answers.get(call.path, Answer(b"no such API", 404))
        return chosen(call) if callable(chosen) else chosen


@contextmanager
def serve(platform: Platform) -> Iterator[Platform]:
    class Handle(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = platform.answer(Call(self.command, url.path, query, body, self.client_address[1]))
            if isinstance(answer, Raw):
                self.close_connection = True
                answer.write(self)
                return
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def __getattr__(self, name: str) -> Any:
            # The base class looks for do_GET, do_POST …
            if name.startswith("do_"):
                return self._handle
            raise AttributeError(name)

        def log_message(self, *args: Any) -> None:
            """The test's output stays its own."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        # Twenty clients knock at once; beyond the backlog a connection waits a second for its second try.
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            # A client that hangs up on a dripping answer does what is tested.
            if not isinstance(sys.exception(), OSError):
                super().handle_error(request, client_address)

    server = Server(("127.0.0.1", 0), Handle)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    platform.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield platform
    finally:
        platform.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
