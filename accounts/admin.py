"""The back office: communities, homes, people."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateFilter

from community_report.core.admin import OwnFilter, ReadOnly, ScopedAdmin, communities_of
from community_report.core.errors import DomainError

from .admin_records import RecordAdmin as RecordAdmin
from .admin_roster import RosterImportAdmin as RosterImportAdmin
from .exports import with_bindings, with_what_was_stated
from .models import Building, Community, Home, Invitation, Membership, Role, RosterEntry, Shift, SpecialDay, User
from .policies import person_of
from .services import bindings, communities

admin.site.site_header = admin.site.site_title = _("小区信息上报系统")
admin.site.index_title = _("物业管理后台")
if isinstance(admin.site.get_model_admin(Group), GroupAdmin):
    admin.site.unregister(Group)  # groups are the roles' own; see Role


@admin.register(Community)
class CommunityAdmin(ScopedAdmin):
    community_paths = ("pk",)
    may_add = False
    list_display = ("name", "slug", "timezone", "auto_confirm_days", "reopen_days")
    readonly_fields = ("slug",)
    search_fields = ("name", "slug")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.readonly_fields if obj else ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def save_model(self, request: HttpRequest, obj: Community, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        communities.ensure_community_roles(obj)


@admin.register(Building)
class BuildingAdmin(ScopedAdmin):
    list_display = ("name", "community", "units", "position")
    list_filter = (("community", OwnFilter),)
    search_fields = ("name",)


@admin.register(Home)
class HomeAdmin(ScopedAdmin):
    community_paths = ("building__community",)
    permission = "manage_people"
    list_display = ("building", "unit", "room")
    list_filter = (("building", OwnFilter),)
    list_select_related = ("building",)
    ordering = ("building__position", "building", "unit", "room")
    search_fields = ("building__name", "unit", "room")


@admin.register(RosterEntry)
class RosterEntryAdmin(ScopedAdmin):
    community_paths = ("home__building__community",)
    permission = "manage_people"
    may_delete = True
    list_display = ("name", "home", "phone", "created_at")
    list_filter = (("home__building", OwnFilter),)
    list_select_related = ("home__building",)
    search_fields = ("name", "phone", "home__room")
    autocomplete_fields = ("home",)


@admin.register(Role)
class RoleAdmin(ScopedAdmin):
    permission = "manage_people"
    list_display = ("name", "slug", "kind", "community")
    list_filter = (("community", OwnFilter), "kind")
    fields = ("community", "slug", "name", "kind")
    search_fields = ("name", "slug")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("community", "slug", "kind") if obj else ("kind",)

    def save_model(self, request: HttpRequest, obj: Role, form: Any, change: bool) -> None:
        """A new role is a staff role, with its group and permissions."""
        if change:
            obj.save(update_fields=["name"])
            return
        made = communities.ensure_role(obj.community, slug=obj.slug, name=obj.name, kind=Role.Kind.STAFF)
        obj.pk = made.pk


@admin.register(Shift)
class ShiftAdmin(ScopedAdmin):
    community_paths = ("role__community",)
    permission = "manage_people"
    may_delete = True
    list_display = ("user", "role", "weekday", "starts", "ends")
    list_filter = (("role", OwnFilter), "weekday")
    list_select_related = ("user", "role")
    search_fields = ("user__display_name", "role__name")

    def _choices(self, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        """Staff roles, and the staff."""
        rows = super()._choices(db_field, request)
        if db_field.name == "role":
            return rows.filter(kind=Role.Kind.STAFF)
        return rows.filter(memberships__status="active", memberships__role__kind=Role.Kind.STAFF).distinct()


@admin.register(SpecialDay)
class SpecialDayAdmin(ScopedAdmin):
    may_delete = True
    list_display = ("day", "working", "community", "note")
    list_filter = (("community", OwnFilter), "working")
    list_select_related = ("community",)
    search_fields = ("note",)
    date_hierarchy = "day"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A day of all communities is for who manages them all."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None:
            field.required = not request.user.is_superuser
        return field


@admin.register(User)
class UserAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("memberships__community",)
    permission = "manage_people"
    list_display = ("display_name", "phone", "language", "created_at")
    search_fields = ("display_name", "phone", "username")
    exclude = ("password", "openid", "user_permissions", "groups", "muted_kinds", "quiet_hours")

    def exported_rows(self, request: HttpRequest, rows: Any) -> Any:
        return with_bindings(rows, communities_of(request, self.permission))


@admin.register(Membership)
class MembershipAdmin(ReadOnly, ScopedAdmin):
    permission = "manage_people"
    list_display = ("name", "role", "home", "status", "phone", "on_duty", "created_at", "decided_at")
    list_filter = ("status", ("role", OwnFilter), "automatic", ("created_at", RangeDateFilter))
    list_select_related = ("role", "home__building", "user", "community")
    search_fields = ("name", "phone", "user__display_name")
    actions = ("approve", "reject", "revoke")

    def exported_rows(self, request: HttpRequest, rows: Any) -> Any:
        return with_what_was_stated(rows)

    @admin.action(description=_("通过所选绑定"))
    def approve(self, request: HttpRequest, chosen: QuerySet[Membership]) -> None:
        _each(self, request, chosen, lambda row: bindings.approve_binding(actor=person_of(request), membership=row))

    @admin.action(description=_("拒绝所选绑定"))
    def reject(self, request: HttpRequest, chosen: QuerySet[Membership]) -> None:
        reason = gettext("资料与名册不符")
        _each(
            self,
            request,
            chosen,
            lambda row: bindings.reject_binding(actor=person_of(request), membership=row, reason=reason),
        )

    @admin.action(description=_("解除所选绑定"))
    def revoke(self, request: HttpRequest, chosen: QuerySet[Membership]) -> None:
        _each(self, request, chosen, lambda row: bindings.revoke_membership(actor=person_of(request), membership=row))


def _each(page: ScopedAdmin, request: HttpRequest, rows: QuerySet[Any], act: Callable[[Any], object]) -> None:
    """Do it to each, and say how many went through and why the others did not."""
    done = 0
    for row in rows:
        try:
            act(row)
            done += 1
        except DomainError as refused:
            page.message_user(request, f"{row}: {refused.detail}", messages.WARNING)
    page.message_user(request, gettext("已处理 %(n)d 条") % {"n": done})


@admin.register(Invitation)
class InvitationAdmin(ReadOnly, ScopedAdmin):
    permission = "manage_people"
    list_display = ("role", "community", "expires_at", "created_by", "used_by", "used_at")
    list_filter = (("community", OwnFilter),)
    list_select_related = ("role", "community", "created_by", "used_by")
    exclude = ("code",)
