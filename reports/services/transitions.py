"""Every verb on a report: one short function each, keyword-only, one transaction, and the report as it then is.

All raise NotFound, Forbidden, Conflict (`already_claimed`, `wrong_state`) as the policy says, Invalid for bad input.
`media` are `MediaItem`s; notes and reasons are plain text, at most `words.NOTE_MAX` characters.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership, Role, User
from community_report.core.errors import Conflict, Invalid
from reports.models import Category, Claim, Follow, Ignore, Rating, Report, ReportEvent
from reports.states import OPEN, Action, Party, Status

from . import engine, ignoring
from .attachments import MediaItem
from .engine import Change
from .words import AGAIN, clean, required


def claim_report(*, actor: User, report_id: UUID) -> Report:
    """Lock the report for this staff member. Claiming again what one holds changes nothing."""
    with transaction.atomic():
        change, _viewer = engine.begin(actor=actor, report_id=report_id, action=Action.CLAIM)
        if change.report.status == Status.SUBMITTED:
            change.hold(actor)
            change.move(Status.CLAIMED)
            change.finish()
    return engine.reread(actor, report_id)  # after the commit: many may be waiting for it


@transaction.atomic
def ignore_report(*, actor: User, report_id: UUID, reason: str = "") -> Report:
    """Not shown or pushed to this person any more; when nobody is left who was asked, the managers are told."""
    change, viewer = engine.begin(actor=actor, report_id=report_id, action=Action.IGNORE)
    change.note = clean(reason, "reason")
    Ignore.objects.get_or_create(report=change.report, user=actor)
    change.finish()
    if ignoring.left_alone(Report.objects.filter(pk=report_id)).exists():
        ignoring.tell_of_it(change.report, viewer.now)
    return engine.reread(actor, report_id)


@transaction.atomic
def release_report(*, actor: User, report_id: UUID, reason: str) -> Report:
    """Give it back, with a reason; it is announced again to everybody its tags lead to."""
    change, _viewer = engine.begin(actor=actor, report_id=report_id, action=Action.RELEASE)
    change.note = required(reason, "reason", _("请说明退回的原因"))
    change.let_go(Claim.Outcome.RELEASED)
    change.move(Status.SUBMITTED)
    change.finish()
    return engine.reread(actor, report_id)


@transaction.atomic
def add_progress(*, actor: User, report_id: UUID, note: str = "", media: Sequence[MediaItem] = ()) -> Report:
    """Tell how it is going; the claim's lease counts from here again. The same again within a minute is one."""
    change, _viewer = engine.begin(actor=actor, report_id=report_id, action=Action.PROGRESS)
    change.note, change.media = _words_or_media("note", note, media, _("请写几个字，或附上图片、语音")), media
    if not _is_said(change):
        change.report.last_progress_at = change.now
        change.finish()
    return engine.reread(actor, report_id)


def _words_or_media(field: str, text: str, media: Sequence[MediaItem], sentence: str) -> str:
    """A picture or a voice message says enough by itself."""
    return clean(text, field) if media else required(text, field, sentence)


def _is_said(change: Change) -> bool:
    """Did this person say just this, with the same pictures and voice, a moment ago?"""
    lately = ReportEvent.objects.filter(report=change.report, kind=change.kind, at__gt=change.now - AGAIN)
    same = lately.filter(actor=change.actor, note=change.note).prefetch_related("attachments")
    named = [(item.media_id, item.upload_id) for item in change.media]
    return any([(one.media_id, one.upload_id) for one in event.attachments.all()] == named for event in same)


@transaction.atomic
def resolve_report(*, actor: User, report_id: UUID, note: str = "", media: Sequence[MediaItem] = ()) -> Report:
    """Done: the result goes to the reporter, who confirms."""
    change, _viewer = engine.begin(actor=actor, report_id=report_id, action=Action.RESOLVE)
    change.note, change.media = _words_or_media("note", note, media, _("请写一句处理结果，或附上图片")), media
    change.report.resolved_at = change.now
    Claim.objects.filter(report=change.report, ended_at=None).update(resolved_at=change.now)
    change.move(Status.RESOLVED)
    change.finish()
    return engine.reread(actor, report_id)


@transaction.atomic
def assign_report(*, actor: User, report_id: UUID, user_id: UUID, reason: str = "") -> Report:
    """Give it to one staff member of the community, taking it from whoever holds it."""
    community = Report.objects.filter(pk=report_id).values_list("community_id", flat=True).first()
    # Memberships before reports, as everywhere: a removal or disabling that runs now is waited for or seen.
    serves = community is not None and engine.lock_staff(user_id, community)
    staff = User.objects.filter(pk=user_id, is_active=True).first()
    change, _viewer = engine.begin(actor=actor, report_id=report_id, action=Action.ASSIGN)
    if not serves or staff is None:
        raise Invalid.field("user", _("请选择本小区的工作人员"))
    previous = change.report.claimed_by
    if previous == staff:
        raise Conflict(_("这条报单已经由%(name)s处理") % {"name": staff.display_name})
    change.note = clean(reason, "reason")
    change.data = {"assignee": str(staff.pk), "previous": str(previous.pk) if previous else None}
    change.let_go(Claim.Outcome.REASSIGNED)
    change.hold(staff)
    change.move(Status.CLAIMED)
    change.finish()
    return engine.reread(actor, report_id)


@transaction.atomic
def dismiss_report(*, actor: User, report_id: UUID, reason: str) -> Report:
    """A manager finds it unreasonable, and says why."""
    change, _viewer = engine.begin(actor=actor, report_id=report_id, action=Action.DISMISS)
    change.note = required(reason, "reason", _("请说明驳回的原因"))
    change.let_go(Claim.Outcome.DISMISSED)
    change.move(Status.DISMISSED)
    change.finish()
    return engine.reread(actor, report_id)


@transaction.atomic
def restore_report(*, actor: User, report_id: UUID, reason: str) -> Report:
    """A dismissal was wrong: back to everybody its tags lead to."""
    change, _viewer = engine.begin(actor=actor, report_id=report_id, action=Action.RESTORE)
    change.note = required(reason, "reason", _("请说明恢复的原因"))
    engine.set_resolve_deadline(change.report, change.now)
    change.move(Status.SUBMITTED)
    change.finish()
    return engine.reread(actor, report_id)


@transaction.atomic
def recategorize_report(*, actor: User, report_id: UUID, category: str, reason: str) -> Report:
    """Another category: its tags, its deadlines. A claimant whose roles the new tags do not reach loses it.

    A deadline that has passed is not moved, unless a claim ends with it: then the clock for claiming starts anew.
    """
    change, _viewer = engine.begin(actor=actor, report_id=report_id, action=Action.RECATEGORIZE)
    change.note = required(reason, "reason", _("请说明改分类的原因"))
    report = change.report
    new = Category.objects.filter(community=report.community_id, slug=category, active=True).first()
    if new is None or new == report.category:
        raise Invalid.field("category", _("请选择另一个分类"))
    change.data = {"from": report.category.slug, "to": new.slug}
    report.category = new
    report.tags.set(new.tags.all())
    engine.renew_deadlines(report, change.now)
    _settle_holder(change)
    change.finish()
    return engine.reread(actor, report_id)


def _settle_holder(change: Change) -> None:
    """After recategorizing: an unclaimed report is announced anew; a claim stays only within the claimant's roles."""
    holder = change.report.claimed_by
    if change.report.status == Status.CLAIMED and holder is not None:
        reached = Membership.objects.filter(
            user=holder,
            status=Membership.Status.ACTIVE,
            role__kind=Role.Kind.STAFF,
            role__tags__in=change.report.tags.all(),
        )
        if change.report.category.claimable and reached.exists():
            return
        change.let_go(Claim.Outcome.RECATEGORIZED)
        change.move(Status.SUBMITTED)


@transaction.atomic
def merge_report(*, actor: User, report_id: UUID, into_id: UUID, reason: str = "") -> Report:
    """A duplicate of `into`: its reporter and followers follow that one from now on."""
    for pk in sorted((report_id, into_id)):  # always in one order, so that two merges cannot wait for each other
        if Report.objects.filter(pk=pk).exists():
            engine.lock_report(pk)
    change, viewer = engine.begin(actor=actor, report_id=report_id, action=Action.MERGE)
    into = Report.objects.for_view(actor).filter(pk=into_id, community=change.report.community_id).first()
    if into is None or not viewer.may_read(into) or into.pk == change.report.pk:
        raise Invalid.field("into", _("请选择本小区的另一条报单"))
    if into.status not in OPEN:
        raise Conflict(_("只能合并到一条还在处理中的报单"))
    change.note = clean(reason, "reason")
    change.data = {"into": str(into.pk)}
    change.report.merged_into = into
    change.let_go(Claim.Outcome.MERGED)
    change.move(Status.MERGED)
    _bring_followers(change.report, into)
    change.finish()
    return engine.reread(actor, report_id)


def _bring_followers(duplicate: Report, into: Report) -> None:
    people = set(Follow.objects.filter(report=duplicate).values_list("user_id", flat=True)) | {duplicate.reporter_id}
    people -= {None, into.reporter_id}
    follows = [Follow(report=into, user_id=person, merged=True) for person in people if person is not None]
    Follow.objects.bulk_create(
        follows, update_conflicts=True, unique_fields=["report", "user"], update_fields=["merged"]
    )


@transaction.atomic
def confirm_report(*, actor: User, report_id: UUID, score: int | None = None, comment: str = "") -> Report:
    """The reporter accepts the result, with a score of 1 to 5; without one where nobody worked on it or reported it."""
    change, viewer = engine.begin(actor=actor, report_id=report_id, action=Action.CONFIRM)
    report = change.report
    change.note = clean(comment, "comment")
    if Party.REPORTER in viewer.parties(report):
        change.role = "resident"
        if report.status == Status.RESOLVED:
            _rate(change, _score(score))
    report.closed_at = change.now
    change.let_go(Claim.Outcome.CLOSED)
    change.move(Status.CLOSED)
    change.finish()
    return engine.reread(actor, report_id)


def _score(score: int | None) -> int:
    if score is None or isinstance(score, bool) or not 1 <= score <= 5:
        raise Invalid.field("score", _("请打 1 到 5 分"))
    return score


def _rate(change: Change, score: int) -> None:
    """A report that was reopened is rated anew; the last score counts."""
    comment = change.note[:500]
    Rating.objects.update_or_create(
        report=change.report,
        defaults={"user": change.actor, "staff": change.report.claimed_by, "score": score, "comment": comment},
    )
    change.data = {"score": score}
    change.report.score = score


@transaction.atomic
def rate_report(*, actor: User, report_id: UUID, score: int, comment: str = "") -> Report:
    """A score after the report closed by itself."""
    change, _viewer = engine.begin(actor=actor, report_id=report_id, action=Action.RATE)
    change.note = clean(comment, "comment")
    _rate(change, _score(score))
    change.finish()
    return engine.reread(actor, report_id)


@transaction.atomic
def reopen_report(*, actor: User, report_id: UUID, reason: str = "", media: Sequence[MediaItem] = ()) -> Report:
    """Not solved: to the same staff member if still there, else to everybody its tags lead to."""
    change, _viewer = engine.begin(actor=actor, report_id=report_id, action=Action.REOPEN)
    change.note, change.media = _words_or_media("reason", reason, media, _("请说说哪里没有解决")), media
    Rating.objects.filter(report=change.report).delete()
    engine.give_back_or_keep(change)
    change.finish()
    return engine.reread(actor, report_id)


@transaction.atomic
def withdraw_report(*, actor: User, report_id: UUID, reason: str = "") -> Report:
    """The reporter takes it back, while nobody has taken it on."""
    change, _viewer = engine.begin(actor=actor, report_id=report_id, action=Action.WITHDRAW)
    change.note = clean(reason, "reason")
    change.move(Status.WITHDRAWN)
    change.finish()
    return engine.reread(actor, report_id)


@transaction.atomic
def urge_report(*, actor: User, report_id: UUID) -> Report:
    """The reporter asks to hurry, at most every half hour (else 429)."""
    change, _viewer = engine.begin(actor=actor, report_id=report_id, action=Action.URGE)
    change.report.urged_at = change.now
    change.finish()
    return engine.reread(actor, report_id)


@transaction.atomic
def comment_report(*, actor: User, report_id: UUID, note: str = "", media: Sequence[MediaItem] = ()) -> Report:
    """The reporter adds something. The same again within a minute is one."""
    change, _viewer = engine.begin(actor=actor, report_id=report_id, action=Action.COMMENT)
    change.note, change.media = _words_or_media("note", note, media, _("请写几个字，或附上图片、语音")), media
    if _is_said(change):
        return engine.reread(actor, report_id)
    if change.report.asked_at is not None:
        change.report.asked_at = None  # a board post whose author answers still stands
        change.report.status_since = change.now
    change.finish()
    return engine.reread(actor, report_id)


@transaction.atomic
def follow_report(*, actor: User, report_id: UUID) -> Report:
    """A resident wants to be told of its progress too. Not an event: the timeline is the report's, not its readers'."""
    change, _viewer = engine.begin(actor=actor, report_id=report_id, action=Action.FOLLOW)
    Follow.objects.get_or_create(report=change.report, user=actor)
    return engine.reread(actor, report_id)


@transaction.atomic
def unfollow_report(*, actor: User, report_id: UUID) -> Report:
    """Stops following; who saw the report only by following it cannot read it any more."""
    change, _viewer = engine.begin(actor=actor, report_id=report_id, action=Action.UNFOLLOW)
    Follow.objects.filter(report=change.report, user=actor).delete()
    return engine.reread(actor, report_id)
