"""Two people, or twenty, at the same thing in the same instant."""

from collections import Counter
from functools import partial
from uuid import UUID, uuid4

from devtools.faults.ledger import Answer
from devtools.faults.registry import Scene, at_once, expect, fault

ROUNDS = 20


@fault("claim-x20", 38)
def claims(scene: Scene) -> None:
    """twenty claims in the same instant by two people, twenty rounds: one claimant, told to the reporter once"""
    from dispatch.models import Delivery
    from reports.models import Claim

    people = [scene.another("zhang" if n % 2 else "wang") for n in range(20)]
    slowest = 0.0
    for _ in range(ROUNDS):
        report = scene.file()
        answers = at_once(*[partial(one.act, report, "claim") for one in people])
        # 503: a lock was not to be had for four seconds, on a busy machine.
        _all_answered(answers, 200, 409, 503)
        holders = {answer.body["claimed_by"]["display_name"] for answer in answers if answer.status != 503}
        expect(len(holders) == 1 and max(_statuses(answers).values()) <= 10, f"{_statuses(answers)}, {holders}")
        expect(Claim.objects.filter(report=UUID(report)).count() == 1, "not one claim")
        slowest = max(slowest, *(answer.seconds for answer in answers))
    told = Delivery.objects.filter(created_at__gte=scene.since, kind="claimed").count()
    scene.note(f"{ROUNDS} rounds, each: the ten requests of one person 200, of the other 409; slowest {slowest:.2f} s")
    _until_told(scene, told)


def _until_told(scene: Scene, so_far: int) -> None:
    from devtools.waiting import until
    from dispatch.models import Delivery

    told = Delivery.objects.filter(created_at__gte=scene.since, kind="claimed")
    until(lambda: told.count() >= ROUNDS, 30, f"only {so_far} told")
    scene.pause(1)
    expect(told.count() == ROUNDS, f"told {told.count()} times")


@fault("claim-or-withdraw", 39)
def claim_or_withdraw(scene: Scene) -> None:
    """a claim and a withdrawal in the same instant: one wins, the other is told"""
    staff, reporter = scene.another("zhang"), scene.another("li")
    won: Counter[str] = Counter()
    for _ in range(ROUNDS):
        report = scene.file()
        answers = at_once(partial(staff.act, report, "claim"), partial(reporter.act, report, "withdraw"))
        _one_wins(answers)
        won["claim" if answers[0].status == 200 else "withdraw"] += 1
    scene.note(f"{ROUNDS} rounds: {dict(won)}")


@fault("reassign-or-finish", 40)
def reassign_or_finish(scene: Scene) -> None:
    """a manager assigns to another while the claimant finishes: one after the other, or one refused"""
    staff, manager = scene.another("zhang"), scene.another("chen")
    other = str(scene.town.people["wang"].pk)
    seen: Counter[str] = Counter()
    for _ in range(ROUNDS):
        report = scene.file()
        staff.act(report, "claim")
        answers = at_once(
            partial(manager.act, report, "assign", user=other),
            partial(staff.act, report, "resolve", note="好了", media=[]),
        )
        _all_answered(answers, 200, 403, 409)
        seen[str([answer.status for answer in answers])] += 1
        _history_is_serial(report)
    scene.note(f"assign, resolve: {dict(seen)}")


def _history_is_serial(report: str) -> None:
    """Each change of status begins where the one before it ended, and the report is where the last one led."""
    from reports.models import Claim, Report, ReportEvent

    status = None
    for event in ReportEvent.objects.filter(report=UUID(report)).exclude(to_status=None).order_by("pk"):
        expect(event.from_status == status, f"{report}: {event.kind} begins at {event.from_status}, after {status}")
        status = event.to_status
    row = Report.objects.get(pk=report)
    expect(row.status == status, f"{report} is {row.status}, its history ends with {status}")
    expect(Claim.objects.filter(report=UUID(report), ended_at=None).count() <= 1, "two claims are open")


@fault("removed-in-mid-claim", 41)
def removed(scene: Scene) -> None:
    """a staff member is removed in the instant of their claim: the report is open again, or was never theirs"""
    scene.may_end_with = {"45015"}  # the news of the removal has no template, and they have not written lately
    from accounts.models import Membership
    from reports.models import Claim, Report

    manager, staff = scene.another("chen"), scene.another("zhang")
    role = Membership.objects.get(user=scene.town.people["zhang"], role__slug="cleaner").role
    seen: Counter[str] = Counter()
    for _ in range(5):
        report = scene.file()
        scene.wait_shown(report)
        member = Membership.objects.get(user=scene.town.people["zhang"], role=role, status="active")
        answers = at_once(
            partial(staff.act, report, "claim"),
            partial(manager.ask, "DELETE", f"/api/v1/people/{member.pk}", "remove"),
        )
        _all_answered(answers, 200, 204, 403, 404)
        seen[str([answer.status for answer in answers])] += 1
        expect(Report.objects.get(pk=report).status == "submitted", "the report is not open again")
        expect(not Claim.objects.filter(report=UUID(report), ended_at=None).exists(), "a claim is left")
        expect(staff.act(report, "claim").status in (403, 404), "somebody dismissed can claim")
        scene.town.people["zhang"].groups.add(role.group)
        Membership.objects.create(
            user=scene.town.people["zhang"], community=role.community, role=role, status="active", name="zhang"
        )
    scene.note(f"claim, removal: {dict(seen)}")


@fault("double-tap", 37)
def double_tap(scene: Scene) -> None:
    """the same report twice in the same instant, and once more later: one report, the same id"""
    first, second = scene.another("li"), scene.another("li")
    for _ in range(ROUNDS):
        same = str(uuid4())
        answers = at_once(partial(first.file, same), partial(second.file, same))
        answers.append(first.file(same))
        _all_answered(answers, 200, 201)
        ids = {answer.body["id"] for answer in answers}
        expect(len(ids) == 1 and _statuses(answers)[201] == 1, f"{_statuses(answers)}, {len(ids)} ids")
    scene.note(f"{ROUNDS} rounds: 201 once, 200 twice, one id")


def _statuses(answers: list[Answer]) -> dict[int, int]:
    return Counter(answer.status for answer in answers)


def _all_answered(answers: list[Answer], *fine: int) -> None:
    statuses = _statuses(answers)
    expect(set(statuses) <= set(fine or (200, 409)), f"answered {statuses}")


def _one_wins(answers: list[Answer]) -> None:
    expect(sorted(answer.status for answer in answers) == [200, 409], f"answered {_statuses(answers)}")
