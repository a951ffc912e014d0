"""The page on which who lives in a home adds the family, and takes a member of it away again."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from community_report.core.errors import DomainError
from community_report.core.ids import parse_uuid

from .models import Membership
from .policies import person_of
from .services import family
from .services.invitations import invitation_url
from .web import person_required


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def family_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """`/h5/homes/<membership id>`: one's own home and its family; POST `add`, `remove` (a membership) or `cancel`."""
    user = person_of(request)
    own = Membership.objects.active().for_view().filter(pk=pk, user=user, home__isnull=False).first()
    if own is None:
        raise Http404
    error = None
    if request.method == "POST":
        try:
            _act(request, own)
            return redirect(request.path)
        except DomainError as refused:
            error = refused
    waiting = [(invitation, invitation_url(invitation)) for invitation in family.open_invitations(own)]
    context = {
        "own": own,
        "may_add": family.may_add_family(user, own),
        "family": list(family.family_of(own)),
        "waiting": waiting,
        "error": error,
        "here": "me",
    }
    return render(request, "accounts/family.html", context, status=error.status if error else 200)


def _act(request: HttpRequest, own: Membership) -> None:
    user = person_of(request)
    if "add" in request.POST:
        family.invite_family(actor=user, membership=own)
    elif code := request.POST.get("cancel"):
        family.cancel_invitation(actor=user, membership=own, code=code)
    elif member := Membership.objects.filter(pk__in=filter(None, [parse_uuid(request.POST.get("remove", ""))])).first():
        family.remove_family(actor=user, membership=own, member=member)
