"""Speaking to the callback as WeChat does, and to the pages as a browser."""

import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from accounts.services.login import SESSION_BACKEND
from dispatch.models import Contact, InboundMessage
from reports.models import Draft
from tests.wechat import makers


def post(body: bytes, query: Mapping[str, str] | None = None, **extra: Any) -> HttpResponse:
    address = "/wechat/callback?" + urlencode(makers.clear_query() if query is None else query)
    return Client(enforce_csrf_checks=True).generic("POST", address, body, content_type="text/xml", **extra)


def say(user: User | str, **fields: Any) -> str:
    """One message of this person; the words of the reply, "" for `success`."""
    return words(post(makers.message(**{"MsgId": fresh_id(), **common(user), **fields})))


def happen(user: User | str, event: str, **fields: Any) -> str:
    """One event of this person; the words of the reply, "" for `success`."""
    return words(post(makers.event(event, **{**common(user), **fields})))


def common(user: User | str) -> dict[str, str]:
    return {"FromUserName": user if isinstance(user, str) else user.openid or "", "CreateTime": str(int(time.time()))}


def words(response: HttpResponse) -> str:
    assert response.status_code == 200
    if response.content == b"success":
        return ""
    found = re.search(r"<Content><!\[CDATA\[(.*?)\]\]></Content>", response.content.decode(), re.DOTALL)
    assert found is not None
    return found[1]


_ids = iter(range(24000000000000100, 25000000000000000))


def fresh_id() -> str:
    return str(next(_ids))


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls in threads that start together; gives what they returned."""
    barrier, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(index: int) -> None:
        try:
            barrier.wait(10)
            results[index] = calls[index]()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def logged_in(user: User | None) -> Client:
    """A browser of this person; None: of nobody."""
    client = Client()
    if user is not None:
        client.force_login(user, backend=SESSION_BACKEND)
    return client


def contact_of(user: User) -> Contact:
    return Contact.objects.get(user=user)


def only_draft() -> Draft:
    return Draft.objects.get()


def only_message() -> InboundMessage:
    return InboundMessage.objects.get()
