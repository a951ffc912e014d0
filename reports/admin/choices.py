"""What can be reported, to whom it leads, and what is answered often."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from community_report.core.admin import OwnFilter, ScopedAdmin
from community_report.core.admin_delete import DeletesUnused
from reports.models import Category, PreparedAnswer, Tag


class FixedKey(ScopedAdmin):
    """`setup_community` and addresses know the rows by their slug: it stays as it was made."""

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        return fixed if obj is None else (*fixed, "slug")


@admin.register(Tag)
class TagAdmin(DeletesUnused, FixedKey):
    list_display = ("name", "slug", "community", "leads_to")
    list_filter = (("community", OwnFilter),)
    list_select_related = ("community",)
    filter_horizontal = ("roles",)
    search_fields = ("name", "slug")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        return super().get_queryset(request).prefetch_related("roles")

    @admin.display(description=_("通知的角色"))
    def leads_to(self, tag: Tag) -> str:
        return "、".join(role.name for role in tag.roles.all()) or "—"


@admin.register(Category)
class CategoryAdmin(DeletesUnused, FixedKey):
    list_display = ("name", "slug", "community", "claim_minutes", "resolve_minutes", "clock", "public", "active")
    list_filter = (("community", OwnFilter), "public", "active")
    list_select_related = ("community",)
    filter_horizontal = ("tags",)
    search_fields = ("name", "slug")


@admin.register(PreparedAnswer)
class PreparedAnswerAdmin(ScopedAdmin):
    may_delete = True
    list_display = ("title", "words", "use", "category", "community", "position", "active")
    list_filter = (("community", OwnFilter), ("category", OwnFilter), "use", "active")
    list_select_related = ("community", "category")
    search_fields = ("title", "text")
    empty_value_display = _("全部")

    @admin.display(description=_("内容"))
    def words(self, answer: PreparedAnswer) -> str:
        return Truncator(answer.text).chars(40)
