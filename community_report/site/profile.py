"""The profile page: who one is here, and what one wants to be told, and how."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Membership, User
from accounts.policies import Standing, person_of, standing_of
from accounts.services.people import update_profile
from accounts.web import person_required, safe_next
from dispatch.kinds import Kind

from .context import LARGE_TYPE_COOKIE
from .me import me

USUAL_QUIET = ["22:00", "07:00"]
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Mute:
    """One kind of message with what it means for this person, and whether it is pushed."""

    kind: str
    label: str
    pushed: bool


@person_required
@require_safe
def profile(request: HttpRequest) -> HttpResponse:
    """`/h5/me`."""
    user = person_of(request)
    standing = standing_of(user)
    seen = me(user)
    context = {
        "here": "me",
        "homes": _homes(user, seen["memberships"]),
        "roles": [m for m in seen["memberships"] if m["role"]["kind"] != "resident"],
        "mutes": _mutes(user, standing),
        "board": "board_post" not in user.muted_kinds if standing.resident_of else None,
        "quiet": user.quiet_hours or USUAL_QUIET,
        "quiet_on": bool(user.quiet_hours),
        "languages": User.Language.choices,
        "muted": user.muted_kinds,
    }
    return render(request, "site/profile.html", context)


@person_required
@require_POST
def comfort(request: HttpRequest) -> HttpResponse:
    """`POST /h5/me/comfort` with `type=large|usual` or `language=zh-hans|en`, then on to `next` (204 without).

    Also for who is bound nowhere yet, and without scripts. The server sets the cookie: what a script sets, iPhones
    forget within a week.
    """
    onward = request.POST.get("next")
    answer = redirect(safe_next(onward)) if onward else HttpResponse(status=204)
    large = request.POST.get("type")
    if large == "large":
        secure = settings.SESSION_COOKIE_SECURE
        answer.set_cookie(LARGE_TYPE_COOKIE, large, max_age=YEAR, secure=secure, httponly=True, samesite="Lax")
    elif large:
        answer.delete_cookie(LARGE_TYPE_COOKIE, samesite="Lax")
    if (language := request.POST.get("language")) in User.Language.values:
        update_profile(actor=person_of(request), changes={"language": language})
        if settings.LANGUAGE_COOKIE_NAME in request.COOKIES:  # what was chosen before the login gives way
            answer.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    return answer


def _homes(user: User, memberships: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Homes that are bound or asked for, the bound ones with the id that their own page has."""
    own = Membership.objects.active().for_view().filter(user=user, home__isnull=False)
    ids = {(m.community.slug, *m.home.as_dict().values()): m.pk for m in own if m.home}
    homes = [m for m in memberships if m["role"]["kind"] == "resident"]
    return [m | {"id": ids.get((m["community"]["slug"], *(m["home"] or {}).values()))} for m in homes]


def _mutes(user: User, standing: Standing) -> list[tuple[str, list[Mute]]]:
    """By role, and only of the roles that this person has."""
    groups = [
        (_("我的报单"), bool(standing.resident_of), _of_residents()),
        (_("我的工作"), bool(standing.staff_of), _of_staff()),
        (_("管理"), bool(standing.communities_with("manage_reports")), _of_managers()),
        (_("小区"), True, {Kind.NOTICE: _("小区公告"), Kind.BINDING_DECIDED: _("绑定的审核结果")}),
    ]
    return [
        (title, [Mute(kind.value, label, kind.value not in user.muted_kinds) for kind, label in kinds.items()])
        for title, shown, kinds in groups
        if shown
    ]


def _of_residents() -> dict[Kind, str]:
    return {
        Kind.CLAIMED: _("有人接单了"),
        Kind.PROGRESS: _("处理有进展"),
        Kind.RESOLVED: _("处理好了，等我确认"),
        Kind.RELEASED: _("退回了，重新找人处理"),
        Kind.CLOSED: _("报单完成了"),
        Kind.DISMISSED: _("报单被驳回"),
        Kind.MERGED: _("和别的报单合并了"),
    }


def _of_staff() -> dict[Kind, str]:
    return {
        Kind.NEW_REPORT: _("有新报单可以接"),
        Kind.ASSIGNED: _("有报单指派给我"),
        Kind.URGED: _("业主在催"),
        Kind.REOPENED: _("业主说没解决"),
        Kind.RATED: _("业主给了评价"),
    }


def _of_managers() -> dict[Kind, str]:
    return {
        Kind.UNCLAIMED: _("报单超时没人接"),
        Kind.OVERDUE: _("报单超过期限没解决"),
        Kind.IGNORED: _("报单所有人都不接"),
        Kind.BINDING_PENDING: _("有绑定等我审核"),
    }
