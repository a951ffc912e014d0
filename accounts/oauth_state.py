"""The login's states: bound to the browser's session, used once, each with the page that the login leads to."""

import secrets
import time
from dataclasses import dataclass

from django.contrib.sessions.backends.base import SessionBase, UpdateError

LIFE_SECONDS = 30 * 60
KEEP = 10
_PENDING, _DONE = "login_pending", "login_done"
#: First letter of a state (WeChat takes letters and digits only): an attempt, or the one restart after it.
_FIRST, _AGAIN = "a", "r"


class SessionReplaced(Exception):
    """The session ended while the request was under way: its twin has just logged in and changed the key."""


@dataclass(frozen=True)
class Pending:
    """A login under way. `again`: it is the restart, and there will be no further one."""

    next: str
    again: bool


def is_restart(state: str) -> bool:
    return state.startswith(_AGAIN)


def issue(session: SessionBase, next_: str, *, again: bool) -> str:
    """A new state for a login that leads to `next_`; a few logins may be under way in parallel tabs."""
    state = (_AGAIN if again else _FIRST) + secrets.token_hex(20)
    pending = {s: entry for s, entry in session.get(_PENDING, {}).items() if entry[1] > time.time()}
    kept = dict(list(pending.items())[-(KEEP - 1) :])
    session[_PENDING] = {**kept, state: [next_, time.time() + LIFE_SECONDS]}
    return state


def spend(session: SessionBase, state: str) -> Pending | None:
    """Use a state up, at once and for good; None where this session has no such login under way.

    Raises SessionReplaced.
    """
    pending = dict(session.get(_PENDING, {}))
    next_, until = pending.pop(state, ("", 0.0))
    if until <= time.time():
        return None
    session[_PENDING] = pending
    try:
        session.save()
    except UpdateError:
        raise SessionReplaced from None
    finally:
        session.modified = False
    return Pending(next_, again=is_restart(state))


def remember_done(session: SessionBase, state: str, next_: str) -> None:
    """Clients sometimes follow WeChat's redirect twice: the second goes where the first went."""
    done = list(session.get(_DONE, {}).items())[-(KEEP - 1) :]
    session[_DONE] = {**dict(done), state: next_}


def done_next(session: SessionBase, state: str) -> str | None:
    """Where the login of this state led, when this session has been through it."""
    found = session.get(_DONE, {}).get(state)
    return found if isinstance(found, str) else None
