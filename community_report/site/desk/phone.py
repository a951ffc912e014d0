"""Who telephones is entered here: a report of theirs, filed by a manager."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.models import Community, User
from accounts.policies import person_of
from community_report.core import admin_refused
from community_report.core.admin import communities_of
from community_report.core.errors import DomainError
from community_report.core.ids import parse_uuid
from dispatch.services.recognising import recognise
from reports.models import Attachment, Report
from reports.services.attachments import MAX_IMAGES, MediaItem
from reports.services.submit import SubmitData, submit_report
from reports.services.transitions import merge_report
from reports.services.uploads import store_upload
from reports.similar import likely_duplicates
from reports.states import Status

from .phone_form import PhoneForm


@dataclass
class Pictures:
    """What was sent: uploads stay when the form is refused, so that nobody chooses them twice."""

    ids: list[str] = field(default_factory=list)
    error: str = ""

    def items(self) -> list[MediaItem]:
        return [MediaItem(Attachment.Kind.IMAGE, upload_id=parse_uuid(pk)) for pk in self.ids]


def phone(request: HttpRequest) -> HttpResponse:
    """`/admin/phone` (`?community=SLUG`). Sending it twice files once: the form carries the report's `hashed_id`.

    Where open reports look the same they are offered first: `anyway` files it, `into` (a report's id) also merges it.
    """
    scope = communities_of(request, "manage_reports")
    offered = list(Community.objects.all() if scope is None else Community.objects.filter(pk__in=scope))
    if not offered:
        raise PermissionDenied
    community = next((one for one in offered if one.slug == request.GET.get("community")), offered[0])
    sent = request.method == "POST"
    pictures = _pictures(request) if sent else Pictures()
    people = communities_of(request, "manage_people")
    form = PhoneForm(
        request.POST if sent else None,
        community=community,
        roster=people is None or community.pk in people,
        pictures=len(pictures.ids),
    )
    alike: list[Report] = []
    if sent and form.is_valid() and not pictures.error:
        decided = {"anyway", "into"} & set(request.POST)
        alike = [] if decided else likely_duplicates(form.as_report(community))
        try:
            if not alike:
                return _opened(request, _file(request, community, form, pictures))
        except DomainError as refused:
            admin_refused.tell_error(request, refused)
            form.refuse(refused)
    admin_refused.tell_foreign(request, form)
    context = {
        **admin.site.each_context(request),
        "title": _("登记电话报修"),
        "offered": offered,
        "community": community,
        "form": form,
        "pictures": pictures,
        "alike": alike,
    }
    return render(request, "admin/desk/phone.html", context)


def _pictures(request: HttpRequest) -> Pictures:
    """Those of an earlier try, and the new ones, which are kept from now on."""
    found = Pictures([pk for pk in request.POST.getlist("uploaded") if parse_uuid(pk)])
    for file in request.FILES.getlist("pictures"):
        if len(found.ids) >= MAX_IMAGES:
            found.error = _("最多 %(n)d 张图片") % {"n": MAX_IMAGES}
            break
        try:
            found.ids.append(_kept(person_of(request), file))
        except DomainError as refused:
            found.error = f"{file.name}: {refused.detail}"
    return found


def _kept(actor: User, file: Any) -> str:
    kind = recognise(file)
    if kind != Attachment.Kind.IMAGE:
        raise DomainError(_("这不是图片"), status=415)
    return str(store_upload(actor=actor, kind=kind, size=file.size, chunks=file.chunks()).pk)


def _file(request: HttpRequest, community: Community, form: PhoneForm, pictures: Pictures) -> Report:
    """File it, and merge it where it was said to be the same as another; gives the report to go on with."""
    actor, clean = person_of(request), form.cleaned_data
    data = SubmitData(
        hashed_id=clean["hashed_id"],
        community=community.slug,
        category=clean["category"].slug,
        title=clean["title"],
        description=clean["description"],
        address=clean["address"],
        media=pictures.items(),
        on_behalf_of=form.caller(),
    )
    report, _created = submit_report(actor=actor, data=data)
    into = parse_uuid(request.POST.get("into", ""))
    if into is not None and report.status != Status.MERGED:
        report = merge_report(actor=actor, report_id=report.pk, into_id=into)
    return report


def _opened(request: HttpRequest, report: Report) -> HttpResponse:
    """The page of the report, or of the one that it was merged into."""
    messages.success(request, _("已登记：%(report)s") % {"report": report})
    return redirect("admin:reports_report_change", report.merged_into_id or report.pk)
