"""The pages of messages: everybody's inbox, and for managers who was not reached."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Membership
from accounts.pages import Place, manager_page
from accounts.policies import person_of
from accounts.web import person_required, safe_next
from community_report.core.pages import page_of

from .kinds import Kind
from .models import Delivery
from .reasons import reason_words
from .services.reading import mark_read, with_words
from .unreached import unreached
from .wording import retold

AT_MOST = 500
#: Icons of static/img/icons.svg; every other kind is about a report's way.
ICONS = {
    Kind.NOTICE: "notice",
    Kind.BINDING_DECIDED: "key",
    Kind.BINDING_PENDING: "people",
    Kind.BOARD_POST: "lost",
    Kind.NEW_REPORT: "list",
    Kind.RESOLVED: "check",
    Kind.CLOSED: "check",
    Kind.RATED: "star",
    Kind.UNCLAIMED: "alert",
    Kind.OVERDUE: "alert",
    Kind.IGNORED: "alert",
    Kind.URGED: "clock",
}


@person_required
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """`/h5/inbox` (`?show=unread`): every message to this person, whatever WeChat did with it."""
    own = with_words(Delivery.objects.filter(user=person_of(request)))
    unread = own.filter(read_at=None).count()
    only_unread = request.GET.get("show") == "unread"
    rows, next_ = page_of(request, own.filter(read_at=None) if only_unread else own)
    messages = [(row, retold(row.text, row.outbox), ICONS.get(Kind(row.kind), "work")) for row in rows]
    context = {"here": "inbox", "messages_": messages, "next": next_, "unread": unread, "only_unread": only_unread}
    return render(request, "dispatch/inbox.html", context)


@person_required
@require_safe
def open_message(request: HttpRequest, pk: UUID) -> HttpResponse:
    """`/h5/inbox/<id>`: marks the message read and goes where it leads."""
    message = Delivery.objects.filter(user=person_of(request), pk=pk).first()
    if message is None:
        raise Http404
    mark_read(actor=person_of(request), ids=[pk])
    return HttpResponseRedirect(safe_next(message.path))


@dataclass(frozen=True)
class Unreached:
    """The last message that did not reach a person (`phone` as they left it here), why in words, and how many more."""

    delivery: Delivery
    phone: str
    reason: str
    others: int


@manager_page("manage_reports")
@require_safe
def unreached_page(request: HttpRequest, place: Place) -> HttpResponse:
    """`/h5/manage/unreached`: whom no channel reached, with their number where they left one."""
    lost = list(unreached(place.community, person_of(request), timezone.now())[:AT_MOST])
    messages = Counter(row.user_id for row in lost)
    rows = list({row.user_id: row for row in reversed(lost)}.values())[::-1]
    here = Membership.objects.active().filter(community=place.community, user__in=[row.user_id for row in rows])
    phones = {user: phone for user, phone in here.values_list("user", "phone") if phone}
    context = {
        "here": "manage",
        "place": place,
        "rows": [
            Unreached(row, phones.get(row.user_id, ""), reason_words(row), messages[row.user_id] - 1) for row in rows
        ],
    }
    return render(request, "dispatch/unreached.html", context)
