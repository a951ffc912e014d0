"""Short words for what tests of the dispatch do: route, send, and look into the ledger."""

import itertools
from datetime import timedelta
from typing import Any

import time_machine
from django.utils import timezone

from accounts.models import User
from dispatch.kinds import Kind
from dispatch.models import Delivery, Outbox, Template
from dispatch.services import delivery, routing
from tests.wechat.platform import Platform

SEND_TEXT = "/cgi-bin/message/custom/send"
SEND_TEMPLATE = "/cgi-bin/message/template/send"


class WeChat(Platform):
    """WeChat's side: what was sent, to whom."""

    def __init__(self) -> None:
        super().__init__()
        self._msgids = itertools.count(1001)

    def next_msgid(self) -> int:
        return next(self._msgids)

    @property
    def texts(self) -> list[tuple[str, str]]:
        """(OpenID, content) of every text asked for."""
        return [(call.json["touser"], call.json["text"]["content"]) for call in self.to(SEND_TEXT)]

    @property
    def templates(self) -> list[dict[str, Any]]:
        return [call.json for call in self.to(SEND_TEMPLATE)]


def route_all() -> None:
    for pk in Outbox.objects.filter(routed_at=None).order_by("pk").values_list("pk", flat=True):
        routing.route(pk)


def send_all() -> None:
    route_all()
    delivery.deliver_due()


def forget() -> None:
    """What was told so far is not what the test is about."""
    Outbox.objects.all().delete()


def told() -> dict[str, set[str]]:
    """Kind → names of the people who are pushed it."""
    route_all()
    people: dict[str, set[str]] = {}
    for row in Delivery.objects.exclude(status=Delivery.Status.SKIPPED).select_related("user"):
        people.setdefault(row.kind, set()).add(row.user.display_name)
    return people


def skipped() -> dict[str, str]:
    """Name → code of those who find it in the inbox only."""
    route_all()
    rows = Delivery.objects.filter(status=Delivery.Status.SKIPPED).select_related("user")
    return {row.user.display_name: row.code for row in rows}


def template(kind: str = Kind.NEW_REPORT, **fields: str) -> Template:
    return Template.objects.create(kind=kind, template_id="TPL-1", fields=fields or {"thing1": "title"})


def later(seconds: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=False)


def retry(seconds: float = 3600) -> None:
    """What is pending, some time later."""
    with later(seconds):
        delivery.deliver_due()


def only(user: User | None = None) -> Delivery:
    """The one delivery (to `user`), read afresh."""
    rows = Delivery.objects.all() if user is None else Delivery.objects.filter(user=user)
    return rows.get()
