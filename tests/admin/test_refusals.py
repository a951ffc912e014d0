"""What the back office refuses with a message, a form or a redirect is recorded like every refusal, and as bounded."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Home, Record, User
from accounts.services import recording
from reports.services import transitions
from tests.factories import Cast

from .test_admin import client_of


def refusals(**filters: Any) -> list[str]:
    rows = Record.objects.filter(action="refused", **filters).order_by("id")
    return list(rows.values_list("detail", flat=True))


def another_communitys_report(cast: Cast, client: Client) -> Any:
    return client.get(f"/admin/reports/report/{cast.report().pk}/change/")


def another_communitys_home(cast: Cast, client: Client) -> Any:
    home = Home.objects.filter(building__community=cast.community).first()
    assert home is not None
    sent = {"home": home.pk, "name": "甲", "phone": "13900000077"}
    return client.post("/admin/accounts/rosterentry/add/", sent)


@pytest.mark.parametrize("ask", [another_communitys_report, another_communitys_home])
def test_what_belongs_to_another_community(cast: Cast, ask: Callable[[Cast, Client], Any]) -> None:
    assert ask(cast, client_of(cast.other_manager)).status_code in (200, 302)
    assert refusals(actor=cast.other_manager, community=cast.other_community) == ["not_found"]
    ask(cast, client_of(cast.manager))
    assert refusals(actor=cast.manager) == []


def dismiss(cast: Cast, *reports: Any) -> Any:
    sent = {"action": "dismiss", "apply": "1", "reason": "重复", "_selected_action": [report.pk for report in reports]}
    return client_of(cast.manager).post("/admin/reports/report/", sent)


def test_what_the_services_refuse_is_no_deed(cast: Cast) -> None:
    done = cast.report()
    transitions.dismiss_report(actor=cast.manager, report_id=done.pk, reason="重复")
    for _time in range(3):
        assert dismiss(cast, done).status_code == 302
    assert refusals(actor=cast.manager) == ["wrong_state"]
    assert not Record.objects.filter(action="request").exists()


def test_what_went_through_beside_a_refusal_has_its_own_record(cast: Cast) -> None:
    done, other = cast.report(), cast.report()
    transitions.dismiss_report(actor=cast.manager, report_id=done.pk, reason="重复")
    dismiss(cast, done, other)
    assert len(refusals(actor=cast.manager)) == 1
    assert Record.objects.filter(action="report_dismiss", subject=other.number).count() == 1


def test_who_may_not_come_in(cast: Cast) -> None:
    for person in (cast.resident, cast.cleaner):
        assert client_of(person).get("/admin/reports/report/").status_code == 302
        assert refusals(actor=person) == ["permission_denied"]
    assert Client().get("/admin/reports/report/").status_code == 302
    assert refusals(actor=None) == []


def test_a_mistake_in_typing_is_no_refusal(cast: Cast) -> None:
    client = client_of(cast.manager)
    assert "不是手机号码" in client.post("/admin/accounts/rosterentry/add/", {"phone": "1"}).content.decode()
    assert client.get("/admin/reports/report/00000000-0000-0000-0000-000000000000/change/").status_code == 302
    assert refusals() == []


def test_why_is_read_and_found_in_the_readers_language(cast: Cast) -> None:
    User.objects.filter(pk=cast.other_manager.pk).update(language="en")
    done = cast.report()
    transitions.dismiss_report(actor=cast.manager, report_id=done.pk, reason="重复")
    dismiss(cast, done)
    another_communitys_report(cast, client_of(User.objects.get(pk=cast.other_manager.pk)))
    records = "/admin/accounts/record/"
    for person, language, words in (
        (cast.manager, "zh-hans", "当前状态下不能这样做"),
        (cast.other_manager, "zh-hans", "属于别处，或已不存在"),
        (cast.other_manager, "en", "elsewhere"),
    ):
        User.objects.filter(pk=person.pk).update(language=language)
        client = client_of(User.objects.get(pk=person.pk))
        assert words in client.get(records).content.decode()
        found = client.get(records, {"q": words}).context["cl"].result_list
        assert [row.action for row in found] == ["refused"]


def test_they_are_bounded_like_the_others(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "REFUSALS_OF_AN_ADDRESS", 2)
    client = client_of(cast.other_manager)
    for _number in range(4):
        another_communitys_report(cast, client)
    assert len(refusals()) == 2


@pytest.mark.parametrize(
    ("page", "status", "title"), [("/admin/dispatch/trouble/", 403, "没有权限"), ("/admin/nothing/", 404, "没有找到")]
)
def test_a_refusal_says_on_its_tab_what_it_is_and_leads_back_to_the_desk(
    cast: Cast, page: str, status: int, title: str
) -> None:
    answer = client_of(cast.manager).get(page)
    assert answer.status_code == status
    assert f"<title>{title}</title>" in answer.content.decode()
    assert 'href="/admin/"' in answer.content.decode()
