"""A browser that has logged in already, for programs that measure and break."""

from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:  # models exist only after django.setup()
    from accounts.models import User


def signed_in(person: "User", web_url: str) -> requests.Session:
    """A session of this person at `web_url`, as the OAuth login leaves one; it may write."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    store = SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store[BACKEND_SESSION_KEY] = "accounts.auth.ManagerBackend"
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    store.create()
    session = requests.Session()
    session.trust_env = False
    session.cookies.update({"sessionid": str(store.session_key), "csrftoken": "b" * 32})
    session.headers.update({"X-CSRFToken": "b" * 32, "Referer": web_url})
    return session
