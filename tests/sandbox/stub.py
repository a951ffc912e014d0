"""A tiny application for the sandbox to talk to: records its requests, answers what a test set."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Seen:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    body: bytes | str = "success"
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)


class StubApplication:
    """`answers` maps a path to a function from what was seen to a reply."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.answers: dict[str, Callable[[Seen], Reply]] = {}
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                stub.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        for method in ("GET", "POST", "PUT", "HEAD"):
            setattr(Handler, f"do_{method}", Handler.answer)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        query = {key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        seen = Seen(handler.command, parts.path, query, dict(handler.headers.items()), body)
        self.seen.append(seen)
        reply = self.answers.get(parts.path, lambda _: Reply())(seen)
        content = reply.body.encode() if isinstance(reply.body, str) else reply.body
        handler.send_response(reply.status)
        for name, value in reply.headers:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(content)

    def callbacks(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == "/wechat/callback" and seen.method == "POST"]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
