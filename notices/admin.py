"""The back office: notices, written, reminded of and withdrawn through the services."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from accounts.models import Building, Community, Membership, Role, User
from accounts.policies import person_of
from community_report.core import admin_refused
from community_report.core.admin import ADDED_FIGURES, OwnFilter, ReadOnly, ScopedAdmin, communities_of, own_rows
from community_report.core.errors import DomainError

from . import services
from .admin_form import NoticeForm, OfCommunities
from .models import GroupMessageCount, Notice, NoticeRead
from .views import audience_words, readers_of
from .views_write import reach

#: The theme's colours of the states.
COLOURS = {
    Notice.State.SCHEDULED.value: "info",
    Notice.State.CURRENT.value: "success",
    Notice.State.EXPIRED.value: "",
    Notice.State.WITHDRAWN.value: "danger",
}
UNREAD_PER_PAGE = 100


def _remind(actor: User, notice: Notice) -> str:
    number = services.remind_unread(actor=actor, notice_id=notice.pk)
    return gettext("%(notice)s：已提醒 %(n)d 人") % {"notice": notice, "n": number}


def _withdraw(actor: User, notice: Notice) -> str:
    services.withdraw_notice(actor=actor, notice_id=notice.pk)
    return gettext("%(notice)s：已撤回") % {"notice": notice}


#: What is done to a notice after a page that asks whether it is meant.
VERBS: dict[str, Callable[[User, Notice], str]] = {"remind": _remind, "withdraw": _withdraw}


class StateFilter(DropdownFilter):
    title = _("状态")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return Notice.State.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.in_state(self.value(), timezone.now()) if self.value() else queryset


def _count_reads(rows: Sequence[Notice]) -> None:
    reads = NoticeRead.objects.filter(notice__in=rows).order_by().values_list("notice").annotate(n=Count("pk"))
    found = dict(reads)
    for row in rows:
        vars(row)["reads_"] = found.get(row.pk, 0)


ADDED_FIGURES.setdefault("notices.Notice", []).append(_count_reads)


@admin.register(Notice)
class NoticeAdmin(ScopedAdmin):
    permission = "publish_notices"
    form = NoticeForm
    list_display = ("title", "standing", "pinned", "out", "end", "reads_count")
    list_filter = (StateFilter, ("community", OwnFilter), "pinned")
    list_select_related = ("community", "author", "withdrawn_by")
    list_per_page = 20  # each row counts everybody who was told
    search_fields = ("title", "body")
    actions = ("remind",)
    change_form_outer_before_template = "admin/notices/standing.html"
    fieldsets = (
        (None, {"fields": ("community", "title", "body", "pictures", "form_id")}),
        (_("发给谁"), {"fields": ("roles", "buildings"), "classes": ("notice-whom",)}),
        (_("什么时候"), {"fields": ("publish_at", "expires_at", ("pinned", "by_group_message"))}),
    )

    class Media:
        js = ("js/desk/notice.js",)

    @display(description=_("状态"), label=COLOURS)
    def standing(self, notice: Notice) -> tuple[str, str]:
        state = notice.state(timezone.now())
        return state.value, str(state.label)

    @admin.display(description=_("发布时间"), ordering=Coalesce("published_at", "publish_at"))
    def out(self, notice: Notice) -> str:
        return _shown_time(notice.published_at or notice.publish_at)

    @admin.display(description=_("到期时间"), ordering="expires_at")
    def end(self, notice: Notice) -> str:
        return _shown_time(notice.expires_at)

    @admin.display(description=_("已读"))
    def reads_count(self, notice: Notice) -> int:
        return int(vars(notice)["reads_"])

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.withdrawn_at is None)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        fixed = ("community", "roles", "buildings", "publish_at", "by_group_message")
        return fixed if obj.published_at else ("community",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """One that was withdrawn is only looked at, and its pictures are no field of the row."""
        if obj is None or obj.withdrawn_at is None:
            return super().get_fieldsets(request, obj)
        first, *others = self.fieldsets
        return ((first[0], {"fields": ("community", "title", "body")}), *others)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, widget=OfCommunities, **kwargs)
        field.help_text = _("不选就是所有人") if db_field.name == "roles" else _("不选就是整个小区")
        return field

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Roles and buildings are chosen here, not made."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name in ("roles", "buildings"):
            field.widget = field.widget.widget
        return field

    @admin.action(description=_("提醒没有看所选公告的人"))
    def remind(self, request: HttpRequest, chosen: QuerySet[Notice]) -> None:
        for notice in chosen:
            self._do(request, notice, _remind)

    def _do(self, request: HttpRequest, notice: Notice, act: Callable[[User, Notice], str]) -> None:
        try:
            self.message_user(request, act(person_of(request), notice), messages.SUCCESS)
        except DomainError as refused:
            admin_refused.say(request, refused, notice, messages.WARNING)

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("reach/", self.admin_site.admin_view(self.reach_view), name="notice_reach"),
            path("<path:object_id>/do/<slug:verb>/", self.admin_site.admin_view(self.do_view), name="notice_do"),
            path("<path:object_id>/unread/", self.admin_site.admin_view(self.unread_view), name="notice_unread"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        notice = self.get_object(request, object_id)
        more = {"figures": readers_of(notice), "audience": audience_words(notice)} if notice else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        notice = kwargs.get("obj")
        context |= {
            "state": notice.state(timezone.now()) if notice else None,
            "out": bool(notice and notice.published_at),
            "reach": self._reach_so_far(request, notice),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def _reach_so_far(self, request: HttpRequest, notice: Notice | None) -> dict[str, Any] | None:
        """Before anything is chosen; None where the community is not known, or the audience is fixed."""
        if notice is not None:
            return None if notice.published_at else reach(services.audience_of(notice))
        communities = own_rows(Community, communities_of(request, self.permission))[:2]
        return reach(services.people_among(communities[0].pk, [], [])) if len(communities) == 1 else None

    def reach_view(self, request: HttpRequest) -> HttpResponse:
        """`reach/?community=&roles=&buildings=`, keys of own rows: how far a notice to them would reach, as a piece of
        the page."""
        scope = communities_of(request, self.permission)
        community = _chosen(own_rows(Community, scope), request.GET.getlist("community")[:1]).first()
        if community is None or not self.has_view_permission(request):
            raise Http404
        here = {"community": community}
        roles = list(_chosen(Role.objects.filter(**here), request.GET.getlist("roles")))
        buildings = list(_chosen(Building.objects.filter(**here), request.GET.getlist("buildings")))
        return render(request, "notices/reach.html", reach(services.people_among(community.pk, roles, buildings)))

    def _own(self, request: HttpRequest, object_id: str) -> Notice:
        found = self.get_object(request, object_id)
        if found is None or not self.has_view_permission(request, found):
            raise Http404
        assert isinstance(found, Notice)
        return found

    def do_view(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """Asks whether it is meant, then does it."""
        notice = self._own(request, object_id)
        if verb not in VERBS:
            raise Http404
        if request.method == "POST":
            self._do(request, notice, VERBS[verb])
            return HttpResponseRedirect(reverse("admin:notices_notice_change", args=[notice.pk]))
        return self._page(request, "admin/notices/ask.html", notice, verb=verb, figures=readers_of(notice))

    def unread_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Who of the audience has not opened it, with what became of the message to them."""
        notice = self._own(request, object_id)
        people = services.unread_of(notice).order_by("display_name", "pk")
        shown = Paginator(people, UNREAD_PER_PAGE).get_page(request.GET.get("p"))
        homes: dict[Any, list[Membership]] = {person.pk: [] for person in shown.object_list}
        here = Membership.objects.active().filter(community=notice.community_id, user__in=homes)
        for membership in here.select_related("role", "home__building"):
            homes[membership.user_id].append(membership)
        phones = {pk: list(dict.fromkeys(own.phone for own in rows if own.phone)) for pk, rows in homes.items()}
        return self._page(request, "admin/notices/unread.html", notice, shown=shown, homes=homes, phones=phones)

    def _page(self, request: HttpRequest, template: str, notice: Notice, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": str(notice), "notice": notice}
        return render(request, template, context | more)

    def save_model(self, request: HttpRequest, obj: Notice, form: Any, change: bool) -> None:
        """The service writes, tells and checks; the form only collects."""
        clean = form.cleaned_data
        audience = services.Audience(
            [role.slug for role in clean.get("roles", ())], [building.name for building in clean.get("buildings", ())]
        )
        names = {"title", "body", "pinned", "publish_at", "expires_at", "by_group_message", "pictures"} & clean.keys()
        changes = {name: clean[name] for name in names}
        if change:
            if "roles" in clean:
                changes["audience"] = audience
            services.edit_notice(actor=person_of(request), notice_id=obj.pk, changes=changes)
            return
        community = clean["community"]
        changes |= {"audience": audience, "hashed_id": clean.get("form_id")}
        written = services.publish_notice(actor=person_of(request), community=community, **changes)
        obj.pk = written.pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Done by the service."""


def _shown_time(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment), "Y-m-d H:i") if moment else "—"


def _chosen(rows: QuerySet[Any], keys: list[str]) -> QuerySet[Any]:
    return rows.filter(pk__in=[key for key in keys[:500] if key.isascii() and key.isdigit() and len(key) < 18])


@admin.register(NoticeRead)
class NoticeReadAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("notice__community",)
    permission = "publish_notices"
    list_display = ("notice", "user", "read_at")
    list_select_related = ("notice", "user")


@admin.register(GroupMessageCount)
class GroupMessageCountAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("user__memberships__community",)
    permission = "publish_notices"
    list_display = ("user", "month", "sent")
    list_filter = ("sent",)
    list_select_related = ("user",)
    date_hierarchy = "month"
