"""The pages of notices: the list, one notice, and for managers writing, changing and who has read it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.models import Building, Community, Role
from accounts.pages import Place, manager_page, not_for_you
from accounts.policies import Standing, person_of, standing_of
from accounts.web import person_required
from community_report.core.errors import Invalid
from community_report.core.pages import page_of

from . import group_messages
from .models import Notice
from .services import (
    BODY_MAX,
    TITLE_MAX,
    Audience,
    audience_of,
    mark_read,
    may_remind,
    reach,
    stated_audience,
    unread_of,
)

#: Characters that people read in a minute on a phone, Chinese.
READ_PER_MINUTE = 350
UNREAD_SHOWN = 100


@person_required
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """`/h5/notices`: pinned first, then newest; who publishes also sees what is scheduled."""
    standing = standing_of(person_of(request))
    if not standing.member_of and not standing.user.is_superuser:
        return _not_bound(request)
    visible = Notice.objects.visible_to(standing).select_related("community")
    published = visible.published()
    rows, next_ = page_of(request, published.filter(pinned=False), by="published_at")
    first = "cursor" not in request.GET
    pinned = list(published.filter(pinned=True).order_by("-published_at")) if first else []
    context = {
        "here": "notices",
        "notices": [*pinned, *rows],
        "unread": _unread(standing, [*pinned, *rows]),
        "scheduled": visible.filter(published_at=None).order_by("publish_at") if first else [],
        "next": next_,
        "may_publish": bool(standing.communities_with("publish_notices")),
        "several": len(standing.member_of) > 1,
    }
    return render(request, "notices/list.html", context)


def _not_bound(request: HttpRequest) -> HttpResponse:
    return not_for_you(request, _("公告给小区里的人看"), _("绑定后就能看到自己小区的公告。"))


def _unread(standing: Standing, rows: list[Notice]) -> set[UUID]:
    """Which of them are for this person and not opened yet: what a manager sees beyond that is no reading matter."""
    unread = Notice.objects.unread_by(standing).filter(pk__in=[row.pk for row in rows])
    return set(unread.values_list("pk", flat=True))


@person_required
@require_safe
def notice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """`/h5/notices/<id>`: opening it marks it read; who publishes sees how many have read it."""
    standing = standing_of(person_of(request))
    found = Notice.objects.visible_to(standing).select_related("community", "author")
    shown = found.prefetch_related("roles", "buildings").filter(pk=pk).first()
    if shown is None:
        raise Http404
    if shown.published_at is not None:
        mark_read(actor=standing.user, notice=shown)
    context = {
        "notice": shown,
        "minutes": reading_words(shown.body),
        "audience": audience_words(shown),
        "readers": _readers(shown) if standing.may("publish_notices", shown.community_id) else None,
    }
    return render(request, "notices/notice.html", context)


def reading_words(body: str) -> str:
    minutes = max(1, round(len(body) / READ_PER_MINUTE))
    return ngettext("约 %(n)d 分钟读完", "约 %(n)d 分钟读完", minutes) % {"n": minutes}


def audience_words(notice: Notice) -> str:
    """Whom it is for: "全体", "业主、保洁员 · 6幢"."""
    parts = [
        "、".join(role.name for role in notice.roles.all()),
        "、".join(building.name for building in notice.buildings.all()),
    ]
    return " · ".join(filter(None, parts)) or _("小区全体")


def _readers(notice: Notice) -> dict[str, Any]:
    audience = audience_of(notice)
    total = audience.count()
    waiting = unread_of(notice).order_by("display_name", "pk")
    unread = waiting.count()
    return {
        "total": total,
        "read": total - unread,
        "unread": unread,
        "percent": round(100 * (total - unread) / total) if total else 0,
        "waiting": list(waiting[:UNREAD_SHOWN]),
        "may_remind": bool(unread) and may_remind(notice, timezone.now()),
    }


@manager_page("publish_notices")
@require_safe
def new_notice(request: HttpRequest, place: Place) -> HttpResponse:
    """`/h5/notices/new`."""
    return render(request, "notices/form.html", {"place": place, "notice": None, **_choices(place.community)})


@person_required
@require_safe
def edit_notice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """`/h5/notices/<id>/edit`: for who publishes in its community."""
    standing = standing_of(person_of(request))
    found = Notice.objects.visible_to(standing).select_related("community").prefetch_related("roles", "buildings")
    shown = found.filter(pk=pk).first()
    if shown is None:
        raise Http404
    if not standing.may("publish_notices", shown.community_id):
        return not_for_you(request, _("这是物业管理人员的页面"), _("只有物业管理人员可以修改公告。"))
    place = Place(shown.community, [shown.community], standing)
    return render(request, "notices/form.html", {"place": place, "notice": shown, **_choices(shown.community, shown)})


def _choices(community: Community, notice: Notice | None = None) -> dict[str, Any]:
    audience = stated_audience(notice) if notice else Audience()
    return {
        "roles": Role.objects.filter(community=community).order_by("kind", "slug"),
        "buildings": Building.objects.filter(community=community),
        "chosen_roles": {role.slug for role in notice.roles.all()} if notice else set(),
        "chosen_buildings": {building.name for building in notice.buildings.all()} if notice else set(),
        "people": reach(community=community, audience=audience),
        "group_messages": _group_messages(community, audience),
        "title_max": TITLE_MAX,
        "body_max": BODY_MAX,
        "soonest": _local(timezone.now()),
        "publish_at": _local(notice.publish_at) if notice and notice.publish_at else "",
    }


def _group_messages(community: Community, audience: Audience) -> str:
    left = group_messages.left_over(community=community, audience=audience, now=timezone.now())
    return group_messages.words(left)


def _local(moment: datetime) -> str:
    """As `<input type="datetime-local">` wants it."""
    return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")


@manager_page("publish_notices")
@require_safe
def notice_reach(request: HttpRequest, place: Place) -> HttpResponse:
    """`/h5/notices/reach?roles=&roles=&buildings=`: of an audience, for the page that writes one.

    `{"people": n, "group_messages": "剩 4 次：12 人"}`
    """
    audience = Audience(request.GET.getlist("roles")[:50], request.GET.getlist("buildings")[:500])
    try:
        people = reach(community=place.community, audience=audience)
    except Invalid:
        raise Http404 from None
    return JsonResponse({"people": people, "group_messages": _group_messages(place.community, audience)})
