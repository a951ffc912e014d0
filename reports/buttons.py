"""The buttons of a report's page: at most one green, one plain, the rest behind “more”. The policy says what may be."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from .states import Action, Status

#: The main thing to do, the first that is allowed; and what stands beside it.
GREEN = (Action.CLAIM, Action.RESOLVE, Action.CONFIRM, Action.RATE, Action.RESTORE)
PLAIN = (
    Action.IGNORE,
    Action.PROGRESS,
    Action.REOPEN,
    Action.URGE,
    Action.ASSIGN,
    Action.COMMENT,
    Action.FOLLOW,
    Action.UNFOLLOW,
)
#: What happens at a tap; everything else opens a sheet first.
DIRECT = frozenset({Action.CLAIM, Action.URGE, Action.FOLLOW, Action.UNFOLLOW})
DANGER = frozenset({Action.WITHDRAW, Action.DISMISS})
ICONS = {
    Action.CLAIM: "check",
    Action.IGNORE: "close",
    Action.RELEASE: "people",
    Action.PROGRESS: "send",
    Action.RESOLVE: "check",
    Action.ASSIGN: "me",
    Action.DISMISS: "close",
    Action.RECATEGORIZE: "list",
    Action.MERGE: "refresh",
    Action.RESTORE: "refresh",
    Action.CONFIRM: "check",
    Action.REOPEN: "refresh",
    Action.WITHDRAW: "bin",
    Action.URGE: "notice",
    Action.COMMENT: "send",
    Action.RATE: "star",
    Action.FOLLOW: "follow",
    Action.UNFOLLOW: "follow",
}


@dataclass(frozen=True)
class Button:
    """`direct`: it happens at a tap; else the sheet `act-<name>` opens."""

    name: str
    label: str
    icon: str
    direct: bool
    danger: bool
    done: str


@dataclass(frozen=True)
class Buttons:
    green: Button | None = None
    plain: Button | None = None
    more: list[Button] = field(default_factory=list)

    @property
    def any(self) -> bool:
        return bool(self.green or self.plain or self.more)

    @property
    def names(self) -> list[str]:
        return [button.name for button in (self.green, self.plain, *self.more) if button]


def done_words(name: str) -> str:
    """What is said after an act that happens at a tap; those with a form have it there."""
    words: dict[str, str] = {
        Action.CLAIM: _("已接单，业主会收到通知"),
        Action.URGE: _("已催办，会再提醒工作人员"),
        Action.FOLLOW: _("已关注，有进展会告诉您"),
        Action.UNFOLLOW: _("已取消关注"),
    }
    return words.get(name, "")


def _label(action: Action, status: str) -> str:
    if action == Action.ASSIGN and status == Status.CLAIMED:
        return _("转给同事")
    if action == Action.REOPEN and status == Status.CLOSED:
        return _("问题又出现了")
    if action == Action.RELEASE:
        return _("退回，请同事接手")
    return str(action.label)


def _button(action: Action, status: str) -> Button:
    return Button(
        name=action.value,
        label=_label(action, status),
        icon=ICONS[action],
        direct=action in DIRECT,
        danger=action in DANGER,
        done=done_words(action),
    )


def buttons_for(allowed: Sequence[str], status: str) -> Buttons:
    """Arrange `allowed_actions`. Claiming again what one holds is allowed and needs no button."""
    actions = [Action(name) for name in allowed if not (name == Action.CLAIM and status == Status.CLAIMED)]
    green = next((a for a in GREEN if a in actions), None)
    if green is None and status == Status.SUBMITTED and Action.ASSIGN in actions:
        green = Action.ASSIGN
    plain = next((a for a in PLAIN if a in actions and a != green), None)
    rest = [a for a in actions if a not in (green, plain)]
    rest.sort(key=lambda a: a in DANGER)
    return Buttons(
        green=_button(green, status) if green else None,
        plain=_button(plain, status) if plain else None,
        more=[_button(action, status) for action in rest],
    )
