"""What is sent again by hand: in the back office after a page that asks, and by the command."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Record, User
from dispatch.models import Delivery, Outbox
from notices.models import Notice
from reports.models import Report
from reports.services import transitions
from tests.dispatch.ledger import route_all
from tests.dispatch.test_commands import run
from tests.dispatch.test_oversight import back_office
from tests.factories import Cast

LIST = "/admin/dispatch/delivery/"


@pytest.fixture
def ledger(cast: Cast) -> dict[str, Delivery]:
    """By the reason for which a message stays out; "" is what can go, "old" what can but is a month old."""
    reports = {name: cast.report(title=name) for name in ("open", "claimed", "withdrawn")}
    transitions.claim_report(actor=cast.cleaner2, report_id=reports["claimed"].pk)
    transitions.withdraw_report(actor=cast.resident, report_id=reports["withdrawn"].pk)
    gone = Notice.objects.create(community=cast.community, title="停水", body="x", withdrawn_at=timezone.now())
    route_all()
    Delivery.objects.all().delete()
    box = Outbox.objects.earliest("pk")

    def make(user: User, report: Report | None = None, kind: str = "new_report", **fields: Any) -> Delivery:
        values = {"status": "dead", "code": "45015", "outbox": another(box), **fields}
        return Delivery.objects.create(
            user=user, kind=kind, community=cast.community, report=report, due_at=timezone.now(), **values
        )

    found = {
        "": make(cast.cleaner, reports["open"]),
        "told of the claim": make(cast.resident, reports["claimed"], "claimed", status="skipped", code="unfollowed"),
        "old": make(cast.cleaner, reports["open"], "overdue"),
        "off_duty": make(cast.cleaner2, reports["open"], status="skipped", code="off_duty"),
        "claimed meanwhile": make(cast.cleaner, reports["claimed"]),
        "withdrawn": make(cast.cleaner, reports["withdrawn"], "urged"),
        "notice over": make(cast.cleaner, kind="notice", notice=gone),
        "read": make(cast.manager, reports["open"], "unclaimed", read_at=timezone.now()),
        "erased": make(cast.stranger, kind="notice", code="erased", status="skipped"),
        "sent": make(cast.plumber, reports["open"], status="sent", code=""),
    }
    Delivery.objects.filter(pk=found["old"].pk).update(created_at=timezone.now() - timedelta(days=30))
    User.objects.filter(pk=cast.stranger.pk).update(erased_at=timezone.now())
    return found


def another(box: Outbox) -> Outbox:
    number = Outbox.objects.count()
    return Outbox.objects.create(key=f"more:{number}", kind=box.kind, community=box.community, data=box.data)


def pending(ledger: dict[str, Delivery]) -> set[str]:
    keys = set(Delivery.objects.filter(status="pending").values_list("pk", flat=True))
    return {name for name, row in ledger.items() if row.pk in keys}


def test_of_all_that_the_list_shows_only_what_is_true_goes_and_is_not_old(
    cast: Cast, ledger: dict[str, Delivery]
) -> None:
    client = back_office(cast.manager)
    chosen = {"action": "send_again", "_selected_action": str(ledger[""].pk), "select_across": "1"}
    page = client.post(LIST, chosen).content.decode()
    assert pending(ledger) == set()
    for words in ("当时不在岗", "内容已经过时", "本人已经看过", "已经发出", "最近七天的，2 条", "全部，3 条"):
        assert words in page
    assert 'name="one_by_one"' not in page
    client.post(LIST, {**chosen, "apply": "1", "within": "week"})
    assert pending(ledger) == {"", "told of the claim"}
    client.post(LIST, {**chosen, "apply": "1", "within": "all"})
    assert pending(ledger) == {"", "told of the claim", "old"}
    assert [(row.actor, row.subject) for row in Record.objects.filter(action="sent_again").order_by("pk")] == [
        (cast.manager, "2 条消息"),
        (cast.manager, "1 条消息"),
    ]


def test_chosen_one_by_one_the_rest_can_go_as_well(cast: Cast, ledger: dict[str, Delivery]) -> None:
    client = back_office(cast.manager)
    some = [str(ledger[name].pk) for name in ("off_duty", "withdrawn", "sent")]
    chosen = {"action": "send_again", "_selected_action": some}
    assert "不会发送的也发送（2 条）" in client.post(LIST, chosen).content.decode()
    client.post(LIST, {**chosen, "apply": "1"})
    assert pending(ledger) == set()
    client.post(LIST, {**chosen, "apply": "1", "one_by_one": "on"})
    assert pending(ledger) == {"off_duty", "withdrawn"}


def test_the_command_keeps_to_the_same_rule(cast: Cast, ledger: dict[str, Delivery]) -> None:
    assert run("deliveries", "retry", "--dry-run") == "1 would be sent again\n"
    assert pending(ledger) == set()
    assert run("deliveries", "retry", "--status", "skipped", "--json") == '{"retried": 1}\n'
    assert run("deliveries", "retry", "--kind", "overdue", "--user", "赵师傅", "--since", "60d") == NONE
    assert run("deliveries", "retry", "--community", "other", "--since", "60d") == NONE
    assert run("deliveries", "retry", "--code", "45015", "--user", cast.cleaner.phone, "--since", "60d").startswith("2")
    assert pending(ledger) == {"", "told of the claim", "old"}
    named = ("off_duty", "erased", "sent")
    assert run("deliveries", "retry", *(f"--id={ledger[name].pk}" for name in named)).startswith("1 ")
    assert pending(ledger) == {"", "told of the claim", "old", "off_duty"}


NONE = "0 will be sent again\n"


def test_many_are_asked_about(ledger: dict[str, Delivery], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatch.management.commands.deliveries.ASK_ABOVE", 0)
    asked: list[str] = []

    def say_no(question: str) -> str:
        asked.append(question)
        return "n"

    monkeypatch.setattr("builtins.input", say_no)
    with pytest.raises(CommandError, match="nothing sent"):
        call_command("deliveries", "retry")
    assert asked == ["Send 1 messages again? [y/N] "]
    assert pending(ledger) == set()
    assert run("deliveries", "retry", "--yes").startswith("1 ")
