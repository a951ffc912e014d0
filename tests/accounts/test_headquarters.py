"""Headquarters' people: made, promoted, disabled and ended in the back office, by one another alone, and recorded."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Record, User
from accounts.services import headquarters
from accounts.services.login import issue_headquarters_login
from community_report.core.errors import Conflict, DomainError, Forbidden
from reports.services import transitions
from tests.factories import Cast

LIST, PEOPLE = "/admin/accounts/headquarters/", "/admin/accounts/user/"
PASSWORD = "korrekt-pferd-9"
Act = Callable[..., User]


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root", PASSWORD)


def desk_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.auth.ManagerBackend")
    return client


def do(client: Client, action: str, *people: User, where: str = LIST, **sent: str) -> Any:
    return client.post(where, {"action": action, "_selected_action": [person.pk for person in people], **sent})


def test_somebody_is_made_sets_a_password_and_comes_in(root: User) -> None:
    answer = desk_of(root).post(f"{LIST}add/", {"username": "ｌiu", "display_name": "刘总"})
    assert "no-store" in answer["Cache-Control"]
    found = re.search(r"<code>http://127\.0\.0\.1:8000(/admin-login\?secret=\S+)</code>", answer.content.decode())
    assert found
    made, client = User.objects.get(username="liu"), Client()
    assert (made.display_name, made.is_superuser, made.has_usable_password()) == ("刘总", True, False)
    assert client.post(found[1], {"password": PASSWORD, "again": PASSWORD})["Location"] == "/admin/"
    assert client.get(LIST).status_code == 200
    assert set(Record.objects.filter(person=made).values_list("action", "actor")) == {
        ("headquarters_given", root.pk), ("admin_link", root.pk)
    }  # fmt: skip
    again = desk_of(root).post(f"{LIST}add/", {"username": "liu", "display_name": "另一个"})
    assert set(again.context["adminform"].form.errors) == {"username"}


def test_a_manager_is_promoted_disabled_and_ended_after_being_asked(cast: Cast, root: User) -> None:
    client, theirs = desk_of(root), desk_of(cast.manager)
    page = do(client, "promote", cast.manager, where=PEOPLE).content.decode()
    assert "之后可以查看和管理所有小区" in page
    assert theirs.get(LIST).status_code == 403
    do(client, "promote", cast.manager, where=PEOPLE, apply="1")
    assert theirs.get(LIST).status_code == 200
    do(client, "disable", cast.manager, apply="1")
    assert theirs.get("/admin/").status_code == 302
    do(client, "enable", cast.manager, apply="1")
    assert theirs.get(LIST).status_code == 200
    do(client, "end", cast.manager, apply="1")
    assert (theirs.get(LIST).status_code, theirs.get("/admin/").status_code) == (403, 200)
    told = Record.objects.filter(person=cast.manager, actor=root).order_by("id").values_list("action", flat=True)
    assert list(told) == ["headquarters_given", "person_disabled", "person_enabled", "headquarters_taken"]


def test_who_is_disabled_gives_back_what_they_hold_and_the_page_says_how_much(cast: Cast, root: User) -> None:
    mine, other = cast.report(), cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=mine.pk)
    transitions.claim_report(actor=cast.cleaner2, report_id=other.pk)
    headquarters.promote(actor=root, person=cast.cleaner)
    page = do(desk_of(root), "disable", cast.cleaner).content.decode()
    assert "他们手上有 1 条处理中的报单，停用后退回" in page
    assert "处理中的报单" not in do(desk_of(root), "end", cast.cleaner).content.decode()
    do(desk_of(root), "disable", cast.cleaner, apply="1")
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.status, mine.claimed_by, mine.claims.get().outcome) == ("submitted", None, "removed")
    assert (mine.events.latest("at").kind, other.claimed_by) == ("removed", cast.cleaner2)
    assert cast.cleaner.memberships.get().status == "active"


def test_a_request_that_began_before_the_account_was_disabled_takes_nothing(cast: Cast, root: User) -> None:
    report, began = cast.report(), User.objects.get(pk=cast.cleaner.pk)
    headquarters.disable(actor=root, person=cast.cleaner)
    with pytest.raises(DomainError):
        transitions.claim_report(actor=began, report_id=report.pk)
    assert began.is_active
    assert not report.claims.exists()


def test_more_people_than_can_be_looked_through_are_refused_all_of_them(root: User) -> None:
    client, others = desk_of(root), [User.objects.create_superuser(f"root{n}") for n in range(21)]
    for sent in ({}, {"apply": "1"}):
        answer = client.post(
            LIST, {"action": "disable", "_selected_action": [one.pk for one in others], **sent}, follow=True
        )
        assert "一次最多 20 条" in answer.content.decode()
    assert User.objects.filter(is_active=True, is_superuser=True).count() == 22
    assert "停用账号" in do(client, "disable", *others[:20]).content.decode()
    do(client, "disable", *others[:20], apply="1")
    assert User.objects.filter(is_active=True, is_superuser=True).count() == 2


@pytest.mark.parametrize("act", [headquarters.disable, headquarters.end_headquarters])
def test_nobody_ends_their_own_so_that_one_always_stays(root: User, act: Act) -> None:
    with pytest.raises(Conflict):
        act(actor=root, person=root)
    other = User.objects.create_superuser("other")
    act(actor=root, person=other)
    with pytest.raises(Forbidden):
        act(actor=other, person=root)
    assert User.objects.filter(is_superuser=True, is_active=True).get() == root


def test_nobody_else_does_any_of_it(cast: Cast, root: User) -> None:
    client = desk_of(cast.manager)
    for action in ("disable", "end", "login_link"):
        assert do(client, action, root, apply="1").status_code == 403
    do(client, "promote", cast.cleaner, where=PEOPLE, apply="1")
    assert "设为总部人员" not in client.get(PEOPLE).content.decode()
    assert client.post(f"{LIST}add/", {"username": "x", "display_name": "x"}).status_code == 403
    with pytest.raises(DomainError):
        headquarters.promote(actor=cast.manager, person=cast.manager)
    with pytest.raises(DomainError):
        issue_headquarters_login(actor=cast.manager, person=root)
    assert list(User.objects.filter(is_superuser=True)) == [root]


def test_a_link_is_for_one_of_them_who_may_come_in(cast: Cast, root: User) -> None:
    other = User.objects.create_superuser("other", PASSWORD)
    assert "/admin-login?secret=" in do(desk_of(root), "login_link", other).content.decode()
    headquarters.disable(actor=root, person=other)
    for person in (other, cast.manager):
        with pytest.raises(Conflict):
            issue_headquarters_login(actor=root, person=person)
