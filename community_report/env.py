"""Reads settings from the environment and remembers what is wrong with them.

A missing setting must stop web, worker and beat with one line that names it, yet `check`, `collectstatic` and the
image build work without any. So reading never raises: it notes the problem, and `startup.require_settings` refuses.
"""

import os
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ

T = TypeVar("T")


class Reader:
    """Typed look-ups in the environment; `problems` holds (name, sentence) pairs."""

    def __init__(self, dotenv: Path) -> None:
        if dotenv.is_file():
            environ.Env.read_env(str(dotenv))
        self.problems: list[tuple[str, str]] = []

    def _read(self, name: str, default: T | None, parse: Callable[[str], T], placeholder: T) -> T:
        raw = os.environ.get(name, "").strip()
        if not raw:
            if default is None:
                self.problems.append((name, "is missing"))
                return placeholder
            return default
        try:
            return parse(raw)
        except ValueError as error:
            self.problems.append((name, str(error) or "is malformed"))
            return placeholder

    def text(self, name: str, default: str | None = None) -> str:
        return self._read(name, default, str, "")

    def number(self, name: str, default: float, *, least: float = 0) -> float:
        def parse(raw: str) -> float:
            try:
                value = float(raw)
            except ValueError:
                raise ValueError(f"must be a number, not {raw!r}") from None
            if not least <= value < float("inf"):
                raise ValueError(f"must be at least {least:g}")
            return value

        return self._read(name, default, parse, default)

    def flag(self, name: str, default: bool = False) -> bool:
        def parse(raw: str) -> bool:
            if raw.lower() in ("1", "true", "yes", "on"):
                return True
            if raw.lower() in ("0", "false", "no", "off"):
                return False
            raise ValueError(f"must be 1 or 0, not {raw!r}")

        return self._read(name, default, parse, default)

    def words(self, name: str) -> list[str]:
        return self._read(name, None, lambda raw: [w.strip() for w in raw.split(",") if w.strip()], [])

    def origin(self, name: str, default: str | None = None) -> str:
        """scheme://host[:port], without a path; a trailing slash is dropped."""
        return self._read(name, default, _origin, default or "http://127.0.0.1:8000")

    def origins(self, name: str) -> list[str]:
        """Several, separated by commas; none by default."""
        return self._read(name, [], lambda raw: [_origin(one.strip()) for one in raw.split(",") if one.strip()], [])

    def address(self, name: str, default: str) -> str:
        def parse(raw: str) -> str:
            if urlsplit(raw).scheme not in ("http", "https") or not urlsplit(raw).hostname:
                raise ValueError("must be an http or https address")
            return raw

        return self._read(name, default, parse, default)

    def choice(self, name: str, default: str, among: tuple[str, ...]) -> str:
        def parse(raw: str) -> str:
            if raw not in among:
                raise ValueError(f"must be one of {', '.join(among)}")
            return raw

        return self._read(name, default, parse, default)

    def database(self, name: str) -> dict[str, Any]:
        def parse(raw: str) -> dict[str, Any]:
            with warnings.catch_warnings(action="ignore"):  # of schemes that it does not know: we say so ourselves
                config = environ.Env.db_url_config(raw)
            if config.get("ENGINE") != "django.db.backends.postgresql" or not config.get("NAME"):
                raise ValueError("must be a PostgreSQL URL: postgres://user:password@host:port/name")
            return dict(config)

        return self._read(name, None, parse, {"ENGINE": "django.db.backends.postgresql", "NAME": "unset"})

    def redis(self, name: str) -> str:
        """A Redis URL without a database number: the project picks logical databases itself."""

        def parse(raw: str) -> str:
            parts = urlsplit(raw)
            if parts.scheme not in ("redis", "rediss") or not parts.hostname or parts.path not in ("", "/", "/0"):
                raise ValueError("must be redis://host:port without a database number")
            return f"{parts.scheme}://{parts.netloc}"

        return self._read(name, None, parse, "redis://127.0.0.1:1")

    def aes_key(self, name: str) -> str:
        def parse(raw: str) -> str:
            if not re.fullmatch(r"[A-Za-z0-9]{43}", raw):
                raise ValueError("must be the 43 letters and digits that WeChat shows, or empty")
            return raw

        return self._read(name, "", parse, "")


def _origin(raw: str) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be http(s)://host[:port] and nothing more")
    return raw.rstrip("/")
