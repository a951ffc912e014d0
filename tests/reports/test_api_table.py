"""Every (status, action, kind of person) over HTTP, against a table written from the contract alone.

What a person's `allowed_actions` name is exactly what succeeds; everything else is refused with the right code.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from reports.models import Report
from reports.services import clock, transitions
from reports.services.submit import Caller
from tests.conftest import ApiClient
from tests.factories import Cast, bind, make_person, role_of

ACTIONS = [
    "claim",
    "ignore",
    "release",
    "progress",
    "resolve",
    "assign",
    "dismiss",
    "recategorize",
    "merge",
    "restore",
    "confirm",
    "reopen",
    "withdraw",
    "urge",
    "comment",
    "rate",
    "follow",
    "unfollow",
]

#: For whom an action exists at all: to others it is 403, to them 409 while it cannot be.
MINE = {
    "reporter": {"confirm", "reopen", "withdraw", "urge", "comment", "rate", "follow", "unfollow"},
    "neighbour": {"follow", "unfollow"},
    "follower": {"follow", "unfollow"},
    "staff": {"claim", "ignore"},
    "claimant": {"claim", "ignore", "release", "progress", "resolve"},
    "manager": {"assign", "dismiss", "recategorize", "merge", "restore", "confirm"},
    "filer": {"assign", "dismiss", "recategorize", "merge", "restore", "confirm"},
}
#: Who knows nothing of a private report: 404, whatever they try.
BLIND = {"neighbour", "plumber", "other_manager", "stranger"}
#: Where the blind are tried with everything; elsewhere a few actions tell the same.
TRIED_BLIND = {"submitted", "claimed", "board post"}
A_FEW = ["claim", "confirm", "follow", "unfollow"]

MANAGER_OPEN = "assign dismiss recategorize merge"
EXPECTED: dict[str, dict[str, str]] = {
    "submitted": {
        "reporter": "withdraw urge comment",
        "neighbour": "follow",
        "follower": "unfollow",
        "staff": "claim ignore",
        "manager": MANAGER_OPEN,
    },
    "ignored by staff": {
        "reporter": "withdraw urge comment",
        "neighbour": "follow",
        "follower": "unfollow",
        "staff": "claim",
        "manager": MANAGER_OPEN,
    },
    "claimed": {
        "reporter": "urge comment",
        "neighbour": "follow",
        "follower": "unfollow",
        "claimant": "claim release progress resolve",
        "manager": MANAGER_OPEN,
    },
    "resolved": {"reporter": "confirm reopen comment", "neighbour": "follow", "follower": "unfollow"},
    "closed by itself": {"reporter": "reopen rate", "follower": "unfollow"},
    "closed with a score": {"reporter": "reopen", "follower": "unfollow"},
    "closed long ago": {"reporter": "rate", "follower": "unfollow"},
    "dismissed": {"manager": "restore", "follower": "unfollow"},
    "withdrawn": {},
    "merged": {},
    "board post": {
        "reporter": "withdraw comment confirm",
        "neighbour": "follow",
        "follower": "unfollow",
        "manager": "dismiss recategorize merge",
    },
    "board post closed": {"reporter": "reopen", "follower": "unfollow"},
    "telephoned, submitted": {
        "neighbour": "follow",
        "follower": "unfollow",
        "staff": "claim ignore",
        "manager": MANAGER_OPEN,
        "filer": MANAGER_OPEN,
    },
    "telephoned, resolved": {"neighbour": "follow", "follower": "unfollow", "manager": "confirm"},
}


def submitted(cast: Cast, **fields: Any) -> Report:
    report = cast.report(**fields)
    transitions.follow_report(actor=people(cast)["follower"], report_id=report.pk)
    return report


def claimed(cast: Cast, **fields: Any) -> Report:
    return transitions.claim_report(actor=cast.cleaner, report_id=submitted(cast, **fields).pk)


def resolved(cast: Cast, **fields: Any) -> Report:
    return transitions.resolve_report(actor=cast.cleaner, report_id=claimed(cast, **fields).pk, note="好了")


def closed(cast: Cast) -> Report:
    report = resolved(cast)
    clock.fire_deadlines(timezone.now() + timedelta(days=7, minutes=1))
    return report


def closed_long_ago(cast: Cast) -> Report:
    report = closed(cast)
    Report.objects.filter(pk=report.pk).update(closed_at=timezone.now() - timedelta(days=15, minutes=1))
    return report


def telephoned(cast: Cast) -> dict[str, Any]:
    return {"by": people(cast)["filer"], "on_behalf_of": Caller("钱女士", "13700000009")}


def post_closed(cast: Cast) -> Report:
    return transitions.confirm_report(actor=cast.resident, report_id=submitted(cast, category="lost").pk)


SITUATIONS: dict[str, Callable[[Cast], Report]] = {
    "submitted": submitted,
    "ignored by staff": lambda c: transitions.ignore_report(actor=c.cleaner2, report_id=submitted(c).pk),
    "claimed": claimed,
    "resolved": resolved,
    "closed by itself": closed,
    "closed with a score": lambda c: transitions.confirm_report(actor=c.resident, report_id=resolved(c).pk, score=5),
    "closed long ago": closed_long_ago,
    "dismissed": lambda c: transitions.dismiss_report(actor=c.manager, report_id=submitted(c).pk, reason="不属实"),
    "withdrawn": lambda c: transitions.withdraw_report(actor=c.resident, report_id=submitted(c).pk),
    "merged": lambda c: transitions.merge_report(
        actor=c.manager, report_id=submitted(c).pk, into_id=c.report(by=c.neighbour).pk
    ),
    "board post": lambda c: submitted(c, category="lost"),
    "board post closed": post_closed,
    "telephoned, submitted": lambda c: submitted(c, **telephoned(c)),
    "telephoned, resolved": lambda c: resolved(c, **telephoned(c)),
}


def people(cast: Cast) -> dict[str, User]:
    """Everybody of the table; the two who are not of the cast are made once."""
    follower = User.objects.filter(display_name="关注的邻居").first()
    if follower is None:
        follower = make_person("关注的邻居", "13900000009")
        bind(follower, role_of(cast.community, "resident"))
        bind(make_person("值班经理", "13800000009"), role_of(cast.community, "manager"))
    return {
        "reporter": cast.resident,
        "neighbour": cast.neighbour,
        "follower": follower,
        "staff": cast.cleaner2,
        "claimant": cast.cleaner,
        "plumber": cast.plumber,
        "manager": cast.manager,
        "filer": User.objects.get(display_name="值班经理"),
        "other_manager": cast.other_manager,
        "stranger": cast.stranger,
    }


def as_situated(situation: str, everybody: dict[str, User], report: Report) -> dict[str, User]:
    """The cleaner is a claimant only where they hold it; who files is a filer only of what is telephoned."""
    present = dict(everybody)
    if report.claimed_by_id is None:
        del present["claimant"]
    if report.filed_by_id is None:
        del present["filer"]
    else:
        del present["reporter"]
    return present


def refusal(person: str, action: str, *, blind: bool) -> int:
    if blind and not (action == "follow" and person == "neighbour"):
        return 404
    return 409 if action in MINE.get(person, set()) else 403


@pytest.mark.parametrize("situation", EXPECTED)
def test_allowed_actions_are_exactly_what_succeeds(
    situation: str, cast: Cast, api: Callable[[User | None], ApiClient], settings: Any
) -> None:
    settings.THROTTLE_SCALE = 0
    report = SITUATIONS[situation](cast)
    into = cast.report(by=cast.neighbour, category="repair")
    words = {
        "note": "说明", "reason": "原因", "user": str(cast.cleaner2.pk), "category": "repair", "into": str(into.pk),
    }  # fmt: skip
    for person, user in as_situated(situation, people(cast), report).items():
        expected = set(EXPECTED[situation].get(person, "").split())
        client = api(user)
        status, seen = client.get(f"reports/{report.pk}")
        public = report.category.public and person not in ("other_manager", "stranger", "plumber", "staff")
        blind = not public and (person in BLIND or (report.category.public and person == "staff"))
        assert status == (404 if blind else 200), (person, status)
        if not blind:
            offered = set(seen["allowed_actions"])
            assert offered == expected, person
        for action in ACTIONS if not blind or situation in TRIED_BLIND else A_FEW:
            body = {**words, "score": 5} if action in ("confirm", "rate") else words
            with transaction.atomic():
                status, answer = client.post(f"reports/{report.pk}/{action}", body)
                transaction.set_rollback(True)
            if action in expected:
                assert status == 200, (person, action, answer)
            else:
                wanted = refusal(person, action, blind=blind)
                allowed = {403, 409} if (person in ("manager", "filer") and action == "confirm") else {wanted}
                assert status in allowed, (person, action, status, answer)


def test_table_names_every_status(cast: Cast) -> None:
    reached = {SITUATIONS[situation](cast).pk for situation in EXPECTED}
    found = set(Report.objects.filter(pk__in=reached).values_list("status", flat=True))
    assert found == {"submitted", "claimed", "resolved", "closed", "dismissed", "withdrawn", "merged"}
