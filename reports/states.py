"""The state machine of a report, as data. Services apply it; buttons, API, admin and documentation read it."""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Status(TextChoices):
    SUBMITTED = "submitted", _("待处理")
    CLAIMED = "claimed", _("处理中")
    RESOLVED = "resolved", _("待确认")
    CLOSED = "closed", _("已完成")
    DISMISSED = "dismissed", _("已驳回")
    WITHDRAWN = "withdrawn", _("已撤回")
    MERGED = "merged", _("已合并")


class Party(StrEnum):
    """As whom a person acts on a report. One person can be several."""

    REPORTER = "reporter"
    FILER = "filer"  # staff or manager who filed it for somebody
    STAFF = "staff"  # of the roles that its tags lead to
    CLAIMANT = "claimant"
    MANAGER = "manager"
    NEIGHBOUR = "neighbour"  # a resident of the community
    SYSTEM = "system"  # the clock


class Action(TextChoices):
    CLAIM = "claim", _("我来处理")
    IGNORE = "ignore", _("不归我处理")
    RELEASE = "release", _("退回")
    PROGRESS = "progress", _("更新进展")
    RESOLVE = "resolve", _("提交结果")
    ASSIGN = "assign", _("指派")
    DISMISS = "dismiss", _("驳回")
    RECATEGORIZE = "recategorize", _("改分类")
    MERGE = "merge", _("合并")
    RESTORE = "restore", _("恢复")
    CONFIRM = "confirm", _("确认完成")
    REOPEN = "reopen", _("没解决")
    WITHDRAW = "withdraw", _("撤回")
    URGE = "urge", _("催一下")
    COMMENT = "comment", _("补充说明")
    RATE = "rate", _("评价")
    FOLLOW = "follow", _("关注")
    UNFOLLOW = "unfollow", _("取消关注")
    # The clock's own, never offered to a person:
    EXPIRE = "expire", _("超时退回")
    CLOSE = "close", _("自动完成")


OPEN = frozenset({Status.SUBMITTED, Status.CLAIMED, Status.RESOLVED})
HELD = frozenset({Status.CLAIMED, Status.RESOLVED})


@dataclass(frozen=True)
class Rule:
    """`to` None: the status stays. `to` BACK: claimed by the same staff member if still there, else submitted."""

    to: Status | str | None
    parties: frozenset[Party]


#: Where reopening and recategorizing lead is settled when they happen.
BACK = "back"
STAY_OR_BACK = "stay_or_back"


def _rule(to: Status | str | None, *parties: Party) -> Rule:
    return Rule(to, frozenset(parties))


S, A, P = Status, Action, Party

#: (status, action) → where it leads and who may. What is not here cannot be done.
TABLE: dict[tuple[Status, Action], Rule] = {
    (S.SUBMITTED, A.CLAIM): _rule(S.CLAIMED, P.STAFF),
    (S.SUBMITTED, A.IGNORE): _rule(None, P.STAFF),
    (S.SUBMITTED, A.ASSIGN): _rule(S.CLAIMED, P.MANAGER),
    (S.SUBMITTED, A.DISMISS): _rule(S.DISMISSED, P.MANAGER),
    (S.SUBMITTED, A.RECATEGORIZE): _rule(None, P.MANAGER),
    (S.SUBMITTED, A.MERGE): _rule(S.MERGED, P.MANAGER),
    (S.SUBMITTED, A.WITHDRAW): _rule(S.WITHDRAWN, P.REPORTER),
    (S.SUBMITTED, A.URGE): _rule(None, P.REPORTER),
    (S.SUBMITTED, A.COMMENT): _rule(None, P.REPORTER),
    (S.SUBMITTED, A.CONFIRM): _rule(S.CLOSED, P.REPORTER),  # only where nobody has to work on it: see `possible`
    (S.SUBMITTED, A.CLOSE): _rule(S.CLOSED, P.SYSTEM),  # likewise
    (S.SUBMITTED, A.FOLLOW): _rule(None, P.NEIGHBOUR),
    (S.SUBMITTED, A.UNFOLLOW): _rule(None, P.NEIGHBOUR),
    (S.CLAIMED, A.CLAIM): _rule(None, P.CLAIMANT),  # again: 200 and nothing changes
    (S.CLAIMED, A.RELEASE): _rule(S.SUBMITTED, P.CLAIMANT),
    (S.CLAIMED, A.EXPIRE): _rule(S.SUBMITTED, P.SYSTEM),
    (S.CLAIMED, A.PROGRESS): _rule(None, P.CLAIMANT),
    (S.CLAIMED, A.RESOLVE): _rule(S.RESOLVED, P.CLAIMANT),
    (S.CLAIMED, A.ASSIGN): _rule(S.CLAIMED, P.MANAGER),
    (S.CLAIMED, A.DISMISS): _rule(S.DISMISSED, P.MANAGER),
    (S.CLAIMED, A.RECATEGORIZE): _rule(STAY_OR_BACK, P.MANAGER),
    (S.CLAIMED, A.MERGE): _rule(S.MERGED, P.MANAGER),
    (S.CLAIMED, A.URGE): _rule(None, P.REPORTER),
    (S.CLAIMED, A.COMMENT): _rule(None, P.REPORTER),
    (S.CLAIMED, A.FOLLOW): _rule(None, P.NEIGHBOUR),
    (S.CLAIMED, A.UNFOLLOW): _rule(None, P.NEIGHBOUR),
    (S.RESOLVED, A.CONFIRM): _rule(S.CLOSED, P.REPORTER, P.MANAGER),  # a manager only where there is no reporter
    (S.RESOLVED, A.CLOSE): _rule(S.CLOSED, P.SYSTEM),
    (S.RESOLVED, A.REOPEN): _rule(BACK, P.REPORTER),
    (S.RESOLVED, A.COMMENT): _rule(None, P.REPORTER),
    (S.RESOLVED, A.FOLLOW): _rule(None, P.NEIGHBOUR),
    (S.RESOLVED, A.UNFOLLOW): _rule(None, P.NEIGHBOUR),
    (S.CLOSED, A.REOPEN): _rule(BACK, P.REPORTER),
    (S.CLOSED, A.RATE): _rule(None, P.REPORTER),
    (S.CLOSED, A.UNFOLLOW): _rule(None, P.NEIGHBOUR),
    (S.DISMISSED, A.RESTORE): _rule(S.SUBMITTED, P.MANAGER),
    (S.DISMISSED, A.UNFOLLOW): _rule(None, P.NEIGHBOUR),
}


def rule_for(status: str, action: str) -> Rule | None:
    """The rule for an action in a status, or None where it is impossible."""
    return TABLE.get((Status(status), Action(action)))


def actions_in(status: str) -> list[Action]:
    """What somebody can do in a status, in the table's order; the clock's actions are not among them."""
    return [a for (s, a), rule in TABLE.items() if s == status and rule.parties != {Party.SYSTEM}]


#: What an event that is no action of a person is called; the clock's, and the first of all.
_MORE_EVENTS = {
    "submitted": _("上报"),
    "removed": _("处理人离岗，退回"),
    "claim_soon": _("快到接单时限"),
    "unclaimed": _("超过时限无人接单"),
    "unclaimed_again": _("仍然无人接单"),
    "due_soon": _("快到解决时限"),
    "overdue": _("超过时限未解决"),
    "overdue_again": _("仍然没有解决"),
    "lease": _("很久没有进展"),
    "ignored": _("没有人处理"),
    "still_there": _("询问是否还需要展示"),
}


#: Every kind of event that there is.
EVENT_KINDS = (*Action.values, *_MORE_EVENTS)


def event_label(kind: str) -> str | Promise:
    """An event's kind in words; a kind that has none is shown as it is."""
    return Action(kind).label if kind in Action.values else _MORE_EVENTS.get(kind, kind)
