"""The pages of reports: file one, one's own, one report, the board."""

import uuid
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Building, Community, Membership, User
from accounts.policies import Standing, person_of, standing_of
from accounts.web import person_required
from community_report.core.errors import DomainError, Invalid
from community_report.core.ids import parse_uuid
from community_report.core.pages import page_of

from .api.drafts import show_draft
from .api.shapes import caller_shape, card_shape, report_shape
from .buttons import Buttons, buttons_for
from .models import Attachment, Category, Draft, InternalNote, Report
from .notes import notes_of
from .policies import Viewer
from .querysets import ReportQuerySet
from .services.submit import Caller, Location, SubmitData, submit_report
from .sheets import TALK, choices_for, sheets_of
from .signals import report_opened
from .states import OPEN, Action, Party, Status
from .talks import talks_of
from .views_acts import Way, said_after, unseen, work_way
from .wording import beyond_title, is_asked, receivers, standpoint, timeline, urged_words

Context = dict[str, Any]


# --- Filing -----------------------------------------------------------------------------------------------------


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_report(request: HttpRequest) -> HttpResponse:
    """`/h5/reports/new` (`?draft=ID`, `?community=SLUG`, `?category=SLUG`, `?for=caller` for who telephoned).

    `?building=ID` is the code at a building's entrance: the place is that building.
    """
    user = person_of(request)
    standing = standing_of(user)
    draft = _own_draft(user, request.GET.get("draft", ""))
    places = _places(standing, request, draft)
    if places is None:
        return render(request, "reports/new_unbound.html", _unbound(request, standing))
    context = _new_context(request, user, places, draft)
    if request.method != "POST":
        return render(request, "reports/new.html", context)
    try:
        report, _created = submit_report(actor=user, data=_plain_form(request, places.chosen, draft))
    except DomainError as error:
        return render(request, "reports/new.html", {**context, "error": error}, status=error.status)
    return redirect(f"/h5/reports/{report.pk}?sent=1")


@dataclass(frozen=True)
class Places:
    """Where this person can file: for themselves, or (`for_caller`) for somebody who telephoned."""

    chosen: Community
    others: list[Community]
    for_caller: bool
    may_switch: bool


def _places(standing: Standing, request: HttpRequest, draft: Draft | None) -> Places | None:
    own = standing.communities_with("file_reports")
    telephone = standing.communities_with("handle_reports") | standing.communities_with("manage_reports")
    for_caller = bool(telephone) and (request.GET.get("for") == "caller" or not own)
    possible = list(Community.objects.filter(pk__in=telephone if for_caller else own))
    if not possible:
        return None
    wanted = draft.community.slug if draft and draft.community else request.GET.get("community", "")
    chosen = next((c for c in possible if c.slug == wanted), possible[0])
    return Places(chosen, [c for c in possible if c != chosen], for_caller, bool(telephone and own))


def _unbound(request: HttpRequest, standing: Standing) -> Context:
    """The way to bind, in the community of the code that was scanned."""
    slug = request.GET.get("community", "")
    known = Community.objects.filter(slug=slug[:40]).exists()
    return {"member": bool(standing.member_of), "way": f"/h5/bind?community={slug}" if known else "/h5/bind"}


def _own_draft(user: User, raw: str) -> Draft | None:
    """The draft of the address, where it is this person's and still open; for anybody else the page is without it."""
    draft_id = parse_uuid(raw)
    if draft_id is None:
        return None
    own = Draft.objects.filter(pk=draft_id, owner=user, ended_at__isnull=True)
    return own.select_related("category", "community").prefetch_related("attachments").first()


def _new_context(request: HttpRequest, user: User, places: Places, draft: Draft | None) -> Context:
    categories = list(Category.objects.filter(community=places.chosen, active=True))
    wanted = draft.category.slug if draft and draft.category else request.GET.get("category", "")
    homes = _homes(user, places.chosen) if not places.for_caller else []
    scanned = _scanned(request, places.chosen)
    return {
        "places": places,
        "categories": categories,
        "category": next((c for c in categories if c.slug == wanted), None),
        "homes": homes,
        "address": request.POST.get("address", scanned or _usual_place(draft, homes)),
        "draft": show_draft(draft) if draft else None,
        "media_ids": {str(a.pk): a.media_id for a in draft.attachments.all()} if draft else {},
        "typed": request.POST,
        "hashed_id": request.POST.get("hashed_id") or str(uuid.uuid4()),
        "settings": {
            "community": places.chosen.slug,
            "person": str(user.pk),
            "draft": str(draft.pk) if draft else None,
            "scanned": bool(scanned),
            "caller": places.for_caller,
        },
    }


def _usual_place(draft: Draft | None, homes: list[str]) -> str:
    """Home, unless the draft came with a place of its own (named or not)."""
    if draft and draft.latitude is not None:
        return draft.location_name
    return homes[0] if homes else ""


def _scanned(request: HttpRequest, community: Community) -> str:
    """The name of the building whose code was scanned."""
    pk = request.GET.get("building", "")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 18):
        return ""
    return Building.objects.filter(community=community, pk=pk).values_list("name", flat=True).first() or ""


def _homes(user: User, community: Community) -> list[str]:
    own = Membership.objects.filter(user=user, community=community, status=Membership.Status.ACTIVE, home__isnull=False)
    return [str(membership.home) for membership in own.select_related("home__building").order_by("created_at")]


def _plain_form(request: HttpRequest, community: Community, draft: Draft | None) -> SubmitData:
    """The form sent without scripts."""
    field = request.POST.get
    hashed_id = parse_uuid(field("hashed_id", ""))
    if hashed_id is None:
        raise Invalid.field("hashed_id", _("编号无效"))
    caller = None
    if "caller_name" in request.POST:
        home = {part: field(f"caller_{part}", "")[:40] for part in ("building", "unit", "room")}
        caller = Caller(field("caller_name", "")[:40], field("caller_phone", "")[:20], home)
    return SubmitData(
        hashed_id=hashed_id,
        community=community.slug,
        category=field("category", ""),
        title=field("title", "")[:80],
        description=field("description", "")[:5000],
        address=field("address", "")[:200],
        location=_place_of(draft),
        draft=draft.pk if draft else None,
        on_behalf_of=caller,
    )


def _place_of(draft: Draft | None) -> Location | None:
    if draft is None or draft.latitude is None or draft.longitude is None:
        return None
    return Location(draft.latitude, draft.longitude, draft.location_name)


# --- One's own, and the board -------------------------------------------------------------------------------------


@person_required
@require_safe
def my_reports(request: HttpRequest) -> HttpResponse:
    """`/h5/reports`: what this person reported; `?show=open|done|followed`, all without it."""
    user = person_of(request)
    show = request.GET.get("show", "")
    reports = Report.objects.filter(reporter=user)
    if show == "open":
        reports = reports.open()
    elif show == "done":
        reports = reports.exclude(status__in=OPEN)
    elif show == "followed":
        reports = Report.objects.visible_to(standing_of(user)).filter(follows__user=user)
    context = _listed(request, user, reports)
    return render(request, "reports/mine.html", {**context, "show": show, "here": "reports"})


@person_required
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """`/h5/board`: lost and found and other public reports; `?q=` searches, `?show=done` shows what has ended."""
    user = person_of(request)
    standing = standing_of(user)
    query = request.GET.get("q", "").strip()[:80].replace("\0", "")
    show = "done" if request.GET.get("show") == "done" else ""
    posts = Report.objects.for_scope(standing, "board")
    posts = posts.exclude(status__in=OPEN) if show else posts.filter(status__in=OPEN)
    posts = posts.search(query, address=False)  # others' addresses may be hidden
    context = _listed(request, user, posts)
    category = Category.objects.filter(community__in=standing.resident_of, public=True, active=True).first()
    extra = {"q": query, "show": show, "here": "board", "category": category, "member": bool(standing.member_of)}
    return render(request, "reports/board.html", {**context, **extra})


def _listed(request: HttpRequest, user: User, reports: ReportQuerySet) -> Context:
    """One page of a list, as this person may see it, and the query string of the next."""
    viewer = Viewer.of(user)
    rows, following = page_of(request, reports.for_view(user))
    shapes = [card_shape(report, viewer) for report in rows]
    return {"reports": shapes, "next": following}


# --- One report -------------------------------------------------------------------------------------------------


@person_required
@require_safe
def report_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """`/h5/reports/<id>`: where pushed links lead. What one may not know of is the calm 404."""
    user = person_of(request)
    viewer = Viewer.of(user)
    visible = Report.objects.visible_to(viewer.standing).filter(pk=pk)
    if request.method == "HEAD":
        return _version_alone(request, visible.select_related("category").first(), viewer)
    report = visible.for_view(user).with_events().first()
    if report is None:
        return unseen(request)
    report_opened.send(sender=Report, report=report, user=user)
    with timezone.override(report.community.timezone):  # its deadlines are by that clock
        return render(request, "reports/report.html", _shown(request, report, viewer))


def _shown(request: HttpRequest, report: Report, viewer: Viewer) -> Context:
    shape = report_shape(report, viewer, events=True)
    full = "description" in shape
    steps = timeline(report, shape)
    buttons = buttons_for(shape["allowed_actions"], report.status)
    asked = is_asked(report, viewer)
    confirming = full and report.status == Status.RESOLVED and Action.CONFIRM in shape["allowed_actions"]
    context: Context = {
        # Where the roster knows no reporter, the page names who telephoned.
        "report": shape | {"reporter": shape.get("reporter") or caller_shape(report, viewer)},
        "version": _version(report, viewer),
        "full": full,
        "beyond_title": beyond_title(shape),
        "stand": standpoint(report, viewer),
        "urged": urged_words(report, viewer),
        "timeline": steps,
        "results": next((step["media"] for step in steps if step["kind"] == "resolve"), []) if full else [],
        "claimable": report.category.claimable,
        "confirming": confirming,
        "asked": asked,
        "way_on": _way_on(report, viewer),
        "mine": Party.REPORTER in viewer.parties(report),
        "buttons": buttons,
        "merged_into": _merged_into(report, viewer),
        "may_note": viewer.may_see_notes(report),
        "notes": notes_of(report, viewer),
        "just_filed": _just_filed(request, report, viewer),
        "said": _said(request, report, viewer),
        "manages": viewer.standing.may("manage_reports", report.community_id),
        **choices_for(report, viewer, set(buttons.names)),
        **_talks(report, viewer, buttons, confirming=confirming),
    }
    acts = [name for name in buttons.names if not (name == Action.CONFIRM and confirming)]
    context["sheets"] = sheets_of([*acts, TALK] if context["asks"] else acts)
    if asked:  # the two answers stand above, and one of them is the green button
        context["buttons"] = replace(buttons, green=None)
    return context


def _way_on(report: Report, viewer: Viewer) -> Way | None:
    """Staff whom a pushed link led to what is no longer theirs to do go on to their list."""
    parties = viewer.parties(report)
    theirs = Party.CLAIMANT in parties or report.status == Status.SUBMITTED
    return work_way(viewer.standing) if Party.STAFF in parties and not theirs else None


def _talks(report: Report, viewer: Viewer, buttons: Buttons, *, confirming: bool) -> Context:
    """What was written about a board post, and whether this person may write now."""
    may_talk = viewer.talk_refusal(report) is None
    asks = may_talk and Party.REPORTER not in viewer.parties(report)
    return {
        "talks": talks_of(report, viewer),
        "may_talk": may_talk,
        "asks": asks,
        "has_bar": not confirming and (asks or buttons.any),
    }


def _version(report: Report, viewer: Viewer) -> str:
    """Another one whenever the page would look different to this person: also when media have arrived."""
    waiting = report.attachments.filter(status=Attachment.Status.PENDING).count()
    said = report.board_messages.count() if report.category.public else 0
    notes = InternalNote.objects.filter(report=report).count() if viewer.may_see_notes(report) else 0
    return f"{report.updated_at.timestamp()}-{waiting}-{said}-{report.follows.count()}-{notes}"


def _version_alone(request: HttpRequest, report: Report | None, viewer: Viewer) -> HttpResponse:
    """What an open page asks for now and then to see whether there is news: mostly 304."""
    if report is None:
        raise Http404
    etag = f'"{_version(report, viewer)}"'
    if etag in request.headers.get("If-None-Match", ""):
        return HttpResponseNotModified(headers={"ETag": etag})
    return HttpResponse(headers={"ETag": etag, "Cache-Control": "no-store"})


def _merged_into(report: Report, viewer: Viewer) -> Report | None:
    """Only as a link that would open."""
    if report.merged_into_id is None:
        return None
    return Report.objects.visible_to(viewer.standing).filter(pk=report.merged_into_id).first()


def _said(request: HttpRequest, report: Report, viewer: Viewer) -> str:
    """After filing whom that reached, after another act without scripts what came of it."""
    if _just_filed(request, report, viewer):
        return _told(report)
    return said_after(request)


def _just_filed(request: HttpRequest, report: Report, viewer: Viewer) -> bool:
    """Who comes back to this address later finds where it stands by then."""
    fresh = request.GET.get("sent") == "1" and report.status == Status.SUBMITTED
    return fresh and Party.REPORTER in viewer.parties(report)


def _told(report: Report) -> str:
    """Whom filing it reached: the people on duty of the roles that its tags lead to."""
    if not report.category.claimable:
        return _("已发布，愿意接收的邻居会收到通知")
    staff = Membership.objects.filter(role__tags__reports=report, status=Membership.Status.ACTIVE)
    on_duty = staff.on_duty(timezone.now())
    count = (on_duty if on_duty.exists() else staff).values("user").distinct().count()
    if not count:
        return _("提交成功，正在通知物业管理人员")
    return _("提交成功，正在通知 %(n)d 位%(roles)s") % {"n": count, "roles": receivers(report)}
