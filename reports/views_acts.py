"""What happens at a tap where no script arrived; and where a report's link ends for who cannot see it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.policies import Standing, person_of, standing_of
from accounts.web import person_required
from community_report.core.errors import DomainError

from .answers import answers_by_use, with_answer
from .models import Report
from .policies import Viewer
from .services import transitions
from .services.notes import write_note
from .states import Action

#: Verbs that ask nothing first.
AT_ONCE: dict[str, Callable[..., Report]] = {
    Action.CLAIM: transitions.claim_report,
    Action.URGE: transitions.urge_report,
    Action.FOLLOW: transitions.follow_report,
    Action.UNFOLLOW: transitions.unfollow_report,
}


#: Verbs for which somebody writes to the reporter: each is given the words.
IN_WORDS: dict[str, Callable[[User, UUID, str], Report]] = {
    Action.PROGRESS: lambda actor, pk, words: transitions.add_progress(actor=actor, report_id=pk, note=words),
    Action.RESOLVE: lambda actor, pk, words: transitions.resolve_report(actor=actor, report_id=pk, note=words),
    Action.DISMISS: lambda actor, pk, words: transitions.dismiss_report(actor=actor, report_id=pk, reason=words),
}


@dataclass(frozen=True)
class Way:
    """A way on: a page, and the words of its button."""

    href: str
    label: str


@person_required
@require_POST
def act_at_once(request: HttpRequest, pk: UUID) -> HttpResponse:
    """`POST /h5/reports/<id>/do` with `do=claim|urge|follow|unfollow`.

    Whatever comes of it, the report's page says calmly how it stands now, also to who came too late.
    """
    verb = AT_ONCE.get(request.POST.get("do", ""))
    if verb is not None:
        try:
            verb(actor=person_of(request), report_id=pk)
        except DomainError as refusal:
            if refusal.status in (403, 404):
                return unseen(request)
    return redirect(f"/h5/reports/{pk}")


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def write_plainly(request: HttpRequest, pk: UUID) -> HttpResponse:
    """`/h5/reports/<id>/write?do=progress|resolve|dismiss`: what a sheet asks for, on a page that needs no script.

    Posting `answer` puts a prepared answer below what was typed; posting `send` does it.
    """
    person, name = person_of(request), request.GET.get("do", "")
    viewer = Viewer.of(person)
    report = Report.objects.visible_to(viewer.standing).for_view(person).filter(pk=pk).first()
    if report is None or name not in IN_WORDS:
        return unseen(request)
    if viewer.refusal(report, Action(name)) is not None:
        return redirect(f"/h5/reports/{pk}")
    answers = answers_by_use(report)[name]
    text = with_answer(request.POST.get("text", ""), answers, request.POST.get("answer", ""))
    context = {"report": report, "action": Action(name), "answers": answers, "text": text}
    if "send" in request.POST:
        try:
            IN_WORDS[name](person, pk, text)
            return redirect(f"/h5/reports/{pk}")
        except DomainError as error:
            context["error"] = error.detail
    return render(request, "reports/write.html", context, status=400 if "error" in context else 200)


@person_required
@require_POST
def note_plainly(request: HttpRequest, pk: UUID) -> HttpResponse:
    """`POST /h5/reports/<id>/note`: an internal note sent without scripts; an empty one is none."""
    try:
        write_note(actor=person_of(request), report_id=pk, note=request.POST.get("note", ""))
    except DomainError as refusal:
        if refusal.status in (403, 404):
            return unseen(request)
    return redirect(f"/h5/reports/{pk}#notes")


def unseen(request: HttpRequest) -> HttpResponse:
    """404 for a report that is not there or not to be known of; the same words for both, and the ways on by role."""
    standing = standing_of(person_of(request))
    context = {"ways": ways_on(standing), "works": bool(standing.staff_of)}
    return render(request, "reports/unseen.html", context, status=404)


def ways_on(standing: Standing) -> list[Way]:
    """Where this person finds what concerns them, the likeliest first."""
    ways = []
    if standing.communities_with("manage_reports"):
        ways.append(Way("/h5/manage", _("去管理")))
    if standing.staff_of:
        ways.append(work_way(standing))
    if standing.resident_of:
        ways.append(Way("/h5/reports", _("看我的报单")))
    return ways or [Way("/h5/", _("回到首页"))]


def work_way(standing: Standing) -> Way:
    """The staff's list, with how many wait there."""
    waiting = Report.objects.for_scope(standing, "open").count()
    return Way("/h5/work", _("看待接的报单（%(n)d）") % {"n": waiting} if waiting else _("回到工作台"))
