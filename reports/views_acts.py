"""What happens at a tap and in a form where no script arrived; and where a report's link ends for who cannot see it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework.exceptions import ValidationError

from accounts.policies import Standing, person_of, standing_of
from accounts.web import person_required
from community_report.core.api import Throttled
from community_report.core.errors import DomainError, exception_handler
from community_report.core.throttle import spend_write

from .answers import with_answer
from .api.shapes import report_shape
from .api.verbs import perform
from .buttons import done_words
from .models import Report
from .policies import Viewer
from .services import transitions
from .services.notes import write_note
from .sheets import TALK, Sheet, choices_for, sheet_of
from .states import Action

MOST_SOUGHT = 80  # characters
#: Verbs that ask nothing first.
AT_ONCE: dict[str, Callable[..., Report]] = {
    Action.CLAIM: transitions.claim_report,
    Action.URGE: transitions.urge_report,
    Action.FOLLOW: transitions.follow_report,
    Action.UNFOLLOW: transitions.unfollow_report,
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
        else:
            return redirect(f"/h5/reports/{pk}?did={request.POST['do']}")
    return redirect(f"/h5/reports/{pk}")


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


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def act_page(request: HttpRequest, pk: UUID, name: str) -> HttpResponse:
    """`/h5/reports/<id>/act/<act>`: the form of a sheet as a page; what is refused comes back as it was typed.

    Posting `answer` puts a prepared answer below the words, and does nothing else. `?q=` looks for the report to merge
    into.
    """
    viewer, sheet = Viewer.of(person_of(request)), sheet_of(name)
    report = Report.objects.visible_to(viewer.standing).for_view(viewer.user).filter(pk=pk).first()
    if report is None or sheet is None:
        return unseen(request)
    if "answer" in request.POST or request.method != "POST":
        may = viewer.talk_refusal(report) is None if name == TALK else name in viewer.allowed_actions(report)
        return _form(request, report, viewer, sheet, {}) if may else redirect(f"/h5/reports/{pk}")
    try:
        if wait := spend_write(str(viewer.user.pk)):
            raise Throttled(wait)
        perform(name, _words(request), actor=viewer.user, report_id=pk)
    except (DomainError, ValidationError) as refusal:
        answer = exception_handler(refusal, {})
        if answer is None or answer.status_code == 404:
            return unseen(request)
        fields = answer.data.get("fields") or {"general": [answer.data["detail"]]}
        errors = {field: " ".join(said) for field, said in fields.items()}
        return _form(request, report, viewer, sheet, errors, answer.status_code)
    return redirect(f"/h5/reports/{pk}?did={name}")


def _words(request: HttpRequest) -> dict[str, Any]:
    """What the form says, as the API would be told it."""
    words: dict[str, Any] = {name: value for name, value in request.POST.items() if value}
    if words.get("score", "").isdecimal():
        words["score"] = int(words["score"])
    return words


def _form(
    request: HttpRequest, report: Report, viewer: Viewer, sheet: Sheet, errors: dict[str, str], status: int = 400
) -> HttpResponse:
    sought = request.GET.get("q", "").strip()[:MOST_SOUGHT].replace("\0", "")
    choices = choices_for(report, viewer, {sheet.name}, sought)
    typed = (request.POST or request.GET).dict()
    if "answer" in typed and "answers" in choices:
        words = "reason" if sheet.name == Action.DISMISS else "note"
        typed[words] = with_answer(typed.get(words, ""), choices["answers"][sheet.name], typed["answer"])
    context = {
        "report": report_shape(report, viewer, events=False),
        "sheet": sheet,
        "typed": typed,
        "errors": errors,
        **choices,
    }
    return render(request, "reports/act.html", context, status=status if errors else 200)


def said_after(request: HttpRequest) -> str:
    """What the page says after an act without scripts, which comes back to it with `?did=<act>`."""
    name = request.GET.get("did", "")
    sheet = sheet_of(name)
    return sheet.done if sheet else done_words(name)


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
