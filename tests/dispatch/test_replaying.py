"""What came in and failed by a fault of ours is done again, a few times, and then waits where somebody sees it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from dispatch.models import Delivery, InboundMessage, Outbox
from dispatch.services import chat, doctor, presence, replaying, routing, sweeping
from reports.models import Draft
from tests.factories import Cast

from .ledger import WeChat, route_all
from .pushing import contact_of, happen, only_draft, only_message, post, say

pytestmark = pytest.mark.django_db


class Broken:
    """A part of ours that fails until it is mended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
        self.real, self.down = getattr(module, name), True
        monkeypatch.setattr(module, name, self)

    def __call__(self, *args: Any, **more: Any) -> Any:
        if self.down:
            raise ValueError("a fault of ours")
        return self.real(*args, **more)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Broken:
    return Broken(monkeypatch, chat, "add_to_draft")


def sweep(hours: float = 0) -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=hours), tick=False):
        sweeping.sweep(timezone.now(), queue_download=lambda _: None)


def test_a_message_that_failed_becomes_a_draft_with_the_next_sweep(cast: Cast, broken: Broken, wechat: WeChat) -> None:
    words = say(cast.resident, Content="楼道灯坏了")
    assert "不用重发" in words
    assert not Draft.objects.exists()
    broken.down = False
    sweep()
    assert only_draft().description == "楼道灯坏了"
    assert (only_message().error, only_message().handled_at is not None) == ("", True)
    sweep()
    assert only_draft().description == "楼道灯坏了"


def test_who_wrote_it_is_told_where_it_is(cast: Cast, broken: Broken) -> None:
    say(cast.resident, Content="楼道灯坏了")
    broken.down = False
    replaying.replay_due(timezone.now())
    route_all()
    told = Delivery.objects.get()
    assert (told.user, told.path) == (cast.resident, f"/h5/reports/new?draft={only_draft().pk}")
    assert "草稿" in told.text


def test_an_event_that_failed_has_its_effect_later(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Broken(monkeypatch, presence, "_plausible")
    assert happen(cast.resident, "unsubscribe") == ""
    broken.down = False
    replaying.replay_due(timezone.now())
    assert contact_of(cast.resident).subscribed is False
    assert not Outbox.objects.exists()


def test_it_is_tried_five_times_in_six_hours_and_then_left_to_a_person(cast: Cast, broken: Broken) -> None:
    say(cast.resident, Content="楼道灯坏了")
    seen = []
    for hours in (0, 0, 0.04, 0.1, 0.2, 1.1, 5, 6.1, 7, 20):
        with time_machine.travel(timezone.now() + timedelta(hours=hours), tick=False):
            replaying.replay_due(timezone.now())
        seen.append(only_message().attempts)
    assert seen == [1, 1, 2, 2, 3, 4, 4, 5, 5, 5]
    assert list(replaying.quarantined()) == [only_message()]
    finding = doctor._left_over()
    assert (finding.status, "a fault of ours" in finding.detail) == ("failed", True)
    route_all()
    assert Delivery.objects.get().path == "/h5/reports/new"  # who wrote it is told that nothing came of it


def test_a_fault_undoes_what_was_done_until_then(cast: Cast, broken: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    say(cast.resident, Content="楼道灯坏了")
    broken.down = False
    late = Broken(monkeypatch, chat, "link")
    replaying.replay_due(timezone.now())
    assert (Draft.objects.count(), only_message().attempts) == (0, 1)
    late.down = False
    assert replaying.replay(only_message().pk) is True
    assert Draft.objects.count() == 1


def test_what_cannot_be_read_or_was_erased_is_not_tried() -> None:
    post(b"<xml/>")
    replaying.replay_due(timezone.now() + timedelta(hours=9))
    assert only_message().attempts == 0
    assert replaying.quarantined().exists()
    InboundMessage.objects.update(payload={})
    assert not replaying.quarantined().exists()


@pytest.fixture
def office(client: Client) -> Client:
    client.force_login(
        get_user_model().objects.create_superuser(username="root", password="x" * 12, openid="oRoot"),
        backend="accounts.auth.ManagerBackend",
    )
    return client


def act(office: Client, model: str, action: str, pk: int) -> None:
    values = {"action": action, "_selected_action": [pk]}
    assert office.post(f"/admin/dispatch/{model}/", values).status_code == 302


def test_the_back_office_lets_it_be_done_again(cast: Cast, broken: Broken, office: Client) -> None:
    say(cast.resident, Content="楼道灯坏了")
    InboundMessage.objects.update(attempts=len(replaying.AGES))
    broken.down = False
    act(office, "inboundmessage", "process_again", only_message().pk)
    assert only_draft().description == "楼道灯坏了"
    assert not replaying.quarantined().exists()


def test_the_back_office_sets_aside_what_is_hopeless(office: Client) -> None:
    post(b"<xml/>")
    act(office, "inboundmessage", "set_aside", only_message().pk)
    assert not replaying.quarantined().exists()
    assert doctor._left_over().status == "ok"


def test_a_telling_that_was_given_up_is_seen_and_can_be_routed_again(cast: Cast, office: Client) -> None:
    cast.report()
    Outbox.objects.update(attempts=routing.ATTEMPTS, error="KeyError: x")
    sweep(hours=0.01)
    assert not Delivery.objects.exists()
    assert "KeyError: x" in doctor._left_over().detail
    act(office, "outbox", "route_again", Outbox.objects.get().pk)
    sweep(hours=0.01)
    assert Delivery.objects.count() == 2
