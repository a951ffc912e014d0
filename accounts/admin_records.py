"""The back office: who did what, when and from where."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.db.models import Q, QuerySet
from django.db.models.functions import Upper
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter

from community_report.core.admin import OwnFilter, ReadOnly, ScopedAdmin, communities_of
from community_report.core.search import few, holding, searched

from .models import Record
from .querysets import of_person
from .records import ACTIONS, REFUSALS, REFUSED_FOR

#: Groups of actions, as one looks for them: the beginning of an action's word.
GROUPS = {
    "refusal": (_("拒绝与失败"), REFUSALS),
    "door": (_("登录与退出"), ("login", "logout", "password_set", "admin_link", "erased")),
    "report": (_("报单"), ("report_",)),
    "people": (_("人员与权限"), ("binding_", "role_", "permissions_", "invit", "headquarters_", "person_")),
    "notice": (_("公告"), ("notice_",)),
    "admin": (_("后台"), ("admin_",)),
    "data": (_("导入导出"), ("export", "roster_")),
}


class GroupFilter(DropdownFilter):
    title = _("类别")
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(word, name) for word, (name, _begins) in GROUPS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Record]) -> QuerySet[Record]:
        chosen = GROUPS.get(self.value() or "")
        if chosen is None:
            return queryset
        begins = tuple(chosen[1])
        return queryset.filter(action__in=[word for word in ACTIONS if word.startswith(begins)])


def _subject(word: str) -> Q:
    return Q(pk__in=few(holding(Record.objects.exclude(subject=""), Upper("subject"), word)))


def _deed(word: str) -> Q:
    """By what is said of it, whole or in part; of a refusal, also by why."""
    why = Q(action="refused", detail__in=_called(REFUSED_FOR, word))
    return Q(action__in=_called(ACTIONS, word)) | why


def _called(names: dict[str, Any], word: str) -> list[str]:
    said = word.casefold()
    return [key for key, label in names.items() if said in str(label).casefold()]


def _from_address(word: str) -> Q:
    try:
        validate_ipv46_address(word)
    except ValidationError:
        return Q(pk__in=())
    return Q(address=word)


@admin.register(Record)
class RecordAdmin(ReadOnly, ScopedAdmin):
    permission = "manage_people"
    list_display = ("moment", "who", "what", "subject", "whom", "why", "address")
    fields = ("moment", "community", ("who", "what"), ("subject", "whom"), "why", ("path", "address"))
    list_filter = (GroupFilter, ("at", RangeDateTimeFilter), ("community", OwnFilter))
    list_select_related = ("actor", "person")
    search_fields = ("subject",)  # `get_search_results` looks through more
    search_help_text = _("做了什么、报单编号、姓名、公告标题或网络地址")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Record]:
        """Also what their people did where no community was named: logins, and refusals."""
        scope = communities_of(request, self.permission)
        return Record.objects.all() if scope is None else Record.objects.of_communities(scope)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        somebody = partial(of_person, communities=communities_of(request, self.permission))
        ways = (_deed, _subject, partial(somebody, "actor"), partial(somebody, "person"), _from_address)
        return searched(queryset, search_term, *ways), False

    @admin.display(description=_("时间"), ordering="id")
    def moment(self, row: Record) -> str:
        return date_format(timezone.localtime(row.at), "Y-m-d H:i:s")

    @admin.display(description=_("谁"))
    def who(self, row: Record) -> str:
        return str(row.actor) if row.actor else gettext("系统或未登录的人")

    @admin.display(description=_("做了什么"), ordering="action")
    def what(self, row: Record) -> str:
        return row.label

    @admin.display(description=_("说明"))
    def why(self, row: Record) -> str:
        return row.explained

    @admin.display(description=_("对谁"))
    def whom(self, row: Record) -> str:
        return str(row.person) if row.person else "—"
