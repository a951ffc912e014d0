"""From an outbox row to deliveries: once each, whoever runs it, and in the inbox whatever is skipped."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import get_language

from accounts.models import Membership, User
from accounts.services.people import update_profile
from dispatch.models import Contact, Delivery, Outbox
from dispatch.services import leasing, routing
from dispatch.services.outbox import write
from dispatch.services.sweeping import pulse
from notices.services import publish_notice
from reports.models import Category
from tests.dispatch.ledger import only, route_all, skipped, told
from tests.factories import Cast, bind, make_home, make_person, role_of


@pytest.mark.django_db
def test_a_second_run_changes_nothing(cast: Cast) -> None:
    cast.report()
    box = Outbox.objects.get()
    first = routing.route(box.pk)
    assert sorted(first[0]) == sorted(Delivery.objects.values_list("pk", flat=True))
    assert routing.route(box.pk) == []
    assert Delivery.objects.count() == 2


@pytest.mark.django_db
def test_a_run_that_was_interrupted_is_completed(cast: Cast) -> None:
    cast.report()
    route_all()
    kept = Delivery.objects.filter(user=cast.cleaner).get()
    Delivery.objects.exclude(pk=kept.pk).delete()
    Outbox.objects.update(routed_at=None)
    route_all()
    assert only(cast.cleaner) == kept
    assert only(cast.cleaner2).pk != kept.pk


@pytest.mark.django_db(transaction=True)
def test_racing_routes_make_one_delivery_each(cast: Cast) -> None:
    cast.report()
    box = Outbox.objects.get()
    barrier = threading.Barrier(8)
    batches: list[list[list[Any]]] = []

    def race() -> None:
        barrier.wait()
        batches.append(routing.route(box.pk))
        connection.close()

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Delivery.objects.count() == 2
    assert len([batch for batch in batches if batch]) == 1


@pytest.mark.django_db
def test_a_failure_is_noted_and_the_sweep_tries_again(cast: Cast) -> None:
    cast.report()
    box = Outbox.objects.get()
    broken = patch("dispatch.services.routing._recipients", side_effect=RuntimeError("no such tag"))
    with broken, pytest.raises(RuntimeError):
        routing.route(box.pk)
    box.refresh_from_db()
    assert (box.routed_at, box.attempts, box.error) == (None, 1, "RuntimeError: no such tag")
    assert told() == {"new_report": {"张师傅", "赵师傅"}}
    box.refresh_from_db()
    assert box.error == ""


@pytest.mark.django_db
def test_the_same_key_is_written_once(cast: Cast) -> None:
    rows = [Outbox(key="event:1:claimed", kind="claimed", data={"n": n}) for n in range(2)]
    write(rows[:1])
    write(rows[1:])
    assert Outbox.objects.get().data == {"n": 0}


@pytest.mark.django_db
def test_what_rolls_back_is_not_told(cast: Cast) -> None:
    with transaction.atomic():
        cast.report()
        assert Outbox.objects.exists()
        transaction.set_rollback(True)
    assert not Outbox.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"muted_kinds": ["new_report"]}, "muted"),
        ({"openid": None}, "no_wechat"),
    ],
)
def test_who_is_not_pushed_finds_it_in_the_inbox(cast: Cast, fields: dict[str, Any], code: str) -> None:
    User.objects.filter(pk=cast.cleaner.pk).update(**fields)
    cast.report()
    assert told() == {"new_report": {"赵师傅"}}
    assert skipped() == {"张师傅": code}
    assert only(cast.cleaner).text == "您收到【卫生清理】消息，请及时查看"


@pytest.mark.django_db
def test_who_left_the_account_is_not_pushed(cast: Cast) -> None:
    Contact.objects.create(user=cast.cleaner, subscribed=False)
    Contact.objects.create(user=cast.cleaner2, subscribed=True)
    cast.report()
    assert told() == {"new_report": {"赵师傅"}}
    assert skipped() == {"张师傅": "unfollowed"}


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{"erased_at": datetime(2026, 1, 1, tzinfo=UTC)}, {"is_active": False}])
def test_who_is_gone_is_not_told_at_all(cast: Cast, fields: dict[str, Any]) -> None:
    User.objects.filter(pk=cast.cleaner.pk).update(**fields)
    cast.report()
    route_all()
    assert {row.user for row in Delivery.objects.all()} == {cast.cleaner2}


#: 23:30 in Shanghai.
NIGHT = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
MORNING = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_quiet_hours_hold_a_message_until_they_end(cast: Cast) -> None:
    User.objects.filter(pk=cast.cleaner.pk).update(quiet_hours=["22:00", "07:00"])
    with time_machine.travel(NIGHT, tick=False):
        cast.report()
        route_all()
    assert only(cast.cleaner).due_at == MORNING
    assert only(cast.cleaner2).due_at == NIGHT


@pytest.mark.django_db
def test_what_is_held_is_looked_at_anew_when_the_hours_change(cast: Cast) -> None:
    User.objects.filter(pk=cast.cleaner.pk).update(quiet_hours=["22:00", "07:00"])
    with time_machine.travel(NIGHT, tick=False):
        cast.report()
        route_all()
        update_profile(actor=cast.cleaner, changes={"quiet_hours": ["20:00", "08:00"]})
        leasing.take(Delivery.objects.all(), 10)
        assert only(cast.cleaner).due_at == MORNING + timedelta(hours=1)
        Delivery.objects.update(attempts=2)  # a retry that fell into the night
        update_profile(actor=cast.cleaner, changes={"quiet_hours": None})
        assert only(cast.cleaner).due_at == NIGHT


@pytest.mark.django_db
def test_an_urgent_category_breaks_through(cast: Cast) -> None:
    User.objects.filter(pk=cast.cleaner.pk).update(quiet_hours=["22:00", "07:00"])
    Category.objects.filter(slug="hygiene").update(urgent=True)
    with time_machine.travel(NIGHT, tick=False):
        cast.report()
        route_all()
    assert only(cast.cleaner).due_at == NIGHT


@pytest.mark.django_db
def test_everybody_reads_their_own_language(cast: Cast) -> None:
    User.objects.filter(pk=cast.cleaner.pk).update(language="en")
    cast.report()
    with patch("dispatch.services.routing.wording.sentence", side_effect=_language):
        route_all()
    assert (only(cast.cleaner).text, only(cast.cleaner2).text) == ("en", "zh-hans")


def _language(_box: Outbox) -> str:
    return get_language()


@pytest.mark.django_db
def test_several_tags_are_named_together(cast: Cast) -> None:
    report = cast.report()
    report.tags.add(*role_of(cast.community, "plumber").tags.all())
    route_all()
    assert only(cast.plumber).text == "您收到【卫生清理、漏水】消息，请及时查看"


@pytest.mark.django_db
def test_a_large_audience_is_not_handed_to_the_queue_at_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        bind(make_person(f"保洁{number}"), role_of(cast.community, "cleaner"))
    cast.report()
    monkeypatch.setattr(routing, "INSERT_BATCH", 5)
    monkeypatch.setattr(routing, "SEND_BATCH", 3)
    monkeypatch.setattr(routing, "SEND_BATCHES", 2)
    with django_assert_max_num_queries(21):
        batches = routing.route(Outbox.objects.get().pk)
    assert [len(batch) for batch in batches] == [3, 3]
    assert Delivery.objects.filter(status="pending").count() == 14


@pytest.mark.django_db
def test_the_pulse_routes_what_the_queue_lost(cast: Cast) -> None:
    cast.report()
    pulse(timezone.now())
    assert not Delivery.objects.exists()  # its own task is still on its way
    pulse(timezone.now() + timedelta(seconds=2))
    assert Delivery.objects.count() == 2


@pytest.mark.django_db
def test_one_person_in_two_homes_is_told_of_a_notice_once(cast: Cast) -> None:
    bind(cast.resident, role_of(cast.community, "resident"), make_home(cast.community, room="500"))
    assert Membership.objects.filter(user=cast.resident).count() == 2
    publish_notice(actor=cast.manager, community=cast.community, title="停电", body="今晚")
    route_all()
    assert Delivery.objects.filter(user=cast.resident).count() == 1
