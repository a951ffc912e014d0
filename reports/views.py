"""The pages of reports: one's own, the board, one report."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Membership, User
from accounts.policies import person_of, standing_of
from accounts.web import person_required
from community_report.core.pages import page_of

from .api.shapes import caller_shape, card_shape, report_shape
from .buttons import Buttons, buttons_for
from .models import Attachment, Category, InternalNote, Report
from .notes import notes_of
from .policies import Viewer
from .querysets import ReportQuerySet
from .sheets import TALK, choices_for, sheets_of
from .signals import report_opened
from .states import OPEN, Action, Party, Status
from .talks import talks_of
from .views_acts import Way, said_after, unseen, work_way
from .wording import beyond_title, is_asked, receivers, standpoint, timeline, urged_words

Context = dict[str, Any]


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
        "on_show": report.on_show,
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
