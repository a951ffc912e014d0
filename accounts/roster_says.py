"""What the property's roster says to a statement that a manager has to decide on."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Home, Membership, RosterEntry
from accounts.services.roster import find_home
from accounts.text import clean, clean_phone


@dataclass(frozen=True)
class Remark:
    """One sentence; `fits`: it speaks for the statement (True), against it (False), or neither (None)."""

    sentence: str
    fits: bool | None


def roster_says(membership: Membership) -> list[Remark]:
    """For managers only: it tells what is in the roster. Needs `for_view`."""
    stated = membership.stated_home or (membership.home.as_dict() if membership.home else {})
    home = membership.home or find_home(community=membership.community, home=stated)
    entries = list(RosterEntry.objects.filter(home=home)) if home else []
    remarks = [_home_remark(home is not None, entries, membership), *_elsewhere(membership, home)]
    return [*remarks, *_holders(membership, entries)]


def _phone(text: str) -> str:
    try:
        return clean_phone(text)
    except ValueError:
        return clean(text)


def _home_remark(known: bool, entries: list[RosterEntry], membership: Membership) -> Remark:
    name, phone = clean(membership.name), _phone(membership.phone)
    if not known:
        return Remark(_("名册里没有这套房屋"), False)
    if not entries:
        return Remark(_("名册里这套房屋没有登记业主"), None)
    if any((entry.name, entry.phone) == (name, phone) for entry in entries):
        return Remark(_("姓名、手机都与名册一致"), True)
    if any(entry.name == name for entry in entries):
        return Remark(_("姓名与名册一致，手机不同"), None)
    if any(entry.phone == phone for entry in entries):
        return Remark(_("手机与名册一致，姓名不同"), None)
    names = "、".join(dict.fromkeys(entry.name for entry in entries))
    return Remark(_("名册登记的是%(names)s，没有这个人") % {"names": names}, False)


def _elsewhere(membership: Membership, home: Home | None) -> list[Remark]:
    """The same person at another home of the roster: a typing error, or a second home."""
    here = RosterEntry.objects.filter(home__building__community=membership.community, phone=_phone(membership.phone))
    others = here.exclude(home=home) if home else here
    found = others.filter(name=clean(membership.name)).select_related("home__building")[:3]
    return [Remark(_("名册里同名同号的是 %(home)s") % {"home": entry.home}, None) for entry in found]


def _holders(membership: Membership, entries: list[RosterEntry]) -> list[Remark]:
    bound = Membership.objects.active().filter(roster_entry__in=entries).exclude(user=membership.user)
    names = "、".join(dict.fromkeys(holder.name for holder in bound if holder.name))
    return [Remark(_("这套房屋已绑定：%(names)s") % {"names": names}, None)] if names else []
