"""Swapping addresses: what the application believes (its public one, the platform's) and the host of a phone."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from sandbox.world import World

FRAME_DIRECTIVES = {"frame-ancestors", "upgrade-insecure-requests", "block-all-mixed-content"}
OWN_SOURCES = ("script-src", "script-src-elem", "connect-src", "img-src", "media-src")


@dataclass(frozen=True)
class Origins:
    """`phone` is the origin that the browser sees, `public` the application's, `platform` the sandbox's other names."""

    phone: str
    public: str
    platform: tuple[str, ...]

    @classmethod
    def of(cls, world: World, host: str) -> "Origins":
        port = world.config.port
        platform = (f"http://127.0.0.1:{port}", f"http://localhost:{port}")
        return cls(f"http://{host}", world.config.public_base_url, platform)

    def to_phone(self, text: str) -> str:
        """Every form of the public and the platform's origins becomes the phone's, in the same form."""
        for origin in (self.public, *self.platform):
            text = _swap(text, origin, self.phone)
        return text

    def to_public(self, text: str) -> str:
        return _swap(text, self.phone, self.public)

    def policy(self, value: str) -> str:
        """A Content-Security-Policy for the phone's host: may be framed, and reaches the phone's own things."""
        directives: dict[str, list[str]] = {}
        for part in value.split(";"):
            words = part.split()
            if words and words[0].lower() not in FRAME_DIRECTIVES:
                directives.setdefault(words[0].lower(), [self.to_phone(word) for word in words[1:]])
        for name in OWN_SOURCES:
            sources = directives.get(name)
            if sources is None and "default-src" in directives and "-elem" not in name:
                sources = directives[name] = list(directives["default-src"])
            if sources is not None and "'self'" not in sources:
                sources[:] = [word for word in sources if word != "'none'"] + ["'self'"]
        return "; ".join(" ".join([name, *words]) for name, words in directives.items())


def _forms(origin: str) -> list[str]:
    """As it is, JSON-escaped, and percent-encoded in both cases (with and without the slashes)."""
    encoded = quote(origin, safe="")
    return [
        origin,
        origin.replace("/", "\\/"),
        encoded,
        encoded.replace("%3A", "%3a").replace("%2F", "%2f"),
        quote(origin, safe="/"),
    ]


def _swap(text: str, old: str, new: str) -> str:
    """An origin is whole: 127.0.0.1:8000 is not found in 127.0.0.1:80001, nor example.com in example.com.cn."""
    host = old.partition("://")[2]
    end = r"(?!\d)" if ":" in host else r"(?![\w-]|\.\w|:\d|%3[Aa]\d)"
    for before, after in zip(_forms(old), _forms(new), strict=True):
        if before in text:
            text = re.sub(re.escape(before) + end, after.replace("\\", "\\\\"), text)
    return text
