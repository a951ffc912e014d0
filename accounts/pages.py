"""What the pages of several apps share: the managers' community, and the calm answer to who is not meant."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Community
from accounts.policies import Standing, person_of, standing_of
from accounts.web import person_required

#: Where the session remembers which of several communities a manager looked at last.
CHOSEN = "managed_community"


@dataclass(frozen=True)
class Place:
    """The community that a manager works in now, and all that they could work in with the same permission."""

    community: Community
    choices: list[Community]
    standing: Standing

    def may(self, permission: str) -> bool:
        return self.standing.may(permission, self.community.pk)


View = Callable[..., HttpResponseBase]


def not_for_you(request: HttpRequest, title: str, text: str, *, way: tuple[str, str] | None = None) -> HttpResponse:
    """403 as a page: whom the page is for, and a way on (`way`: a path and its button's word; else the home page)."""
    href, label = way or ("/h5/", _("回到首页"))
    member = bool(standing_of(person_of(request)).member_of)
    context = {"title": title, "text": text, "member": member, "href": href, "label": label}
    return render(request, "accounts/not_for_you.html", context, status=403)


def manager_page(permission: str) -> Callable[[View], View]:
    """For pages of who holds `permission` in some community: the view is given the `Place` after the request.

    `?community=SLUG` chooses among several and is remembered; a community that is not theirs is a 403. Times are on the
    community's clock.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def page(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            place = _place(request, permission)
            if place is None:
                return not_for_you(
                    request, _("这是物业管理人员的页面"), _("如果您负责这个小区的管理，请向其他管理人员要一个邀请。")
                )
            with timezone.override(place.community.timezone):
                return view(request, place, *args, **kwargs)

        return person_required(page)

    return decorate


def _place(request: HttpRequest, permission: str) -> Place | None:
    standing = standing_of(person_of(request))
    communities = Community.objects.all()
    if not standing.user.is_superuser:
        communities = communities.filter(pk__in=standing.communities_with(permission))
    choices = list(communities)
    asked = request.GET.get("community")
    wanted = asked or request.session.get(CHOSEN)
    chosen = next((community for community in choices if community.slug == wanted), None)
    if (asked and chosen is None) or not choices:
        return None
    if asked and chosen is not None and request.session.get(CHOSEN) != chosen.slug:
        request.session[CHOSEN] = chosen.slug
    return Place(chosen or choices[0], choices, standing)
