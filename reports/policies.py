"""What a person may do with a report. One function decides; buttons, API, admin and services ask it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.policies import Standing, standing_of
from community_report.core.errors import Conflict, DomainError, Forbidden

from .models import Report
from .people import person_name
from .states import HELD, TABLE, Action, Party, Status, actions_in, rule_for

#: How often a reporter may urge.
URGE_EVERY = timedelta(minutes=30)
#: After so long the author of a board post is asked whether it still stands; as long without an answer, and it closes.
BOARD_FOR = timedelta(days=30)

#: Who an action is for, in any status: what makes a refusal "not you" (403) rather than "not now" (409).
WHO: dict[Action, frozenset[Party]] = {
    action: frozenset().union(*(rule.parties for (_s, a), rule in TABLE.items() if a == action)) for action in Action
}


@dataclass(frozen=True)
class Viewer:
    """One person looking at reports: built once per request, then pure look-ups.

    Reports must come from `Report.objects.for_view(user)`.
    """

    user: User
    standing: Standing
    now: datetime = field(default_factory=lambda: timezone.now())

    @classmethod
    def of(cls, user: User) -> "Viewer":
        return cls(user, standing_of(user))

    def parties(self, report: Report) -> set[Party]:
        """As whom this person stands to the report."""
        mine = self.user.pk
        community = report.community_id
        found = {
            Party.REPORTER: report.reporter_id == mine,
            Party.FILER: report.filed_by_id == mine,
            Party.MANAGER: self.standing.may("manage_reports", community),
            Party.STAFF: self.is_led_to(report),
            Party.CLAIMANT: report.claimed_by_id == mine
            and report.status in HELD
            and community in self.standing.staff_of,
            Party.NEIGHBOUR: community in self.standing.resident_of,
        }
        return {party for party, holds in found.items() if holds}

    def is_led_to(self, report: Report) -> bool:
        """Do the report's tags lead to a role that this person holds?"""
        if report.community_id not in self.standing.staff_of:
            return False
        if not self.standing.may("handle_reports", report.community_id):
            return False
        own = [tag for tag in report.tags.all() if tag.community_id == report.community_id]
        return any(role.pk in self.standing.staff_roles for tag in own for role in tag.roles.all())

    def may_read(self, report: Report) -> bool:
        """In full: see `ReportQuerySet.readable_by`, the same rule in SQL."""
        return not self.is_outsider(report) or (report.category.public and Party.NEIGHBOUR in self.parties(report))

    def is_outsider(self, report: Report) -> bool:
        """Reads it, if at all, only because it is public: then who reported it, and where exactly, stays hidden."""
        community, parties = report.community_id, self.parties(report)
        handled = report.claimed_by_id == self.user.pk and community in self.standing.staff_of
        filed = Party.FILER in parties and community in self.standing.member_of
        inside = parties & {Party.REPORTER, Party.MANAGER, Party.STAFF, Party.CLAIMANT}
        return not (inside or handled or filed)

    def may_see_notes(self, report: Report) -> bool:
        """Internal notes, to read and to write: who works here and has to do with it, never who reported it."""
        parties = self.parties(report)
        works = Party.MANAGER in parties or report.community_id in self.standing.staff_of
        return works and Party.REPORTER not in parties and not self.is_outsider(report)

    def may_see_phone(self, report: Report) -> bool:
        """The reporter's number: for the claimant while it is claimed or resolved, and for managers."""
        return bool(self.parties(report) & {Party.CLAIMANT, Party.MANAGER})

    def refusal(self, report: Report, action: Action) -> DomainError | None:
        """Why this person cannot do this now: `Forbidden` (not you), `Conflict` (not now); None: it would succeed."""
        parties = self.parties(report)
        rule = rule_for(report.status, action)
        if rule is None or not parties & rule.parties:
            return self._not_you(report, action, parties) or _not_now(report, action)
        return self._unless(report, action, parties)

    def _not_you(self, report: Report, action: Action, parties: set[Party]) -> DomainError | None:
        """A staff member who held it once came too late; anybody else for whom the action is not is refused."""
        if parties & WHO[action]:
            rule = rule_for(report.status, action)
            return None if rule is None or action == Action.CLAIM else Forbidden(_("您没有权限这样做"))
        if Party.STAFF in parties and Party.CLAIMANT in WHO[action] and report.held_before_:
            return None
        return Forbidden(_("您没有权限这样做"))

    def _unless(self, report: Report, action: Action, parties: set[Party]) -> DomainError | None:
        """The conditions beyond status and person."""
        match action:
            case Action.CLAIM | Action.IGNORE | Action.ASSIGN | Action.URGE if not report.category.claimable:
                return Conflict(_("这类信息不需要接单处理"))
            case Action.URGE if self.urge_again(report):
                return _urged_lately(report, self.now)
            case Action.CONFIRM | Action.RATE if Party.FILER in parties:
                return Forbidden(_("代为登记的人不能确认或评价"))
            case Action.CONFIRM:
                return self._unless_confirm(report, parties)
            case Action.RATE if report.claimed_by_id is None:
                return Conflict(_("这条报单没有人处理过，无法评价"))
            case Action.REOPEN if report.status == Status.CLOSED and self._reopen_is_over(report):
                return Conflict(_("已超过可以重新打开的期限"))
        return self._unless_done(report, action, parties)

    def _unless_done(self, report: Report, action: Action, parties: set[Party]) -> DomainError | None:
        """What is so already."""
        match action:
            case Action.IGNORE if report.ignored_:
                return Conflict(_("您已经选择不处理这条报单"))
            case Action.RATE if hasattr(report, "rating"):
                return Conflict(_("您已经评价过了"))
            case Action.FOLLOW if Party.REPORTER in parties or report.following_:
                return Conflict(_("您已经在关注了"))
            case Action.UNFOLLOW if not report.following_:
                return Conflict(_("您没有关注这条报单"))
        return None

    def _unless_confirm(self, report: Report, parties: set[Party]) -> DomainError | None:
        if report.waits_for_staff:
            return Conflict(_("还没有处理结果，暂时不能确认"))
        if Party.REPORTER not in parties and report.reporter_id is not None:
            return Forbidden(_("由上报人确认"))
        return None

    def urge_again(self, report: Report) -> datetime | None:
        """From when it may be urged again; None: now. A limit like the others: `THROTTLE_SCALE` 0 turns it off."""
        again = report.urged_at + URGE_EVERY if settings.THROTTLE_SCALE and report.urged_at else None
        return again if again and again > self.now else None

    def talk_refusal(self, report: Report) -> DomainError | None:
        """Why this person cannot write about a board post now; its author writes only to who wrote first."""
        if report.category.claimable or not report.category.public:
            return Conflict(_("这条报单不能留言"))
        if not self.parties(report) & {Party.REPORTER, Party.NEIGHBOUR}:
            return Forbidden(_("只有小区的业主可以留言"))
        return None if report.status == Status.SUBMITTED else Conflict(_("这条已经了结，不能再留言"))

    def _reopen_is_over(self, report: Report) -> bool:
        until = (report.closed_at or report.status_since) + timedelta(days=report.community.reopen_days)
        return self.now > until

    def allowed_actions(self, report: Report) -> list[str]:
        """Exactly what would succeed now, in the table's order."""
        return [a.value for a in actions_in(report.status) if self.refusal(report, a) is None]


def _not_now(report: Report, action: Action) -> DomainError:
    if report.status == Status.CLAIMED and report.claimed_by is not None:
        name = person_name(report.claimed_by)
        at = report.claimed_at
        assert at is not None  # held by a database constraint
        return Conflict(
            _("这条已由%(name)s在 %(at)s 接单")
            % {"name": name, "at": timezone.localtime(at, ZoneInfo(report.community.timezone)).strftime("%H:%M")},
            code="already_claimed",
            extra={"claimed_by": {"display_name": name}, "claimed_at": at.isoformat()},
        )
    return Conflict(_("这条报单现在是“%(status)s”，不能%(action)s") % {
        "status": Status(report.status).label, "action": action.label})  # fmt: skip


def _urged_lately(report: Report, now: datetime) -> DomainError:
    assert report.urged_at is not None
    wait = int((report.urged_at + URGE_EVERY - now).total_seconds()) + 1
    return DomainError(_("刚刚催过了，请稍后再催"), code="throttled", status=429, extra={"retry_after": wait})
