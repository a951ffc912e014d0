"""The weekly rota: a shift as minutes of the week, and the week of the staff as a table."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import time
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from .models import Membership, Shift

_DAY = 24 * 60
_WEEK = 7 * _DAY


def span(weekday: int, starts: time, ends: time) -> tuple[int, int]:
    """From Monday's midnight on, in minutes; an end that is not after the start is on the next day."""
    first = (weekday - 1) * _DAY
    begin, end = (first + at.hour * 60 + at.minute for at in (starts, ends))
    return begin, end if end > begin else end + _DAY


def overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Do they share a minute? Sunday's night runs into Monday."""
    return any(one[0] < other[1] + turn and other[0] + turn < one[1] for turn in (-_WEEK, 0, _WEEK))


def refuse_overlap(shift: "Shift") -> None:
    """Nobody stands twice in a role's rota at one time. Raises ValidationError with the shift in the way."""
    if any(getattr(shift, name) is None for name in ("weekday", "starts", "ends")):
        return  # which its fields say
    own = span(shift.weekday, shift.starts, shift.ends)
    for other in type(shift).objects.filter(role=shift.role_id, user=shift.user_id).exclude(pk=shift.pk):
        if overlap(own, span(other.weekday, other.starts, other.ends)):
            words = {"weekday": shift.get_weekday_display(), "shift": other}
            raise ValidationError(_("%(weekday)s这一班和已有的“%(shift)s”时间重叠"), params=words)


@dataclass(frozen=True)
class Line:
    """Somebody's week in one role. `days`: the shifts of Monday to Sunday."""

    member: "Membership"
    days: list[tuple[int, list["Shift"]]]

    @property
    def free(self) -> bool:
        """Without a rota the switch alone says who is on duty."""
        return not any(shifts for _day, shifts in self.days)


def week_of(members: Sequence["Membership"], shifts: Iterable["Shift"]) -> list[Line]:
    """A line for each of the members, with their shifts."""
    found: dict[Any, list[Shift]] = defaultdict(list)
    for shift in shifts:
        found[shift.role_id, shift.user_id, shift.weekday].append(shift)
    return [
        Line(member, [(day, found[member.role_id, member.user_id, day]) for day in range(1, 8)]) for member in members
    ]
