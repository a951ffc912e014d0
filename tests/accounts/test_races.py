"""Two at once: one roster entry, one binding, one last manager."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection

from accounts.models import Membership, RosterEntry, User
from accounts.services.bindings import request_binding, revoke_membership
from accounts.services.erasure import erase_identity
from accounts.services.login import person_for_openid
from community_report.core.errors import DomainError
from tests.factories import bind, make_cast, make_home, make_person, role_of

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run the calls in threads that start together; gives their answers, or the refusals' words."""
    barrier, answers = threading.Barrier(len(calls)), []

    def run(call: Callable[[], Any]) -> None:
        try:
            barrier.wait(10)
            answers.append(call())
        except DomainError as error:
            answers.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def ask(person: User, community: Any) -> str:
    home = {"building": "6幢", "unit": "1单元", "room": "501"}
    made = request_binding(actor=person, community=community, name="刘大爷", phone="13700000001", **home)
    return made.status


def test_one_roster_entry_binds_one_person() -> None:
    cast = make_cast()
    RosterEntry.objects.create(home=make_home(cast.community, room="501"), name="刘大爷", phone="13700000001")
    people = [make_person(f"p{number}") for number in range(5)]
    answers = at_once([lambda person=person: ask(person, cast.community) for person in people])
    assert sorted(answers) == ["active"] + ["pending"] * 4


def test_one_person_asking_twice_has_one_binding() -> None:
    cast = make_cast()
    answers = at_once([lambda: ask(cast.stranger, cast.community)] * 5)
    assert answers == ["pending"] * 5
    assert Membership.objects.filter(user=cast.stranger).count() == 1


def test_two_managers_cannot_remove_each_other() -> None:
    cast = make_cast()
    second = make_person("副经理")
    theirs = bind(second, role_of(cast.community, "manager"))
    mine = Membership.objects.get(user=cast.manager)
    answers = at_once(
        [
            lambda: revoke_membership(actor=cast.manager, membership=theirs).status,
            lambda: revoke_membership(actor=second, membership=mine).status,
        ]
    )
    assert sorted(answers) == ["not_bound", "revoked"]
    managers = Membership.objects.active().filter(community=cast.community, role__slug="manager")
    assert managers.count() == 1


def test_a_binding_and_an_erasure_leave_no_half_person() -> None:
    cast = make_cast()
    for _ in range(5):
        person = make_person("x")
        answers = at_once([lambda p=person: ask(p, cast.community), lambda p=person: erase_identity(actor=p)])
        assert None in answers
        assert not Membership.objects.live().filter(user=person).exists()
        assert User.objects.get(pk=person.pk).openid is None


def test_a_first_login_twice_at_once_is_one_person() -> None:
    people = at_once([lambda: person_for_openid("o-new").pk] * 8)
    assert len(set(people)) == 1
