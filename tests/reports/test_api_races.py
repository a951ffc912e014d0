"""Simultaneous calls on real connections: the database decides, and everybody is told the truth."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from django.db import connections

from accounts.models import User
from reports.models import Claim, Report, ReportEvent
from tests.conftest import ApiClient
from tests.factories import Cast, bind, make_cast, make_person, role_of

pytestmark = pytest.mark.django_db(transaction=True)
Answer = tuple[int, dict[str, Any]]


@pytest.fixture
def people(transactional_db: None) -> Cast:
    return make_cast()


def at_once(calls: list[Callable[[], Answer]]) -> list[Answer]:
    """Make all calls from threads that wait for each other, each on a database connection of its own."""
    barrier = threading.Barrier(len(calls))
    answers: list[Answer | None] = [None] * len(calls)

    def run(index: int) -> None:
        try:
            barrier.wait(30)
            answers[index] = calls[index]()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(answers), "a call did not come back"
    return [answer for answer in answers if answer is not None]


def post(user: User, path: str, body: dict[str, Any] | None = None) -> Callable[[], Answer]:
    client = ApiClient(user)  # logged in before the start
    return lambda: client.post(path, body)


def cleaners(cast: Cast, number: int) -> list[User]:
    staff = [make_person(f"保洁员{n}", f"1370000{n:04d}") for n in range(number)]
    for person in staff:
        bind(person, role_of(cast.community, "cleaner"))
    return staff


def test_fifty_claim_and_one_wins(people: Cast) -> None:
    report = people.report()
    answers = at_once([post(person, f"reports/{report.pk}/claim") for person in cleaners(people, 50)])
    assert Counter(status for status, _body in answers) == {200: 1, 409: 49}
    (won,) = [body for status, body in answers if status == 200]
    winner = won["claimed_by"]["display_name"]
    for status, body in answers:
        if status == 409:
            assert (body["code"], body["claimed_by"]) == ("already_claimed", {"display_name": winner})
            assert datetime.fromisoformat(body["claimed_at"]) == datetime.fromisoformat(won["claimed_at"])
    assert Claim.objects.filter(report=report, ended_at=None).count() == Claim.objects.count() == 1
    assert ReportEvent.objects.filter(report=report, kind="claim").count() == 1
    assert Report.objects.get(pk=report.pk).claimed_by == Claim.objects.get().staff


@pytest.mark.parametrize("attempt", range(5))
def test_claim_and_withdrawal_never_both_win(attempt: int, people: Cast) -> None:
    report = people.report()
    claim, withdrawal = at_once([
        post(people.cleaner, f"reports/{report.pk}/claim"),
        post(people.resident, f"reports/{report.pk}/withdraw"),
    ])  # fmt: skip
    assert sorted((claim[0], withdrawal[0])) == [200, 409]
    after = Report.objects.get(pk=report.pk).status
    if claim[0] == 200:
        assert (after, withdrawal[1]["code"]) == ("claimed", "already_claimed")
        assert withdrawal[1]["claimed_by"] == {"display_name": "张师傅"}
    else:
        assert (after, claim[1]["code"], Claim.objects.count()) == ("withdrawn", "wrong_state", 0)
    assert ReportEvent.objects.filter(report=report).count() == 2


def test_one_person_who_taps_twice_holds_one_claim(people: Cast) -> None:
    report = people.report()
    answers = at_once([post(people.cleaner, f"reports/{report.pk}/claim") for _ in range(8)])
    assert {status for status, _body in answers} == {200}
    assert Claim.objects.count() == 1
    assert ReportEvent.objects.filter(kind="claim").count() == 1


def test_same_form_sent_at_once_is_filed_once(people: Cast) -> None:
    body = {"hashed_id": str(uuid.uuid4()), "community": "fuchen", "category": "hygiene", "title": "垃圾"}
    answers = at_once([post(people.resident, "reports", body) for _ in range(8)])
    assert Counter(status for status, _body in answers) == {201: 1, 200: 7}
    assert len({body["id"] for _status, body in answers}) == 1
    assert (Report.objects.count(), ReportEvent.objects.count()) == (1, 1)


def test_two_merges_into_each_other_leave_one_open(people: Cast) -> None:
    one, two = people.report(), people.report()
    answers = at_once([
        post(people.manager, f"reports/{one.pk}/merge", {"into": str(two.pk)}),
        post(people.manager, f"reports/{two.pk}/merge", {"into": str(one.pk)}),
    ])  # fmt: skip
    assert sorted(status for status, _body in answers) == [200, 409]
    assert sorted(Report.objects.values_list("status", flat=True)) == ["merged", "submitted"]


def test_assigning_and_resolving_write_a_serial_history(people: Cast) -> None:
    report = people.report()
    ApiClient(people.cleaner).post(f"reports/{report.pk}/claim")
    assigned, resolved = at_once([
        post(people.manager, f"reports/{report.pk}/assign", {"user": str(people.cleaner2.pk)}),
        post(people.cleaner, f"reports/{report.pk}/resolve", {"note": "好了"}),
    ])  # fmt: skip
    assert sorted((assigned[0], resolved[0])) == [200, 409]
    steps = list(ReportEvent.objects.filter(report=report).order_by("id").values_list("from_status", "to_status"))
    assert all(before[1] == after[0] for before, after in pairwise(steps))
    assert Claim.objects.filter(report=report, ended_at=None).count() == 1


def test_ten_confirm_and_one_rating_stands(people: Cast) -> None:
    report = people.report()
    ApiClient(people.cleaner).post(f"reports/{report.pk}/claim")
    ApiClient(people.cleaner).post(f"reports/{report.pk}/resolve", {"note": "好了"})
    calls = [post(people.resident, f"reports/{report.pk}/confirm", {"score": 1 + n % 5}) for n in range(10)]
    answers = at_once(calls)
    assert Counter(status for status, _body in answers) == {200: 1, 409: 9}
    (won,) = [body for status, body in answers if status == 200]
    assert Report.objects.get(pk=report.pk).rating.score == won["rating"]["score"]
