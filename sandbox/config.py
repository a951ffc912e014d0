"""What the sandbox is told from outside: command line first, then environment, then defaults."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Config:
    """`app_url` is where the application's server listens; `public_base_url` is what it believes its address to be."""

    host: str = "127.0.0.1"
    port: int = 8001
    state_dir: Path | None = None
    cast: Path | None = None
    app_url: str = "http://127.0.0.1:8000"
    public_base_url: str = ""
    callback_path: str = "/wechat/callback"
    callback_mode: str = ""
    app_id: str = "wx5a6d2b0c9e3f4711"
    app_secret: str = "5f1d7a3c9b2e4806a1c3e5f70d9b8642"
    token: str = "sandbox-callback-token"
    encoding_aes_key: str = ""
    push_timeout: float = 5.0
    finish_delay: float = 0.3

    def __post_init__(self) -> None:
        self.app_url = self.app_url.rstrip("/")
        self.public_base_url = (self.public_base_url or self.app_url).rstrip("/")

    @property
    def mode(self) -> str:
        """`plain`, `compat` or `safe`; safe is what a configured AES key means unless told otherwise."""
        if not self.encoding_aes_key:
            return "plain"
        return self.callback_mode or "safe"

    @property
    def callback_url(self) -> str:
        return self.app_url + self.callback_path

    @property
    def front_headers(self) -> dict[str, str]:
        """What the reverse proxy before a real installation adds: the public host, and the scheme where it is https."""
        scheme, _, host = self.public_base_url.partition("://")
        return {"Host": host} | ({"X-Forwarded-Proto": "https"} if scheme == "https" else {})


def parser() -> argparse.ArgumentParser:
    env = os.environ.get
    options = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    options.add_argument("--host", default=env("SANDBOX_HOST", "127.0.0.1"))
    options.add_argument("--port", type=int, default=int(env("SANDBOX_PORT", "8001")), help="0 takes a free one")
    options.add_argument("--state-dir", type=Path, default=_path(env("SANDBOX_STATE_DIR")))
    options.add_argument("--cast", type=Path, default=_path(env("SANDBOX_CAST")), help="TOML file of the phones")
    options.add_argument("--app-url", default=env("SANDBOX_APP_URL", "http://127.0.0.1:8000"))
    options.add_argument("--public-base-url", default=env("PUBLIC_BASE_URL", ""), help="default: the --app-url")
    options.add_argument("--callback-path", default="/wechat/callback")
    options.add_argument("--callback-mode", choices=["", "safe", "compat"], default="")
    return options


def from_command_line(arguments: list[str] | None = None) -> Config:
    """Raises SystemExit with a usage line on a bad argument."""
    options = parser().parse_args(arguments)
    config = Config(**vars(options))
    for name in ("app_id", "app_secret", "token", "encoding_aes_key"):
        value = os.environ.get(f"WECHAT_{name.upper()}")
        if value:
            setattr(config, name, value)
    return config


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None
