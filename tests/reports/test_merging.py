"""Merged duplicates: whoever reported or followed one of them hears how the one that stays goes on."""

from collections.abc import Callable

import pytest

from accounts.models import User
from dispatch.models import Delivery, Outbox
from dispatch.services.routing import route
from reports.models import Follow, Report
from reports.services import transitions
from reports.services.submit import Caller
from tests.admin.test_admin import client_of
from tests.conftest import ApiClient
from tests.factories import Cast, bind, make_home, make_person, role_of

Merge = Callable[[User, Report, Report], object]


def at_the_desk(manager: User, duplicate: Report, into: Report) -> object:
    """One report's own page of the back office."""
    address = f"/admin/reports/report/{duplicate.pk}/do/merge/"
    return client_of(manager).post(address, {"apply": "1", "into": into.number, "reason": "同一件事"})


def many_at_the_desk(manager: User, duplicate: Report, into: Report) -> object:
    """The list's action, with the one that stays among the chosen."""
    chosen = {"action": "merge", "apply": "1", "_selected_action": [str(into.pk), str(duplicate.pk)]}
    return client_of(manager).post("/admin/reports/report/", {**chosen, "into": into.number, "reason": "重复"})


def on_the_phone(manager: User, duplicate: Report, into: Report) -> object:
    """What the sheet of the report's page sends."""
    return ApiClient(manager).post(f"reports/{duplicate.pk}/merge", {"into": str(into.pk)})


@pytest.mark.parametrize("merge", [at_the_desk, many_at_the_desk, on_the_phone])
def test_everybody_who_reported_it_is_told_how_it_goes_on(cast: Cast, merge: Merge) -> None:
    """Reporter and follower of a duplicate, one who telephoned, and the reporter of what was merged into it before."""
    resident = role_of(cast.community, "resident")
    people = {name: make_person(name, f"1390000010{n}") for n, name in enumerate(("钱", "孙", "周"))}
    for n, person in enumerate(people.values()):
        bind(person, resident, make_home(cast.community, room=f"50{n}"))
    home = {"building": "6幢", "unit": "1单元", "room": "501"}
    into, first = cast.report(), cast.report(by=cast.neighbour)
    telephoned = cast.report(by=cast.manager, on_behalf_of=Caller("孙", "13900000101", home))
    assert telephoned.reporter == people["孙"]
    earlier = cast.report(by=people["周"])
    transitions.follow_report(actor=people["钱"], report_id=first.pk)
    merge(cast.manager, earlier, telephoned)
    merge(cast.manager, telephoned, into)
    merge(cast.manager, first, into)

    assert set(Report.objects.filter(status="merged")) == {first, telephoned, earlier}
    following = {cast.neighbour, *people.values()}
    assert {follow.user for follow in Follow.objects.filter(report=into)} == following
    assert set(Follow.objects.filter(report=into).values_list("merged", flat=True)) == {True}

    transitions.claim_report(actor=cast.cleaner, report_id=into.pk)
    transitions.resolve_report(actor=cast.cleaner, report_id=into.pk, note="好了")
    for box in Outbox.objects.filter(report=into):
        route(box.pk)
    told = Delivery.objects.filter(report=into, kind="resolved").values_list("user", flat=True)
    assert set(told) == {person.pk for person in (cast.resident, *following)}


@pytest.mark.parametrize("merge", [at_the_desk, many_at_the_desk])
@pytest.mark.parametrize("kinds", [("hygiene", "lost"), ("lost", "repair")])
def test_the_desk_merges_no_board_post_with_a_report(cast: Cast, merge: Merge, kinds: tuple[str, str]) -> None:
    duplicate, into = (cast.report(kind) for kind in kinds)
    merge(cast.manager, duplicate, into)
    assert set(Report.objects.values_list("status", flat=True)) == {"submitted"}


def test_the_live_search_is_told_what_it_may_be_merged_with(cast: Cast) -> None:
    pages = [client_of(cast.manager).get(f"/h5/reports/{cast.report(kind).pk}") for kind in ("hygiene", "lost")]
    assert 'data-categories="hygiene,repair"' in pages[0].content.decode()
    assert 'data-categories="lost"' in pages[1].content.decode()


def test_its_own_reporter_does_not_follow_it(cast: Cast) -> None:
    into, again = cast.report(), cast.report()
    on_the_phone(cast.manager, again, into)
    assert not Follow.objects.filter(report=into).exists()
    assert ApiClient(cast.resident).get(f"reports/{again.pk}")[1]["status"] == "merged"
