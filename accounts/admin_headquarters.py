"""The back office of headquarters' people: superusers alone see it, and act through the service."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from community_report.core import admin_refused
from community_report.core.admin import SuperuserAdmin
from community_report.core.admin_bulk import asking, consequences, do_each, refuses_many
from community_report.core.errors import DomainError

from .models import Headquarters, User
from .policies import person_of
from .services import headquarters
from .services.login import issue_headquarters_login
from .text import clean

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Headquarters]
else:  # Django's form classes take no parameters at run time
    ModelForm = forms.ModelForm

#: Each is a decision about one person.
MOST_AT_ONCE = 20


@dataclass(frozen=True)
class Deed:
    """`meaning`: what it does, said before it is done."""

    title: Any  # lazy words
    meaning: Any
    act: Callable[..., User]


DEEDS = {
    "promote": Deed(_("设为总部人员"), _("之后可以查看和管理所有小区，包括系统设置。"), headquarters.promote),
    "end": Deed(_("取消总部身份"), _("之后只能做自己在各小区的角色可以做的事。"), headquarters.end_headquarters),
    "disable": Deed(_("停用账号"), _("马上退出登录，在后台和微信里都不能再登录。"), headquarters.disable),
    "enable": Deed(_("恢复账号"), _("之后可以再登录，原有的身份和角色不变。"), headquarters.enable),
}


def ask_or_do(page: Any, request: HttpRequest, chosen: QuerySet[Any], name: str) -> HttpResponse | None:
    """A list's action: a page that says what it means, then the deed for each."""
    deed, people = DEEDS[name], list(User.objects.filter(pk__in=chosen.values("pk"))[: MOST_AT_ONCE + 1])
    if refuses_many(page, request, people, MOST_AT_ONCE):
        return None
    if "apply" not in request.POST:
        means = [deed.meaning, *consequences(User, name, people)]
        context = asking(page, request, deed.title, action=request.POST["action"], chosen=people, consequences=means)
        return render(request, "admin/accounts/headquarters.html", context)
    do_each(page, request, people, lambda person: deed.act(actor=person_of(request), person=person), str)
    return None


class HeadquartersForm(ModelForm):
    """Both are needed, and a login name is compared as it is kept."""

    username = forms.CharField(label=_("后台登录名"), max_length=64, widget=UnfoldAdminTextInputWidget())
    display_name = forms.CharField(label=_("称呼"), max_length=40, widget=UnfoldAdminTextInputWidget())

    def clean_username(self) -> str:
        return clean(self.cleaned_data["username"])


@admin.register(Headquarters)
class HeadquartersAdmin(SuperuserAdmin):
    form = HeadquartersForm
    list_display = ("display_name", "username", "phone", "is_active", "last_login")
    list_display_links = ("display_name", "username")
    fields = ("username", "display_name", "phone", "is_active", "last_login", "created_at")
    add_fields = ("username", "display_name")
    search_fields = ("display_name", "username", "phone")
    ordering = ("display_name", "pk")
    actions = ("login_link", "disable", "enable", "end")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else self.add_fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Headquarters, form: Any, change: bool) -> None:
        """The service makes them; the form has seen to it that the login name is free."""
        made = headquarters.add_headquarters(
            actor=person_of(request), username=obj.username or "", display_name=obj.display_name
        )
        obj.pk = made.pk

    def response_add(self, request: HttpRequest, obj: Headquarters, post_url_continue: Any = None) -> HttpResponse:
        return self._link(request, User.objects.get(pk=obj.pk))

    def _link(self, request: HttpRequest, person: User) -> HttpResponse:
        """Shown once, on a page that no browser keeps."""
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("登录链接"),
            "opts": self.opts,
            "person": person,
            "link": issue_headquarters_login(actor=person_of(request), person=person),
        }
        response = render(request, "admin/accounts/login_link.html", context)
        add_never_cache_headers(response)
        return response

    @admin.action(description=_("生成设置密码的链接"))
    def login_link(self, request: HttpRequest, chosen: QuerySet[Headquarters]) -> HttpResponse | None:
        people = list(User.objects.filter(pk__in=chosen.values("pk"))[:2])
        if len(people) != 1:
            self.message_user(request, gettext("一次只选一个人"), messages.ERROR)
            return None
        try:
            return self._link(request, people[0])
        except DomainError as refused:
            admin_refused.say(request, refused, people[0], messages.WARNING)
            return None

    @admin.action(description=DEEDS["disable"].title)
    def disable(self, request: HttpRequest, chosen: QuerySet[Headquarters]) -> HttpResponse | None:
        return ask_or_do(self, request, chosen, "disable")

    @admin.action(description=DEEDS["enable"].title)
    def enable(self, request: HttpRequest, chosen: QuerySet[Headquarters]) -> HttpResponse | None:
        return ask_or_do(self, request, chosen, "enable")

    @admin.action(description=DEEDS["end"].title)
    def end(self, request: HttpRequest, chosen: QuerySet[Headquarters]) -> HttpResponse | None:
        return ask_or_do(self, request, chosen, "end")
