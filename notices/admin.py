"""The back office: notices, written and withdrawn through the services."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.policies import person_of
from community_report.core.admin import OwnFilter, ReadOnly, ScopedAdmin
from community_report.core.errors import DomainError

from . import services
from .models import GroupMessageCount, Notice, NoticeRead


@admin.register(Notice)
class NoticeAdmin(ScopedAdmin):
    permission = "publish_notices"
    may_delete = True
    list_display = ("title", "community", "pinned", "publish_at", "published_at", "author", "reads_count")
    list_filter = (("community", OwnFilter), "pinned")
    list_select_related = ("community", "author")
    search_fields = ("title", "body")
    actions = ("remind",)
    fields = ("community", "title", "body", "roles", "buildings", "pinned", "publish_at", "by_group_message")
    filter_horizontal = ("roles", "buildings")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        rows = super().get_queryset(request)
        return rows.filter(withdrawn_at=None).annotate(reads_=Count("reads", distinct=True))

    @admin.display(description=_("已读"))
    def reads_count(self, notice: Notice) -> int:
        return int(vars(notice)["reads_"])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        fixed = ("community", "roles", "buildings", "publish_at", "by_group_message")
        return fixed if obj.published_at else ("community",)

    @admin.action(description=_("提醒没有看所选公告的人"))
    def remind(self, request: HttpRequest, chosen: QuerySet[Notice]) -> None:
        for notice in chosen:
            try:
                number = services.remind_unread(actor=person_of(request), notice_id=notice.pk)
            except DomainError as refused:
                self.message_user(request, f"{notice}: {refused.detail}", messages.WARNING)
            else:
                self.message_user(request, gettext("%(notice)s：已提醒 %(n)d 人") % {"notice": notice, "n": number})

    def save_model(self, request: HttpRequest, obj: Notice, form: Any, change: bool) -> None:
        """The service writes, tells and checks; the form only collects."""
        clean = form.cleaned_data
        audience = services.Audience(
            [role.slug for role in clean.get("roles", ())], [building.name for building in clean.get("buildings", ())]
        )
        if change:
            names = {"title", "body", "pinned", "publish_at", "by_group_message"} & clean.keys()
            changes = {name: clean[name] for name in names}
            if "roles" in clean:
                changes["audience"] = audience
            services.edit_notice(actor=person_of(request), notice_id=obj.pk, changes=changes)
            return
        names = {"community", "title", "body", "pinned", "publish_at", "by_group_message"}
        plain = {name: clean[name] for name in names}
        obj.pk = services.publish_notice(actor=person_of(request), audience=audience, **plain).pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Done by the service."""

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Withdrawing leaves what belongs to the notice where it is."""
        return [str(obj) for obj in objs], {}, set(), []

    def delete_model(self, request: HttpRequest, obj: Notice) -> None:
        services.withdraw_notice(actor=person_of(request), notice_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Notice]) -> None:
        for notice in queryset:
            services.withdraw_notice(actor=person_of(request), notice_id=notice.pk)


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
