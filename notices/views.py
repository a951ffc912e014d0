"""The pages of notices: the list, one notice, and for who publishes how far it got and who has not read it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.pages import not_for_you
from accounts.policies import Standing, person_of, standing_of
from accounts.web import person_required
from community_report.core.pages import page_of
from reports.models import Attachment

from .models import Notice, NoticeRead
from .pictures import pictures_of
from .querysets import NoticeQuerySet
from .services import audience_of, mark_read, may_remind, unread_of

#: Characters that people read in a minute on a phone, Chinese.
READ_PER_MINUTE = 350
UNREAD_SHOWN = 100


@person_required
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """`/h5/notices`: what stands, pinned first, then newest; `?show=over`: what is over.

    Who publishes also sees what is scheduled, what was withdrawn, and how many have read each.
    """
    standing = standing_of(person_of(request))
    if not standing.member_of and not standing.user.is_superuser:
        return _not_bound(request)
    if request.GET.get("show") == "over":
        return _over(request, standing)
    now = timezone.now()
    visible = Notice.objects.visible_to(standing).select_related("community")
    published = visible.published().not_over(now)
    rows, next_ = page_of(request, published.filter(pinned=False), by="published_at")
    first = "cursor" not in request.GET
    pinned = list(published.filter(pinned=True).order_by("-published_at")) if first else []
    context = {
        "here": "notices",
        "unread": _unread(standing, [*pinned, *rows]),
        "scheduled": visible.filter(published_at=None).order_by("publish_at") if first else [],
        "older": first and _past(standing, now).exists(),
        **_listed(standing, [*pinned, *rows], next_),
    }
    return render(request, "notices/list.html", context)


def _over(request: HttpRequest, standing: Standing) -> HttpResponse:
    rows, next_ = page_of(request, _past(standing, timezone.now()).select_related("community"), by="published_at")
    return render(request, "notices/over.html", {"here": "notices", **_listed(standing, rows, next_)})


def _past(standing: Standing, now: datetime) -> NoticeQuerySet:
    """What was out and stands no more: expired, and for who publishes also withdrawn."""
    published = Notice.objects.reachable_by(standing).filter(published_at__isnull=False)
    withdrawn = published.filter(withdrawn_at__isnull=False)
    if not standing.user.is_superuser:
        withdrawn = withdrawn.filter(community__in=standing.communities_with("publish_notices"))
    return published.alive().over(now) | withdrawn


def _listed(standing: Standing, rows: list[Notice], next_: str) -> dict[str, Any]:
    """What both lists show. `read`: how many have read each, for who publishes."""
    publishes = standing.communities_with("publish_notices")
    own = [row.pk for row in rows if row.community_id in publishes]
    reads = NoticeRead.objects.filter(notice__in=own).order_by().values_list("notice").annotate(n=Count("pk"))
    return {
        "notices": rows,
        "next": next_,
        "may_publish": bool(publishes),
        "several": len(standing.member_of) > 1,
        "read": dict.fromkeys(own, 0) | dict(reads) if own else {},
    }


def _not_bound(request: HttpRequest) -> HttpResponse:
    return not_for_you(request, _("公告给小区里的人看"), _("绑定后就能看到自己小区的公告。"))


def _unread(standing: Standing, rows: list[Notice]) -> set[UUID]:
    """Which of them are for this person and not opened yet: what a manager sees beyond that is no reading matter."""
    unread = Notice.objects.unread_by(standing).filter(pk__in=[row.pk for row in rows])
    return set(unread.values_list("pk", flat=True))


@person_required
@require_safe
def notice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """`/h5/notices/<id>`: opening it marks it read; who publishes sees how many have read it.

    One that was withdrawn says so, and nothing of what it said: 410.
    """
    standing = standing_of(person_of(request))
    found = Notice.objects.reachable_by(standing).select_related("community", "author", "withdrawn_by")
    shown = found.prefetch_related("roles", "buildings").filter(pk=pk).first()
    if shown is None:
        raise Http404
    publishes = standing.may("publish_notices", shown.community_id)
    if shown.withdrawn_at is not None:
        return render(request, "notices/withdrawn.html", {"notice": shown, "publishes": publishes}, status=410)
    # Who publishes looks at what is for others too: that is no reading, and would not be in the count of readers.
    if shown.published_at is not None and Notice.objects.filter(pk=pk).addressed_to(standing.user).exists():
        mark_read(actor=standing.user, notice=shown)
    context = {
        **article(shown, timezone.now(), pictures_of(shown), publishes=publishes),
        "audience": audience_words(shown),
        "readers": readers_of(shown) if publishes else None,
    }
    with timezone.override(shown.community.timezone):
        return render(request, "notices/notice.html", context)


def article(
    notice: Notice, now: datetime, pictures: list[dict[str, Any]], *, publishes: bool = False
) -> dict[str, Any]:
    """What `notices/article.html` shows. A picture that could not be had is for who publishes to know."""
    failed = Attachment.Status.FAILED
    return {
        "notice": notice,
        "minutes": reading_words(notice.body),
        "pictures": [picture for picture in pictures if publishes or picture["status"] != failed],
        "over": notice.ended(now) == "expired",
    }


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


def readers_of(notice: Notice) -> dict[str, Any]:
    """Of its audience: `total`, `read`, `unread`, `percent` read, some who are `waiting`; `may_remind` them now?"""
    total = audience_of(notice).count()
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
