"""The pages on which a notice is written: the form, how many it would reach, and what it would look like."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from csp.decorators import csp_replace
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Building, Community, Role, User
from accounts.pages import Place, manager_page, not_for_you
from accounts.policies import person_of, standing_of
from accounts.web import person_required
from community_report.core.errors import Invalid
from reports.services.attachments import MAX_IMAGES

from . import group_messages
from .models import Notice
from .pictures import kept_pictures
from .services import BODY_MAX, TITLE_MAX, Audience, people_of, stated_audience
from .views import article

#: Whom notices are mostly for comes first.
KINDS = (Role.Kind.RESIDENT, Role.Kind.STAFF, Role.Kind.MANAGER)
#: A picture of the preview: the page that asks puts its own in.
_PLACE = {"kind": "image", "status": "stored", "url": "#", "thumbnail_url": "data:,"}


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
    with timezone.override(shown.community.timezone):
        context = {"place": place, "notice": shown, **_choices(shown.community, shown)}
        return render(request, "notices/form.html", context)


def _choices(community: Community, notice: Notice | None = None) -> dict[str, Any]:
    audience = stated_audience(notice) if notice else Audience()
    return {
        "roles": sorted(Role.objects.filter(community=community), key=lambda role: (KINDS.index(role.kind), role.slug)),
        "buildings": Building.objects.filter(community=community),
        "chosen_roles": {role.slug for role in notice.roles.all()} if notice else set(),
        "chosen_buildings": {building.name for building in notice.buildings.all()} if notice else set(),
        "pictures": kept_pictures(notice) if notice else [],
        "pictures_max": MAX_IMAGES,
        "title_max": TITLE_MAX,
        "body_max": BODY_MAX,
        "soonest": _local(timezone.now()),
        "publish_at": _local(notice.publish_at) if notice and notice.publish_at else "",
        "expires_at": _local(notice.expires_at) if notice and notice.expires_at else "",
        **reach(people_of(community=community, audience=audience)),
    }


def _local(moment: datetime) -> str:
    """As `<input type="datetime-local">` wants it."""
    return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")


@manager_page("publish_notices")
@require_safe
def notice_reach(request: HttpRequest, place: Place) -> HttpResponse:
    """`/h5/notices/reach?roles=&roles=&buildings=`: of an audience, for the page that writes one, as a piece of it."""
    audience = Audience(request.GET.getlist("roles")[:50], request.GET.getlist("buildings")[:500])
    try:
        people = people_of(community=place.community, audience=audience)
    except Invalid:
        raise Http404 from None
    return render(request, "notices/reach.html", reach(people))


def reach(people: QuerySet[User]) -> dict[str, Any]:
    """What `notices/reach.html` says of these people."""
    left = group_messages.left_over(people, timezone.now())
    return {"people": people, "total": people.count(), "left": group_messages.words(left)}


@xframe_options_sameorigin
@csp_replace({"frame-ancestors": ["'self'"]})
@manager_page("publish_notices")
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, place: Place) -> HttpResponseBase:
    """`/h5/notices/preview`: GET the phone's page around it, POST what was typed so far as residents would see it.

    `title`, `body`, `publish_at`, `expires_at`, `pictures` (the number of places for them), `community` (its key, where
    it is not the chosen one).
    """
    if request.method != "POST":
        return render(request, "notices/preview.html", {})
    said = request.POST
    now = timezone.now()
    written = Notice(
        community=next((one for one in place.choices if str(one.pk) == said.get("community")), place.community),
        author=place.standing.user,
        title=said.get("title", "").strip()[:TITLE_MAX] or _("标题"),
        body=said.get("body", "").strip()[:BODY_MAX] or _("正文"),
    )
    written.published_at = max(now, _moment(said.get("publish_at"), written.community) or now)
    written.expires_at = _moment(said.get("expires_at"), written.community)
    number = said.get("pictures", "")
    places = [_PLACE] * min(int(number), MAX_IMAGES) if number.isascii() and number.isdigit() else []
    with timezone.override(written.community.timezone):
        return render(request, "notices/article.html", article(written, now, places))


def _moment(text: str | None, community: Community) -> datetime | None:
    """As typed, on the community's clock; what is no moment (yet) is none."""
    try:
        moment = parse_datetime(text or "")
    except ValueError:
        return None
    return (
        timezone.make_aware(moment, ZoneInfo(community.timezone))
        if moment is not None and timezone.is_naive(moment)
        else moment
    )
