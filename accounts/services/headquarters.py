"""Headquarters' people, who may do everything in every community: made, disabled and ended by one another."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.recording import record
from accounts.signals import person_disabled
from accounts.text import clean
from community_report.core.errors import Conflict, Forbidden, Invalid


def add_headquarters(*, actor: User, username: str, display_name: str) -> User:
    """Somebody new, who sets their password by a link (`login.issue_headquarters_login`). Raises Forbidden, Invalid."""
    username, display_name = clean(username), clean(display_name)
    with transaction.atomic():
        _hold(actor)
        if not username or User.objects.filter(username=username).exists():
            raise Invalid.field("username", _("请换一个登录名，这个已有人使用") if username else _("请填写"))
        person = User.objects.create_user(username, display_name=display_name, is_superuser=True)
        record("headquarters_given", actor=actor, person=person)
    return person


def promote(*, actor: User, person: User) -> User:
    """Somebody who is known here becomes one of them, and keeps their roles. Raises Forbidden, Conflict."""
    return _change(actor, person, "headquarters_given", is_superuser=True)


def end_headquarters(*, actor: User, person: User) -> User:
    """Roles in communities stay. Raises Forbidden, Conflict (oneself)."""
    return _change(actor, person, "headquarters_taken", is_superuser=False)


def disable(*, actor: User, person: User) -> User:
    """Their sessions and links end at once, in WeChat too; their bindings stay. Announces `person_disabled`.

    Raises Forbidden, Conflict (oneself).
    """
    with transaction.atomic():
        held = _change(actor, person, "person_disabled", is_active=False)
        person_disabled.send(sender=User, person=held)
    return held


def enable(*, actor: User, person: User) -> User:
    """With what they had. Raises Forbidden, Conflict (erased)."""
    return _change(actor, person, "person_enabled", is_active=True)


def must_be_headquarters(person: User | None) -> None:
    if person is None or not (person.is_active and person.is_superuser):
        raise Forbidden(_("只有总部人员可以这样做"))


def _change(actor: User, person: User, action: str, **wanted: Any) -> User:
    """What is so already is left alone, and recorded no second time."""
    with transaction.atomic():
        held = _hold(actor, person)
        if held.pk == actor.pk:
            raise Conflict(_("不能对自己这样做，请另一位总部人员来做"))
        if held.erased_at is not None or (action == "headquarters_given" and not held.is_active):
            raise Conflict(_("这个账号已注销或停用"))
        if any(getattr(held, name) != value for name, value in wanted.items()):
            User.objects.filter(pk=held.pk).update(**wanted)
            record(action, actor=actor, person=held)
    held.refresh_from_db()
    return held


def _hold(actor: User, person: User | None = None) -> User:
    """Both rows in one order: of two who end each other's rights at once, one comes too late, so one always stays."""
    keys = {actor.pk, (person or actor).pk}
    rows = {row.pk: row for row in User.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")}
    must_be_headquarters(rows.get(actor.pk))
    return rows[(person or actor).pk]
