"""More than so many new reports to one person in a minute: singly up to the limit, then one message for the rest."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.models import Membership
from dispatch.kinds import Kind
from dispatch.models import Delivery, Template
from dispatch.services import delivery
from dispatch.services.sweeping import pulse
from reports.services import transitions as act
from tests.dispatch.ledger import SEND_TEXT, WeChat, forget, route_all, send_all
from tests.factories import Cast
from tests.wechat.platform import error, ok


@pytest.fixture
def two(settings: Any, cast: Cast) -> Cast:
    """Two a minute, and one cleaner."""
    settings.PUSH_GATHER_PER_MINUTE = 2
    Membership.objects.filter(user=cast.cleaner2).delete()
    return cast


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


def pages(wechat: WeChat) -> list[str]:
    return [content.split('"')[1].split("/h5/")[1] for _, content in wechat.texts]


@pytest.mark.django_db
def test_what_is_on_top_goes_out_as_one_message(wechat: WeChat, two: Cast, clock: Any) -> None:
    for _ in range(6):
        two.report()
    send_all()
    assert len(wechat.texts) == 2
    clock.shift(4)
    pulse(timezone.now())
    assert [page == "work" for page in pages(wechat)] == [False, False, True]
    assert wechat.texts[2][1].endswith(">您有 4 条新报单，请及时查看</a>")


@pytest.mark.django_db
def test_every_report_keeps_an_honest_row(wechat: WeChat, two: Cast, clock: Any) -> None:
    for _ in range(6):
        two.report()
    send_all()
    clock.shift(4)
    pulse(timezone.now())
    rows = list(Delivery.objects.order_by("created_at"))
    assert {(row.status, row.channel) for row in rows} == {("sent", "text")}
    assert len({row.report_id for row in rows}) == 6
    leaders = [row for row in rows if row.led.exists()]
    assert [row.led.count() for row in leaders] == [3]
    assert all(row.text == "您收到【卫生清理】消息，请及时查看" for row in rows)


@pytest.mark.django_db
def test_within_the_minute_there_is_one_gathered_message(wechat: WeChat, two: Cast, clock: Any) -> None:
    for _ in range(50):
        two.report()
        send_all()
        clock.shift(1)
    assert len(wechat.texts) == 3
    for _ in range(30):
        clock.shift(1)
        pulse(timezone.now())
    assert pages(wechat)[2:] == ["work", "work"]
    assert not Delivery.objects.filter(status="pending").exists()


@pytest.mark.django_db
def test_slower_ones_go_out_one_by_one(wechat: WeChat, two: Cast, clock: Any) -> None:
    for _ in range(5):
        two.report()
        send_all()
        clock.shift(31)
    assert len(wechat.texts) == 5
    assert "work" not in pages(wechat)


@pytest.mark.django_db
def test_zero_never_gathers(wechat: WeChat, two: Cast, settings: Any) -> None:
    settings.PUSH_GATHER_PER_MINUTE = 0
    for _ in range(30):
        two.report()
    send_all()
    assert len(wechat.texts) == 30


@pytest.mark.django_db
def test_each_person_has_their_own_minute(wechat: WeChat, cast: Cast, settings: Any, clock: Any) -> None:
    settings.PUSH_GATHER_PER_MINUTE = 1
    cast.report()
    cast.report(category="repair")
    send_all()
    assert len(wechat.texts) == 3  # two cleaners and the plumber


@pytest.mark.django_db
def test_other_kinds_are_never_gathered(wechat: WeChat, two: Cast, settings: Any) -> None:
    settings.PUSH_GATHER_PER_MINUTE = 1
    reports = [two.report() for _ in range(4)]
    forget()
    for report in reports:
        act.claim_report(actor=two.cleaner, report_id=report.pk)
    send_all()
    assert len(wechat.texts) == 4


@pytest.mark.django_db
def test_a_gathered_message_that_fails_is_tried_again_whole(wechat: WeChat, two: Cast, clock: Any) -> None:
    for _ in range(5):
        two.report()
    send_all()
    wechat.on(SEND_TEXT, error(-1))
    clock.shift(4)
    pulse(timezone.now())
    assert Delivery.objects.filter(status="pending", gathered=True, code="-1").count() == 3
    wechat.on(SEND_TEXT, ok())
    clock.shift(2)
    pulse(timezone.now())
    assert pages(wechat).count("work") == 2
    assert Delivery.objects.filter(status="sent").count() == 5


@pytest.mark.django_db
def test_a_gathered_message_lost_with_its_worker_goes_out_again(wechat: WeChat, two: Cast, clock: Any) -> None:
    for _ in range(4):
        two.report()
    send_all()
    clock.shift(4)
    Delivery.objects.filter(status="pending").update(leased_until=timezone.now() + timedelta(seconds=30))
    pulse(timezone.now())
    assert "work" not in pages(wechat)
    clock.shift(31)
    pulse(timezone.now())
    assert pages(wechat).count("work") == 1
    assert not Delivery.objects.filter(status="pending").exists()


@pytest.mark.django_db
def test_a_gathered_template_is_not_taken_for_the_single_one(wechat: WeChat, two: Cast, clock: Any) -> None:
    Template.objects.create(kind=Kind.NEW_REPORT, template_id="T", fields={"thing1": "title", "number2": "count"})
    for _ in range(5):
        two.report()
    send_all()
    clock.shift(4)
    pulse(timezone.now())
    single, _, gathered = wechat.templates
    assert gathered["url"].endswith("/h5/work")
    assert gathered["data"] == {"thing1": {"value": "您有 3 条新报单，请及时查看"}, "number2": {"value": "3"}}
    assert single["data"]["number2"] == {"value": "1"}
    assert gathered["client_msg_id"] not in {row.pk.hex for row in Delivery.objects.all()}
    assert len({sent["client_msg_id"] for sent in wechat.templates}) == 3


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_do_not_each_find_room(wechat: WeChat, two: Cast) -> None:
    for _ in range(12):
        two.report()
    route_all()
    ids = list(Delivery.objects.values_list("pk", flat=True))
    barrier = threading.Barrier(4)

    def work(mine: list[Any]) -> None:
        barrier.wait()
        delivery.deliver(mine)
        connection.close()

    threads = [threading.Thread(target=work, args=(ids[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wechat.texts) == 2
    assert Delivery.objects.filter(status="pending", gathered=True).count() == 10


@pytest.mark.django_db
def test_the_backlog_of_an_outage_is_gathered_as_well(wechat: WeChat, two: Cast, clock: Any) -> None:
    wechat.on(SEND_TEXT, error(-1))
    for _ in range(8):
        two.report()
    send_all()
    clock.shift(300)
    wechat.on(SEND_TEXT, ok())
    asked = len(wechat.texts)
    for _ in range(60):
        pulse(timezone.now())
        clock.shift(1)
    assert not Delivery.objects.filter(status="pending").exists()
    of_reports = [content for _, content in wechat.texts[asked:] if "/h5/manage/" not in content]
    assert len(of_reports) <= 3
    assert only_gathered_once()


def only_gathered_once() -> bool:
    return Delivery.objects.filter(led__isnull=False).distinct().count() == 1
