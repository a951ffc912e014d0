"""What happens, who is told of it, and as which kind of message. The one table of that; nothing else decides it.

An occasion is the word of a report's event (`reports.services`), of an alarm, or one of our own below. The kinds are a
closed list (contract, section 5), so some occasions borrow the nearest one:

    comment, media_failed, still_there,
    board_asked, board_answered          go as `progress`: there is news on the report, have a look
    message_drafted, message_failed      go as `progress`: what became of a message in the chat
    lease                                goes as `urged`: a claimant who has been silent for too long is nudged
    claim_soon, due_soon                 go as `urged`: whoever can still keep the deadline is nudged before it
    unclaimed_again, overdue_again       go as `unclaimed` and `overdue`, to the managers alone
    restore                              goes as `reopened` to the reporter, whose dismissed report is alive again
    withdraw                             goes as `closed` to the followers: the end of what they follow
    channel_stopped, channel_works       go as `notice`, to the managers: what the installation has to tell them
    binding_made, binding_contested      go as `binding_decided` to those who share the home or the roster entry
"""

from collections.abc import Callable
from dataclasses import dataclass

from reports.models import Report, ReportEvent
from reports.states import Status

from . import audience as to
from .audience import Audience
from .kinds import Kind

Condition = Callable[[Report, ReportEvent], bool]


def always(report: Report, event: ReportEvent) -> bool:
    return True


def waits_for_staff(report: Report, event: ReportEvent) -> bool:
    """It is (again) in `submitted`, and somebody has to take it on."""
    return report.waits_for_staff


def was_given_back(report: Report, event: ReportEvent) -> bool:
    return event.from_status == Status.CLAIMED and event.to_status == Status.SUBMITTED


def is_public(report: Report, event: ReportEvent) -> bool:
    return report.status == Status.SUBMITTED and report.category.public


def is_taken_up(report: Report, event: ReportEvent) -> bool:
    return event.to_status == Status.CLAIMED


def is_scored(report: Report, event: ReportEvent) -> bool:
    return bool(event.data.get("score"))


@dataclass(frozen=True)
class Telling:
    """One kind of message to everybody in `audiences`; who is in several is told once, as in the first."""

    kind: Kind
    audiences: tuple[Audience, ...]
    when: Condition = always


_NEW = Telling(Kind.NEW_REPORT, (to.staff,), waits_for_staff)
_POST = Telling(Kind.BOARD_POST, (to.board_readers,), is_public)
_RELEASED = Telling(Kind.RELEASED, (to.reporter, to.followers))
_WATCHERS = (to.reporter, to.followers)

OCCASIONS: dict[str, tuple[Telling, ...]] = {
    "submitted": (_NEW, _POST),
    "claim": (Telling(Kind.CLAIMED, _WATCHERS),),
    "release": (_NEW, _RELEASED),
    "expire": (_NEW, Telling(Kind.RELEASED, (to.former_claimant, *_WATCHERS))),
    "removed": (_NEW, _RELEASED),
    "progress": (Telling(Kind.PROGRESS, _WATCHERS),),
    "resolve": (Telling(Kind.RESOLVED, _WATCHERS),),
    "assign": (
        Telling(Kind.ASSIGNED, (to.assignee,)),
        Telling(Kind.CLAIMED, _WATCHERS),
        Telling(Kind.RELEASED, (to.previous_claimant,)),
    ),
    "dismiss": (Telling(Kind.DISMISSED, (*_WATCHERS, to.claimant)),),
    "recategorize": (_NEW, _POST, Telling(Kind.RELEASED, (to.former_claimant, *_WATCHERS), was_given_back)),
    "merge": (Telling(Kind.MERGED, (*_WATCHERS, to.claimant)),),
    "restore": (_NEW, Telling(Kind.REOPENED, _WATCHERS)),
    "confirm": (
        Telling(Kind.RATED, (to.claimant,), is_scored),
        Telling(Kind.CLOSED, (*_WATCHERS, to.unrated_claimant)),
    ),
    "close": (Telling(Kind.CLOSED, (*_WATCHERS, to.claimant)),),
    "reopen": (_NEW, Telling(Kind.REOPENED, (to.claimant,), is_taken_up)),
    "withdraw": (Telling(Kind.CLOSED, (to.followers,)),),
    "urge": (Telling(Kind.URGED, (to.claimant_or_staff,)),),
    "comment": (Telling(Kind.PROGRESS, (to.claimant,)),),
    "rate": (Telling(Kind.RATED, (to.claimant,)),),
    # Alarms (reports.signals.report_alarmed):
    "unclaimed": (Telling(Kind.UNCLAIMED, (to.managers, to.staff)),),
    "unclaimed_again": (Telling(Kind.UNCLAIMED, (to.managers,)),),
    "claim_soon": (Telling(Kind.URGED, (to.staff,)),),
    "overdue": (Telling(Kind.OVERDUE, (to.claimant, to.managers)),),
    "overdue_again": (Telling(Kind.OVERDUE, (to.managers,)),),
    "due_soon": (Telling(Kind.URGED, (to.claimant_or_staff,)),),
    "lease": (Telling(Kind.URGED, (to.claimant,)),),
    "ignored": (Telling(Kind.IGNORED, (to.managers,)),),
    "still_there": (Telling(Kind.PROGRESS, (to.reporter,)),),
    # Not an event of a report:
    "board_asked": (Telling(Kind.PROGRESS, (to.named_person,)),),
    "board_answered": (Telling(Kind.PROGRESS, (to.named_person,)),),
    "media_failed": (Telling(Kind.PROGRESS, (to.named_person,)),),
    "message_drafted": (Telling(Kind.PROGRESS, (to.named_person,)),),
    "message_failed": (Telling(Kind.PROGRESS, (to.named_person,)),),
    "notice_published": (Telling(Kind.NOTICE, (to.notice_readers,)),),
    "notice_reminded": (Telling(Kind.NOTICE, (to.notice_unread,)),),
    "channel_stopped": (Telling(Kind.NOTICE, (to.managers,)),),
    "channel_works": (Telling(Kind.NOTICE, (to.managers,)),),
    "binding_requested": (Telling(Kind.BINDING_PENDING, (to.people_managers,)),),
    "binding_contested": (Telling(Kind.BINDING_DECIDED, (to.named_people,)),),
    "binding_made": (Telling(Kind.BINDING_DECIDED, (to.named_people,)),),
    "binding_decided": (Telling(Kind.BINDING_DECIDED, (to.bound_person,)),),
}


def audiences_of(occasion: str, kind: str) -> tuple[Audience, ...]:
    """Whom `occasion` tells as `kind`, whatever its condition: that was asked when it happened."""
    return next((telling.audiences for telling in OCCASIONS.get(occasion, ()) if telling.kind == kind), ())
