"""What is recorded of what happens in accounts, in the back office and at the door. Wired here, once."""

from typing import Any
from urllib.parse import parse_qsl

from axes.signals import user_locked_out
from django.contrib import admin
from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Model
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from community_report.core.admin_export import exported
from community_report.core.admin_refused import refused
from community_report.core.admin_rows import communities_of

from .models import Membership, User
from .policies import person_of
from .services.recording import note_refusal, record, record_apart
from .signals import binding_decided, binding_made, binding_requested


@receiver(user_logged_in, dispatch_uid="accounts.record_login")
def record_login(sender: Any, user: User, **_: Any) -> None:
    record("login", actor=user)


@receiver(user_logged_out, dispatch_uid="accounts.record_logout")
def record_logout(sender: Any, user: User | None, **_: Any) -> None:
    if user is not None:
        record("logout", actor=user)


@receiver(user_login_failed, dispatch_uid="accounts.record_failed_login")
def record_failed_login(sender: Any, credentials: dict[str, Any], **_: Any) -> None:
    record_apart("login_failed", actor=_named(credentials.get("username")))


@receiver(user_locked_out, dispatch_uid="accounts.record_lock_out")
def record_lock_out(sender: Any, username: str | None = None, **_: Any) -> None:
    record_apart("locked_out", actor=_named(username))


def _named(username: Any) -> User | None:
    """Whose login name was tried. What is nobody's is not kept: it may be a password in the wrong field."""
    return User.objects.filter(username=str(username)).first() if username else None


@receiver(post_save, sender=LogEntry, dispatch_uid="accounts.record_admin_change")
def record_admin_change(sender: Any, instance: LogEntry, created: bool, **_: Any) -> None:
    """The back office's own log is the one place where everything done there passes."""
    action = {ADDITION: "admin_add", DELETION: "admin_delete"}.get(instance.action_flag, "admin_change")
    model = instance.content_type.model_class() if instance.content_type else None
    what = f"{model._meta.verbose_name} {instance.object_repr}" if model else instance.object_repr
    community = _community_of(model, instance.object_id) if model else None
    record(action, actor=instance.user, community=community, subject=what, detail=instance.get_change_message())


@receiver(refused, dispatch_uid="accounts.note_refusal")
def note_what_was_refused(sender: Any, code: str, **_: Any) -> None:
    note_refusal(code)


@receiver(exported, dispatch_uid="accounts.record_export")
def record_export(sender: type[Model], request: HttpRequest, query: str, **_: Any) -> None:
    """A record in each community whose rows the list could hold: its managers see what was taken out."""
    words = "，".join(f"{name}={value}" for name, value in parse_qsl(query))
    page = admin.site._registry.get(sender)
    scope = communities_of(request, getattr(page, "permission", "manage_reports"))
    for community in scope or [None]:
        record(
            "export",
            actor=person_of(request),
            community=community,
            subject=str(sender._meta.verbose_name),
            detail=words,
        )


def _community_of(model: type[Model], key: str | None) -> int | None:
    """The row's community, by the paths that its admin page goes by."""
    page = admin.site._registry.get(model)
    for path in getattr(page, "community_paths", ()):
        found = model._default_manager.filter(pk=key).values_list(path, flat=True).first()
        if found is not None:
            return int(found)
    return None


@receiver(binding_requested, dispatch_uid="accounts.record_binding_requested")
def record_binding_requested(sender: Any, membership: Membership, **_: Any) -> None:
    _record_binding("binding_requested", membership, membership.user)


@receiver(binding_made, dispatch_uid="accounts.record_binding_made")
def record_binding_made(sender: Any, membership: Membership, **_: Any) -> None:
    _record_binding("binding_made", membership, membership.user)


@receiver(binding_decided, dispatch_uid="accounts.record_binding_decided")
def record_binding_decided(sender: Any, membership: Membership, actor: User | None, **_: Any) -> None:
    _record_binding(f"binding_{membership.status}", membership, actor)


def _record_binding(action: str, membership: Membership, actor: User | None) -> None:
    record(
        action,
        actor=actor,
        community=membership.community_id,
        person=membership.user,
        subject=membership.role.name,
    )
