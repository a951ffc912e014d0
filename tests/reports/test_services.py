"""The verbs on a report, by themselves: what each writes, and what the database refuses."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Membership
from accounts.services.bindings import revoke_membership
from community_report.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from dispatch.models import Outbox
from reports.models import Claim, Follow, Report, ReportEvent
from reports.policies import Viewer
from reports.services import transitions as verbs
from reports.services.clock import fire_deadlines
from tests.factories import Cast, bind, role_of


def steps(report: Report) -> list[tuple[str, str | None, str | None]]:
    return list(ReportEvent.objects.filter(report=report).values_list("kind", "from_status", "to_status"))


def allowed(cast_member: object, report: Report) -> set[str]:
    fresh = Report.objects.for_view(cast_member).get(pk=report.pk)
    return set(Viewer.of(cast_member).allowed_actions(fresh))


def test_the_whole_loop_leaves_its_steps(cast: Cast) -> None:
    report = cast.report()
    verbs.claim_report(actor=cast.cleaner, report_id=report.pk)
    verbs.add_progress(actor=cast.cleaner, report_id=report.pk, note="正在清理")
    verbs.resolve_report(actor=cast.cleaner, report_id=report.pk, note="已清理")
    closed = verbs.confirm_report(actor=cast.resident, report_id=report.pk, score=5, comment="很快")
    assert closed.status == "closed"
    assert closed.rating.score == 5
    assert closed.rating.staff == cast.cleaner
    assert steps(report) == [
        ("submitted", None, "submitted"),
        ("claim", "submitted", "claimed"),
        ("progress", None, None),
        ("resolve", "claimed", "resolved"),
        ("confirm", "resolved", "closed"),
    ]
    claim = Claim.objects.get(report=report)
    assert (claim.outcome, claim.ended_at is None, claim.resolved_at is None) == ("closed", False, False)


def test_same_hashed_id_is_the_same_report(cast: Cast) -> None:
    key = uuid.uuid4()
    assert cast.report(hashed_id=key).pk == cast.report(hashed_id=key, title="别的").pk
    assert Report.objects.count() == 1
    with pytest.raises(Conflict) as refused:
        cast.report(hashed_id=key, by=cast.neighbour)
    assert refused.value.code == "duplicate_id"


def test_second_claim_is_told_who_won(cast: Cast) -> None:
    report = cast.report()
    verbs.claim_report(actor=cast.cleaner, report_id=report.pk)
    with pytest.raises(Conflict) as refused:
        verbs.claim_report(actor=cast.cleaner2, report_id=report.pk)
    assert refused.value.code == "already_claimed"
    assert refused.value.extra["claimed_by"]["display_name"] == "张师傅"


def test_claiming_again_what_one_holds_changes_nothing(cast: Cast) -> None:
    report = cast.report()
    verbs.claim_report(actor=cast.cleaner, report_id=report.pk)
    again = verbs.claim_report(actor=cast.cleaner, report_id=report.pk)
    assert again.status == "claimed"
    assert [kind for kind, _, _ in steps(report)] == ["submitted", "claim"]


def test_the_database_refuses_a_second_open_claim(cast: Cast) -> None:
    report = cast.report()
    verbs.claim_report(actor=cast.cleaner, report_id=report.pk)
    with pytest.raises(IntegrityError, match="one_open_claim"), transaction.atomic():
        Claim.objects.create(
            report=report,
            staff=cast.cleaner2,
            claimed_at=timezone.now(),
            community=cast.community,
            filed_at=report.created_at,
            first=False,
            held_before=False,
            resolved_before=False,
        )


@pytest.mark.parametrize("sql", ["UPDATE reports_reportevent SET note = 'x'", "DELETE FROM reports_reportevent"])
def test_events_are_never_changed_or_deleted(cast: Cast, sql: str) -> None:
    cast.report()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_another_role_may_not_know_of_it(cast: Cast) -> None:
    report = cast.report()
    for person in (cast.plumber, cast.neighbour, cast.stranger, cast.other_manager):
        with pytest.raises(NotFound):
            verbs.claim_report(actor=person, report_id=report.pk)


def test_released_report_is_everybodys_again(cast: Cast) -> None:
    report = cast.report()
    verbs.claim_report(actor=cast.cleaner, report_id=report.pk)
    with pytest.raises(Invalid):
        verbs.release_report(actor=cast.cleaner, report_id=report.pk, reason="  ")
    back = verbs.release_report(actor=cast.cleaner, report_id=report.pk, reason="今天休息")
    assert (back.status, back.claimed_by, back.claimed_at) == ("submitted", None, None)
    assert verbs.claim_report(actor=cast.cleaner2, report_id=report.pk).claimed_by == cast.cleaner2


def test_reopened_goes_to_the_same_person_while_they_serve(cast: Cast) -> None:
    report = cast.report()
    verbs.claim_report(actor=cast.cleaner, report_id=report.pk)
    verbs.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    again = verbs.reopen_report(actor=cast.resident, report_id=report.pk, reason="还是脏")
    assert (again.status, again.claimed_by) == ("claimed", cast.cleaner)
    assert Claim.objects.filter(report=report, ended_at=None).count() == 1


def test_reopened_goes_to_everybody_when_they_are_gone(cast: Cast) -> None:
    report = cast.report()
    verbs.claim_report(actor=cast.cleaner, report_id=report.pk)
    verbs.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    cast.cleaner.memberships.update(status="revoked")
    again = verbs.reopen_report(actor=cast.resident, report_id=report.pk, reason="还是脏")
    assert (again.status, again.claimed_by) == ("submitted", None)
    assert not Claim.objects.filter(report=report, ended_at=None).exists()


def test_closed_can_be_reopened_within_the_days_only(cast: Cast) -> None:
    report = cast.report()
    verbs.claim_report(actor=cast.cleaner, report_id=report.pk)
    verbs.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    verbs.confirm_report(actor=cast.resident, report_id=report.pk, score=4)
    with time_machine.travel(timezone.now() + timedelta(days=15, minutes=1)), pytest.raises(Conflict):
        verbs.reopen_report(actor=cast.resident, report_id=report.pk, reason="又坏了")
    with time_machine.travel(timezone.now() + timedelta(days=14)):
        assert verbs.reopen_report(actor=cast.resident, report_id=report.pk, reason="又坏了").status == "claimed"


def test_urging_waits_half_an_hour(cast: Cast) -> None:
    report = cast.report()
    verbs.urge_report(actor=cast.resident, report_id=report.pk)
    assert "urge" not in allowed(cast.resident, report)
    with pytest.raises(DomainError) as refused:
        verbs.urge_report(actor=cast.resident, report_id=report.pk)
    assert refused.value.status == 429
    assert 0 < refused.value.extra["retry_after"] <= 1801
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        verbs.urge_report(actor=cast.resident, report_id=report.pk)


def test_merging_brings_the_reporter_along(cast: Cast) -> None:
    first, second = cast.report(), cast.report(by=cast.neighbour)
    merged = verbs.merge_report(actor=cast.manager, report_id=second.pk, into_id=first.pk)
    assert (merged.status, merged.merged_into) == ("merged", first)
    assert Follow.objects.get(report=first).user == cast.neighbour
    assert Report.objects.visible_to(Viewer.of(cast.neighbour).standing).filter(pk=first.pk).exists()
    assert not Report.objects.readable_by(Viewer.of(cast.neighbour).standing).filter(pk=first.pk).exists()


def test_recategorizing_beyond_the_roles_takes_the_claim_away(cast: Cast) -> None:
    report = cast.report()
    verbs.claim_report(actor=cast.cleaner, report_id=report.pk)
    moved = verbs.recategorize_report(actor=cast.manager, report_id=report.pk, category="repair", reason="是漏水")
    assert (moved.status, moved.claimed_by) == ("submitted", None)
    assert [tag.slug for tag in moved.tags.all()] == ["leak"]
    assert Claim.objects.get(report=report).outcome == "recategorized"


def test_when_all_have_ignored_it_the_managers_are_told_once(cast: Cast) -> None:
    report = cast.report()
    verbs.ignore_report(actor=cast.cleaner, report_id=report.pk)
    assert not ReportEvent.objects.filter(report=report, kind="ignored").exists()
    verbs.ignore_report(actor=cast.cleaner2, report_id=report.pk)
    assert ReportEvent.objects.filter(report=report, kind="ignored").count() == 1


def test_when_the_last_who_had_not_ignored_it_is_gone_the_managers_are_told_as_well(cast: Cast) -> None:
    first, second, untouched = (cast.report() for _ in range(3))
    for report in (first, second):
        verbs.ignore_report(actor=cast.cleaner, report_id=report.pk)
    verbs.claim_report(actor=cast.cleaner2, report_id=second.pk)  # and gives it back by being removed
    told = ReportEvent.objects.filter(kind="ignored")
    assert not told.exists()
    revoke_membership(actor=cast.manager, membership=Membership.objects.get(user=cast.cleaner2))
    assert sorted(told.values_list("report", flat=True)) == sorted([first.pk, second.pk])
    assert set(Outbox.objects.filter(kind="ignored").values_list("report", flat=True)) == {first.pk, second.pk}
    revoke_membership(actor=cast.manager, membership=Membership.objects.get(user=cast.cleaner))
    assert told.count() == 2  # who had ignored it themselves was not waited for
    assert not told.filter(report=untouched).exists()


def test_a_colleague_who_is_left_can_still_take_it(cast: Cast) -> None:
    report = cast.report()
    bind(cast.stranger, role_of(cast.community, "cleaner"))
    verbs.ignore_report(actor=cast.cleaner, report_id=report.pk)
    revoke_membership(actor=cast.manager, membership=Membership.objects.get(user=cast.cleaner2))
    assert not ReportEvent.objects.filter(kind="ignored").exists()


def test_a_board_post_is_closed_by_its_author_and_claimed_by_nobody(cast: Cast) -> None:
    report = cast.report(category="lost")
    bind(cast.stranger, role_of(cast.community, "cleaner"))
    assert "claim" not in allowed(cast.stranger, report) | allowed(cast.cleaner, report)
    assert verbs.confirm_report(actor=cast.resident, report_id=report.pk).status == "closed"


def test_who_files_for_a_caller_never_confirms(cast: Cast) -> None:
    from reports.services.submit import Caller

    home = {"building": "6幢", "unit": "1单元", "room": "401"}
    report = cast.report(by=cast.manager, on_behalf_of=Caller("李阿姨", "13900000001", home))
    assert (report.reporter, report.filed_by) == (cast.resident, cast.manager)
    unknown = cast.report(by=cast.manager, on_behalf_of=Caller("无名", "13911112222", home))
    assert unknown.reporter is None
    verbs.claim_report(actor=cast.cleaner, report_id=unknown.pk)
    verbs.resolve_report(actor=cast.cleaner, report_id=unknown.pk, note="好了")
    with pytest.raises(Forbidden):
        verbs.confirm_report(actor=cast.manager, report_id=unknown.pk)
    bind(cast.stranger, role_of(cast.community, "manager"))
    assert verbs.confirm_report(actor=cast.stranger, report_id=unknown.pk).status == "closed"


def test_deadlines_fire_once(cast: Cast) -> None:
    report = cast.report()
    later = timezone.now() + timedelta(minutes=31)
    for _ in range(2):
        fire_deadlines(later)
    assert [kind for kind, _, _ in steps(report)] == ["submitted", "unclaimed"]
    for _ in range(2):
        fire_deadlines(timezone.now() + timedelta(days=2))
    assert [kind for kind, _, _ in steps(report)] == ["submitted", "unclaimed", "overdue"]


def test_a_lease_reminds_then_releases(cast: Cast) -> None:
    cast.community.categories.filter(slug="hygiene").update(lease_minutes=60)
    report = cast.report()
    verbs.claim_report(actor=cast.cleaner, report_id=report.pk)
    for minutes in (59, 61, 62):
        fire_deadlines(timezone.now() + timedelta(minutes=minutes))
    kinds = [kind for kind, _, _ in steps(report)]
    assert kinds.count("lease") == 1
    fire_deadlines(timezone.now() + timedelta(minutes=121))
    report.refresh_from_db()
    assert (report.status, report.claimed_by) == ("submitted", None)


def test_silence_closes_a_resolved_report(cast: Cast) -> None:
    report = cast.report()
    verbs.claim_report(actor=cast.cleaner, report_id=report.pk)
    verbs.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    fire_deadlines(timezone.now() + timedelta(days=6, hours=23))
    report.refresh_from_db()
    assert report.status == "resolved"
    fire_deadlines(timezone.now() + timedelta(days=7, minutes=1))
    report.refresh_from_db()
    assert report.status == "closed"
    assert allowed(cast.resident, report) == {"reopen", "rate"}


def test_a_board_post_is_asked_about_and_then_closes(cast: Cast) -> None:
    report = cast.report(category="lost")
    for day in (31, 32):
        fire_deadlines(timezone.now() + timedelta(days=day))
    assert [kind for kind, _, _ in steps(report)] == ["submitted", "still_there"]
    fire_deadlines(timezone.now() + timedelta(days=62))
    report.refresh_from_db()
    assert report.status == "closed"
