"""The back office: communities, homes, people."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from community_report.core.admin import OneCommunityForm, OwnFilter, ReadOnly, ScopedAdmin, communities_of
from community_report.core.admin_delete import DeletesUnused

from .admin_bindings import MembershipAdmin as MembershipAdmin
from .admin_headquarters import DEEDS, ask_or_do
from .admin_headquarters import HeadquartersAdmin as HeadquartersAdmin
from .admin_invitations import InvitationAdmin as InvitationAdmin
from .admin_lists import BuildingForm, CommunityForm
from .admin_records import RecordAdmin as RecordAdmin
from .admin_roster import RosterImportAdmin as RosterImportAdmin
from .admin_rota import ShiftAdmin as ShiftAdmin
from .calendar import holidays_words, year_without_holidays
from .exports import with_bindings
from .models import Building, Community, Home, Membership, Role, RosterEntry, SpecialDay, User
from .services import communities
from .text import clean, clean_part, clean_phone

admin.site.site_header = admin.site.site_title = _("小区信息上报系统")
admin.site.index_title = _("物业管理后台")
if isinstance(admin.site.get_model_admin(Group), GroupAdmin):
    admin.site.unregister(Group)  # groups are the roles' own; see Role


@admin.register(Community)
class CommunityAdmin(ScopedAdmin):
    form = CommunityForm
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
class BuildingAdmin(DeletesUnused, ScopedAdmin):
    form = BuildingForm
    list_display = ("name", "community", "units_", "position")
    list_filter = (("community", OwnFilter),)
    list_select_related = ("community",)
    search_fields = ("name",)
    actions = ("print_codes",)

    @admin.display(description=_("单元"))
    def units_(self, building: Building) -> str:
        return "、".join(building.units) or "—"

    @admin.action(description=_("打印所选楼栋的二维码"))
    def print_codes(self, request: HttpRequest, chosen: QuerySet[Building]) -> HttpResponse | None:
        """To the page that prints them, where they are chosen already."""
        slugs = set(chosen.values_list("community__slug", flat=True))
        if len(slugs) > 1:
            self.message_user(request, gettext("一次只打印一个小区的"), messages.ERROR)
            return None
        query = urlencode({"community": slugs.pop(), "building": [row.pk for row in chosen]}, doseq=True)
        return HttpResponseRedirect(f"{reverse('admin:qr_sheets')}?{query}")


class HomeForm(OneCommunityForm):
    """Written as an import would write it, else nobody is found by it."""

    def clean_unit(self) -> str:
        return clean_part(self.cleaned_data["unit"])

    def clean_room(self) -> str:
        return clean_part(self.cleaned_data["room"])


class RosterEntryForm(OneCommunityForm):
    """The same: binding compares names and numbers exactly."""

    def clean_name(self) -> str:
        return clean(self.cleaned_data["name"])

    def clean_phone(self) -> str:
        try:
            return clean_phone(self.cleaned_data["phone"])
        except ValueError:
            raise ValidationError(_("不是手机号码")) from None


@admin.register(Home)
class HomeAdmin(DeletesUnused, ScopedAdmin):
    form = HomeForm
    community_paths = ("building__community",)
    permission = "manage_people"
    list_display = ("building", "unit", "room")
    list_filter = (("building", OwnFilter),)
    list_select_related = ("building",)
    ordering = ("building__position", "building", "unit", "room")
    search_fields = ("building__name", "unit", "room")


@admin.register(RosterEntry)
class RosterEntryAdmin(ScopedAdmin):
    form = RosterEntryForm
    community_paths = ("home__building__community",)
    permission = "manage_people"
    may_delete = True
    list_display = ("name", "home", "phone", "created_at")
    list_filter = (("home__building", OwnFilter),)
    ordering = ("home__building__position", "home__building", "home__unit", "home__room", "id")
    search_fields = ("name", "phone", "home__building__name", "home__room")
    autocomplete_fields = ("home",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RosterEntry]:
        """With what an entry is called by, also where it is searched for elsewhere."""
        return super().get_queryset(request).select_related("home__building")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        """Where an entry is chosen on a page of one community (`?community=`), it is one of theirs."""
        rows, twice = super().get_search_results(request, queryset, search_term)
        slug = request.GET.get("community") if request.path == reverse("admin:autocomplete") else None
        return (rows.filter(home__building__community__slug=slug) if slug else rows), twice


@admin.register(Role)
class RoleAdmin(DeletesUnused, ScopedAdmin):
    permission = "manage_people"
    list_display = ("name", "slug", "kind", "community")
    list_filter = (("community", OwnFilter), "kind")
    fields = ("community", "slug", "name", "kind")
    search_fields = ("name", "slug")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("community", "slug", "kind") if obj else ("kind",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.kind == Role.Kind.STAFF)

    def delete_row(self, row: Role) -> None:
        communities.delete_role(row)

    def save_model(self, request: HttpRequest, obj: Role, form: Any, change: bool) -> None:
        """A new role is a staff role, with its group and permissions."""
        if change:
            obj.save(update_fields=["name"])
            return
        made = communities.ensure_role(obj.community, slug=obj.slug, name=obj.name, kind=Role.Kind.STAFF)
        obj.pk = made.pk


@admin.register(SpecialDay)
class SpecialDayAdmin(ScopedAdmin):
    may_delete = True
    list_display = ("day", "working", "community", "note")
    list_filter = (("community", OwnFilter), "working")
    list_select_related = ("community",)
    search_fields = ("note",)
    date_hierarchy = "day"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With a word where the holidays of a year are not known."""
        if year := year_without_holidays(timezone.localdate(), communities_of(request, self.permission)):
            self.message_user(request, holidays_words(year), messages.WARNING)
        return super().changelist_view(request, extra_context)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A day of all communities is for who manages them all."""
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and not request.user.is_superuser:
            own = list(self._choices(db_field, request)[:2])
            field.required, field.help_text = True, ""
            field.initial = own[0] if len(own) == 1 else None
        return field


@admin.register(User)
class UserAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("memberships__community",)
    permission = "manage_people"
    list_display = ("display_name", "phone", "language", "created_at")
    ordering = ("display_name", "pk")
    search_fields = ("display_name", "phone", "username")
    exclude = ("password", "openid", "user_permissions", "groups", "muted_kinds", "quiet_hours")
    actions = ("promote",)

    def has_headquarters_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    @admin.action(description=DEEDS["promote"].title, permissions=["headquarters"])
    def promote(self, request: HttpRequest, chosen: QuerySet[User]) -> HttpResponse | None:
        return ask_or_do(self, request, chosen, "promote")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Who belongs here, or asks to; not who once did."""
        scope, people = communities_of(request, self.permission), super().get_queryset(request)
        if scope is None:
            return people
        here = Membership.objects.live().filter(community__in=scope)
        return people.filter(pk__in=here.values("user"))

    def exported_rows(self, request: HttpRequest, rows: Any) -> Any:
        return with_bindings(rows, communities_of(request, self.permission))
