"""What the property's roster says to the statements that a manager has to decide on."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Community, Home, Membership, RosterEntry
from accounts.services.roster import find_homes
from accounts.text import clean, clean_phone


@dataclass(frozen=True)
class Remark:
    """One sentence; `fits`: it speaks for the statement (True), against it (False), or neither (None)."""

    sentence: str
    fits: bool | None


@dataclass(frozen=True)
class Entry:
    """A line of the roster for the stated home; is the name, is the phone that of the statement?"""

    name: str
    phone: str
    same_name: bool
    same_phone: bool


@dataclass(frozen=True)
class Verdict:
    """What stands in the roster beside a statement, and what that means. `home` is the roster's, None where unknown."""

    home: Home | None
    entries: list[Entry]
    remarks: list[Remark]

    @property
    def doubt(self) -> str:
        """What speaks against the statement; empty where nothing does."""
        return " ".join(remark.sentence for remark in self.remarks if remark.fits is False)


def roster_says(community: Community, memberships: Sequence[Membership]) -> list[Verdict]:
    """For managers only: it tells what is in the roster. The memberships, all of `community`, come from `for_view`.

    Four queries, however many there are.
    """
    roster = _Roster(community, memberships)
    return [roster.verdict(membership) for membership in memberships]


class _Roster:
    """What the roster has for the homes and the numbers of some statements."""

    def __init__(self, community: Community, memberships: Sequence[Membership]) -> None:
        stated = [m.stated_home or (m.home.as_dict() if m.home else {}) for m in memberships]
        found = find_homes(community=community, homes=stated)
        self.homes = {m.pk: m.home or home for m, home in zip(memberships, found, strict=True)}
        here = [home.pk for home in self.homes.values() if home]
        phones = {_phone(m.phone) for m in memberships}
        wanted = Q(home__in=here) | Q(phone__in=phones, home__building__community=community)
        self.entries = list(RosterEntry.objects.filter(wanted).select_related("home__building").order_by("pk"))
        self.bound = list(
            Membership.objects.active().filter(roster_entry__home__in=here).select_related("roster_entry")
        )

    def verdict(self, membership: Membership) -> Verdict:
        home = self.homes[membership.pk]
        name, phone = clean(membership.name), _phone(membership.phone)
        here = [entry for entry in self.entries if home and entry.home_id == home.pk]
        entries = [Entry(entry.name, entry.phone, entry.name == name, entry.phone == phone) for entry in here]
        remarks = [_home_remark(home, entries), *self._elsewhere(home, name, phone), *self._holders(membership, home)]
        return Verdict(home, entries, remarks)

    def _elsewhere(self, home: Home | None, name: str, phone: str) -> list[Remark]:
        """The same person at another home of the roster: a typing error, or a second home."""
        others = [e for e in self.entries if (e.name, e.phone) == (name, phone) and (not home or e.home_id != home.pk)]
        return [Remark(_("名册里同名同号的是 %(home)s") % {"home": entry.home}, None) for entry in others[:3]]

    def _holders(self, membership: Membership, home: Home | None) -> list[Remark]:
        bound = [
            other.name
            for other in self.bound
            if home and other.name and other.user_id != membership.user_id
            if other.roster_entry and other.roster_entry.home_id == home.pk
        ]
        names = "、".join(dict.fromkeys(bound))
        return [Remark(_("这套房屋已绑定：%(names)s") % {"names": names}, None)] if names else []


def _phone(text: str) -> str:
    try:
        return clean_phone(text)
    except ValueError:
        return clean(text)


def _home_remark(home: Home | None, entries: Sequence[Entry]) -> Remark:
    if home is None:
        return Remark(_("名册里没有这套房屋"), False)
    if not entries:
        return Remark(_("名册里这套房屋没有登记业主"), None)
    if any(entry.same_name and entry.same_phone for entry in entries):
        return Remark(_("姓名、手机都与名册一致"), True)
    if any(entry.same_name for entry in entries):
        return Remark(_("姓名与名册一致，手机不同"), None)
    if any(entry.same_phone for entry in entries):
        return Remark(_("手机与名册一致，姓名不同"), None)
    names = "、".join(dict.fromkeys(entry.name for entry in entries))
    return Remark(_("名册登记的是%(names)s，没有这个人") % {"names": names}, False)
