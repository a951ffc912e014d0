"""Bindings: a resident to a home, by the roster or by a manager's decision; anybody to a role, by invitation."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Community, Home, Invitation, Membership, Role, RosterEntry, User
from accounts.policies import lacks, may_hand_out, standing_of
from accounts.services import family, memberships
from accounts.services.memberships import hold_for_decision, hold_person
from accounts.services.recording import record
from accounts.services.roster import find_building, find_entry, find_home, find_unit
from accounts.signals import binding_decided, binding_made, binding_requested
from accounts.text import Home as StatedHome
from accounts.text import clean, clean_home, clean_phone, same_home
from community_report.core import throttle
from community_report.core.errors import Conflict, Forbidden, Gone, Invalid, NotFound

Status = Membership.Status

#: Requests that one person may have waiting for the managers of one community.
MAX_PENDING = 5
HOUR = 3600


def request_binding(
    *, actor: User, community: Community, name: str, phone: str, building: str, unit: str, room: str
) -> Membership:
    """Bind a resident: active where the roster has exactly this name, phone and home and nobody else holds that
    entry, else pending. Which part did not match is told to nobody but the managers.

    The same home again is the same binding (a pending one takes the new name and phone, and is looked up again). After
    a rejection one may ask anew. Raises Invalid, Conflict (too many pending), Throttled by person and by phone.
    """
    home = clean_home({"building": building, "unit": unit, "room": room})
    name, phone = _stated(name, phone, home)
    throttle.check("bind-person", str(actor.pk), limit=10, seconds=HOUR)
    throttle.check("bind-phone", phone, limit=10, seconds=HOUR)
    with transaction.atomic():
        person = hold_person(actor)
        membership = _live_binding(person, community, home)
        if membership is None:
            membership = _new_binding(person, community, home)
        elif membership.status == Status.ACTIVE:
            return membership
        asked_before = bool(membership.name)
        membership.name, membership.phone, membership.stated_home = name, phone, home
        _settle(membership, asked_before=asked_before)
    return membership


def _stated(name: str, phone: str, home: StatedHome | None = None) -> tuple[str, str]:
    """The name and the number, cleaned. Whatever is missing or wrong is said at once, in the order of the form."""
    name, number = clean(name), _number(phone)
    wrong = _wrong_home(home) if home is not None else {}
    if not 0 < len(name) <= 40:
        wrong["name"] = _("请填写姓名，最多 40 个字")
    if not number:
        wrong["phone"] = _("请填写正确的手机号码")
    if wrong:
        sentences = {field: [sentence] for field, sentence in wrong.items()}
        raise Invalid(next(iter(wrong.values())), fields=sentences)
    return name, number


def _number(phone: str) -> str:
    try:
        return clean_phone(phone)
    except ValueError:
        return ""


def _wrong_home(home: StatedHome) -> dict[str, str]:
    wrong = {part: _("最多 40 个字") for part, value in home.items() if len(value) > 40}
    missing = {part: words for part, words in _home_words().items() if not home[part]}
    return wrong | missing


def _home_words() -> dict[str, str]:
    return {"building": _("请填写楼栋"), "room": _("请填写房号")}


def _live_binding(person: User, community: Community, home: StatedHome) -> Membership | None:
    """The person's active or pending binding to this home; by the words, so that it tells nothing of what exists."""
    live = Membership.objects.live().for_view().filter(user=person, community=community, role__kind=Role.Kind.RESIDENT)
    for membership in live.select_for_update(of=("self",)):
        known = [membership.home.as_dict()] if membership.home and membership.status == Status.ACTIVE else []
        if any(same_home(home, own) for own in [*known, *filter(None, [membership.stated_home])]):
            return membership
    return None


def _new_binding(person: User, community: Community, home: StatedHome) -> Membership:
    waiting = Membership.objects.pending().filter(user=person, community=community)
    if waiting.count() >= MAX_PENDING:
        raise Conflict(_("您已有多个申请在等待审核，请等管理人员处理后再试"))
    role = Role.objects.get(community=community, kind=Role.Kind.RESIDENT)
    return Membership(user=person, community=community, role=role, status=Status.PENDING, stated_home=home)


def _settle(membership: Membership, *, asked_before: bool) -> None:
    """Activate by the roster or leave it to the managers; save and announce."""
    person, home = membership.user, membership.stated_home or {}
    entry = find_entry(community=membership.community, name=membership.name, phone=membership.phone, home=home)
    holders = _hold_entry(entry, person) if entry else []
    membership.roster_entry = None if holders else entry
    membership.home = entry.home if entry else find_home(community=membership.community, home=home)
    if entry and not holders:
        memberships.start(membership, decided_by=None, automatic=True)
        housemates = User.objects.filter(
            memberships__in=Membership.objects.active().filter(home=membership.home_id)
        ).exclude(pk=person.pk)
        binding_made.send(sender=Membership, membership=membership, housemates=list(housemates.distinct()))
        return
    membership.save()
    if not person.display_name:
        person.display_name = membership.name
        person.save(update_fields=["display_name"])
    if not asked_before or holders:
        binding_requested.send(sender=Membership, membership=membership, holders=holders)


def _hold_entry(entry: RosterEntry, person: User) -> list[User]:
    """Hold the entry, so that two people cannot both find it free; gives who else is bound to it."""
    RosterEntry.objects.select_for_update(no_key=True).filter(pk=entry.pk).first()
    bound = Membership.objects.active().filter(roster_entry=entry).exclude(user=person)
    return [membership.user for membership in bound.select_related("user")]


def approve_binding(*, actor: User, membership: Membership) -> Membership:
    """A manager says yes. The home is taken from the statement, and made where the building is known."""
    with transaction.atomic():
        membership, standing = hold_for_decision(actor, membership)
        _must_be(membership, Status.PENDING)
        if membership.user_id == actor.pk and lacks(standing, membership.role):
            raise Forbidden(_("不能审核自己的申请，请另一位管理人员处理"))
        stated = membership.stated_home or {}
        membership.home = membership.home or _home_of(membership.community, stated)
        _must_be_only_one(membership)
        membership.roster_entry = find_entry(
            community=membership.community, name=membership.name, phone=membership.phone, home=stated
        )
        memberships.start(membership, decided_by=actor)
        binding_decided.send(sender=Membership, membership=membership, actor=actor)
    return membership


def _must_be_only_one(membership: Membership) -> None:
    """Two statements of one person can turn out to mean the same home."""
    same = Membership.objects.live().filter(user=membership.user, role=membership.role, home=membership.home)
    if membership.home is not None and same.exclude(pk=membership.pk).exists():
        raise Conflict(_("这个人已经绑定或正在申请这套房屋"))


def _home_of(community: Community, stated: StatedHome) -> Home | None:
    """The home as stated; None (the statement stays) where the community has no such building or unit."""
    found = find_home(community=community, home=stated)
    building = find_building(community, stated.get("building", ""))
    if found or building is None:
        return found
    unit = stated.get("unit", "")
    if building.units:
        unit = find_unit(building, unit) or ""
        if not unit:
            return None
    return Home.objects.get_or_create(building=building, unit=unit, room=stated["room"])[0]


def reject_binding(*, actor: User, membership: Membership, reason: str) -> Membership:
    """A manager says no, with a reason that the person is told."""
    reason = clean(reason)[:200]
    if not reason:
        raise Invalid.field("reason", _("请填写原因"))
    with transaction.atomic():
        membership, _standing = hold_for_decision(actor, membership)
        _must_be(membership, Status.PENDING)
        membership.status = Status.REJECTED
        membership.reason = reason
        membership.decided_by, membership.decided_at = actor, timezone.now()
        membership.save(update_fields=["status", "reason", "decided_by", "decided_at"])
        binding_decided.send(sender=Membership, membership=membership, actor=actor)
    return membership


def revoke_membership(*, actor: User, membership: Membership, reason: str = "") -> Membership:
    """A manager ends an active membership, of whatever role; open claims go back in the same transaction.

    Raises Conflict for one that is not active, and for the community's last manager; Forbidden for a manager's by who
    could not make one.
    """
    with transaction.atomic():
        membership, standing = hold_for_decision(actor, membership)
        _must_be(membership, Status.ACTIVE)
        memberships.must_take_away(standing, membership)
        memberships.refuse_last_manager(membership)
        memberships.end(membership, actor=actor, reason=clean(reason)[:200])
        binding_decided.send(sender=Membership, membership=membership, actor=actor)
    return membership


def _must_be(membership: Membership, status: str) -> None:
    if membership.status != status:
        raise Conflict(_("当前状态是“%(status)s”，不能这样操作") % {"status": membership.get_status_display()})


def accept_invitation(*, actor: User, code: str, name: str, phone: str) -> Membership:
    """The role that the invitation gives. Who used it gets the same membership again; a role that one holds already
    leaves the code unused.

    Raises Gone (`invite_used`, `invite_expired`), NotFound, Invalid, Throttled; Forbidden for a manager who made
    it for a role that they lack.
    """
    name, phone = _stated(name, phone)
    throttle.check("invite-person", str(actor.pk), limit=20, seconds=HOUR)
    with transaction.atomic():
        person = hold_person(actor)
        invitation = _hold_invitation(code)
        held = held_by_invitation(invitation, person).first()
        if held is not None and invitation.used_by_id in (None, person.pk):
            return held
        _must_be_open(invitation)
        if invitation.created_by_id == person.pk and lacks(standing_of(person), invitation.role):
            raise Forbidden(_("这是您发出的邀请，请交给受邀人使用"))
        _must_still_stand(invitation)
        membership = Membership(
            user=person, community=invitation.community, role=invitation.role, name=name, phone=phone
        )
        if invitation.home_id:
            family.join(membership, invitation)
        else:
            memberships.start(membership, decided_by=invitation.created_by)
        invitation.used_by, invitation.used_at = person, timezone.now()
        invitation.save(update_fields=["used_by", "used_at"])
        record("invitation_used", actor=person, community=invitation.community, subject=invitation.role.name)
    return membership


def _must_still_stand(invitation: Invitation) -> None:
    """Whoever invited may still give this role: an invitation is worth no more than the word of who made it."""
    maker = invitation.created_by
    if maker is None or invitation.home_id:  # from the shell; a family's is looked at when it is joined
        return
    standing = standing_of(maker)
    may = maker.is_active and standing.may("manage_people", invitation.community_id)
    if not may or not may_hand_out(standing, invitation.role, None):
        raise Gone(_("这个邀请码已经过期或作废"), code="invite_expired")


def held_by_invitation(invitation: Invitation, person: User) -> QuerySet[Membership]:
    """What the person holds already of what the invitation gives: the role, of a family's that home."""
    held = Membership.objects.active().for_view().filter(user=person, role=invitation.role_id)
    return held.filter(home=invitation.home_id) if invitation.home_id else held


def _hold_invitation(code: str) -> Invitation:
    invitations = Invitation.objects.select_for_update(of=("self",)).select_related(
        "community", "role__group", "created_by", "home__building"
    )
    invitation = invitations.filter(code=clean(code).replace(" ", "").upper()).first()
    if invitation is None:
        raise NotFound(_("没有这个邀请码"))
    return invitation


def _must_be_open(invitation: Invitation) -> None:
    if invitation.used_at is not None:
        raise Gone(_("这个邀请码已经用过"), code="invite_used")
    if invitation.expires_at <= timezone.now():
        raise Gone(_("这个邀请码已经过期或作废"), code="invite_expired")
