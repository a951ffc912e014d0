"""access_token, jsapi ticket and their lives (wechat.md section 2)."""

import secrets

from sandbox.clock import Clock
from sandbox.errors import WeChatError
from sandbox.state import Store, Token

LIFE = 7200
OVERLAP = 300
FORCED_PER_DAY = 20
FORCED_PAUSE = 30


class Tokens:
    """Families: `token`, `stable` and `jsapi`. A retired token lives on for the five minutes of overlap."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._forced: list[float] = []

    def newest(self, family: str) -> Token | None:
        living = [token for token in self._all(family) if self._lives(token)]
        return max(living, key=lambda token: (token.issued_at, token.expires_at), default=None)

    def fetch(self) -> Token:
        """The classic token call: always a new one, the one before stays valid for five minutes."""
        return self._replace("token")

    def stable(self, force: bool) -> Token:
        """The same token until its last five minutes; `force` makes a new one at once and ends the old."""
        current = self.newest("stable")
        if force and self._may_force():
            self.revoke("stable")
            return self._issue("stable")
        if current and (force or current.expires_at - self._clock.now() > OVERLAP):
            return current
        return self._issue("stable")

    def ticket(self) -> Token:
        current = self.newest("jsapi")
        if current and current.expires_at - self._clock.now() > OVERLAP:
            return current
        return self._issue("jsapi")

    def check(self, value: str) -> None:
        """Raises WeChatError 41001, 42001 or 40001."""
        if not value:
            raise WeChatError(41001)
        token = self._store.state.tokens.get(value)
        if token is None or token.revoked or token.family == "jsapi":
            raise WeChatError(40001)
        if not self._lives(token):
            raise WeChatError(42001)

    def tickets(self) -> list[str]:
        return [token.value for token in self._all("jsapi") if self._lives(token)]

    def revoke(self, *families: str) -> int:
        """Makes tokens unknown (40001) and tickets useless; returns how many."""
        chosen = [token for family in families for token in self._all(family) if not token.revoked]
        for token in chosen:
            token.revoked = True
        self._store.changed()
        return len(chosen)

    def expire(self, *families: str) -> int:
        """Lets tokens run out now (42001); returns how many."""
        chosen = [token for family in families for token in self._all(family) if self._lives(token)]
        for token in chosen:
            token.expires_at = self._clock.now()
        self._store.changed()
        return len(chosen)

    def left(self, token: Token) -> int:
        return max(0, int(token.expires_at - self._clock.now()))

    def _may_force(self) -> bool:
        now = self._clock.now()
        self._forced = [at for at in self._forced if now - at < 86400]
        if len(self._forced) >= FORCED_PER_DAY:
            raise WeChatError(45009)
        if self._forced and now - self._forced[-1] < FORCED_PAUSE:
            return False
        self._forced.append(now)
        return True

    def _replace(self, family: str) -> Token:
        for token in self._all(family):
            token.expires_at = min(token.expires_at, self._clock.now() + OVERLAP)
        return self._issue(family)

    def _issue(self, family: str) -> Token:
        now = self._clock.now()
        prefix = "sandbox_ticket_" if family == "jsapi" else "99_"
        token = Token(prefix + secrets.token_urlsafe(96), family, now + LIFE, now)
        tokens = self._store.state.tokens
        for old in [key for key, value in tokens.items() if value.expires_at < now - 86400]:
            del tokens[old]
        tokens[token.value] = token
        self._store.changed()
        return token

    def _lives(self, token: Token) -> bool:
        return not token.revoked and token.expires_at > self._clock.now()

    def _all(self, family: str) -> list[Token]:
        return [token for token in self._store.state.tokens.values() if token.family == family]
