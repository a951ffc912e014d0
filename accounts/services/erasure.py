"""Erasing a person: who they were is removed, what they did stays without it."""

from django.db import transaction
from django.utils import timezone
from guardian.models import UserObjectPermission

from accounts.models import AdminLogin, Membership, Shift, User
from accounts.services import memberships
from accounts.services.memberships import hold_person
from accounts.services.recording import record
from accounts.signals import person_erased


def erase_identity(*, actor: User) -> None:
    """Remove OpenID, names, phone, password and bindings of `actor`; the same WeChat user may start afresh.

    Open claims go back (`membership_ended`), then `person_erased` lets each app remove what is its own. The property's
    roster is the property's and stays. A community may lose its last manager by this: the right goes first.
    """
    with transaction.atomic():
        person = hold_person(actor)
        record("erased", actor=person)
        own = Membership.objects.filter(user=person)
        for membership in own.live().for_view().select_for_update(of=("self",)).order_by("pk"):
            if membership.status == Membership.Status.ACTIVE:
                memberships.end(membership, actor=None)
        own.live().update(status=Membership.Status.REVOKED)
        own.update(name="", phone="", stated_home=None, home=None, roster_entry=None, reason="")
        AdminLogin.objects.filter(user=person).delete()
        UserObjectPermission.objects.filter(user=person).delete()
        Shift.objects.filter(user=person).delete()
        person.groups.clear()
        person_erased.send(sender=User, user=person)
        _blank(person)


def _blank(person: User) -> None:
    person.openid = person.username = person.quiet_hours = None
    person.display_name = person.phone = ""
    person.muted_kinds = []
    person.set_unusable_password()
    person.is_active = person.is_superuser = False
    person.erased_at = timezone.now()
    person.save()
