"""The roster: who lives where, by the property's own list."""

from accounts.models import Community, RosterEntry


def find_entry(*, community: Community, name: str, phone: str, home: dict[str, str]) -> RosterEntry | None:
    """The roster's one entry with exactly this name, phone and home {"building","unit","room"}, or None."""
    return RosterEntry.objects.filter(
        home__building__community=community,
        home__building__name=home.get("building", ""),
        home__unit=home.get("unit", ""),
        home__room=home.get("room", ""),
        name=name,
        phone=phone,
    ).first()
