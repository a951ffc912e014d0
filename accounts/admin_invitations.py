"""The back office: invitations to work here, made, shown with their QR code, and withdrawn."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminSelectWidget

from community_report.core import admin_refused
from community_report.core.admin import OneCommunityForm, OwnFilter, ScopedAdmin
from community_report.core.errors import DomainError

from .models import Invitation, Role
from .people_words import HOURS
from .policies import person_of
from .services import invitations


class InvitationForm(OneCommunityForm):
    hours = forms.TypedChoiceField(
        label=_("多久内有效"), choices=list(HOURS.items()), coerce=int, initial=72, widget=UnfoldAdminSelectWidget
    )

    class Meta:
        model = Invitation
        fields = ("community", "role")


@admin.register(Invitation)
class InvitationAdmin(ScopedAdmin):
    permission = "manage_people"
    may_change = False
    list_display = ("role", "community", "step", "expires_at", "created_by", "used_by", "used_at")
    list_filter = (("community", OwnFilter),)
    list_select_related = ("role", "community", "created_by", "used_by")
    actions = ("withdraw",)
    form = InvitationForm
    change_form_template = "admin/accounts/invitation.html"
    readonly_fields = ("step", "to_hand_out")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("community", "role", "hours")
        return ("community", "role", "step", "to_hand_out", "expires_at", "created_by", "used_by", "used_at")

    def _choices(self, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        """Residents bind by their home instead."""
        rows = super()._choices(db_field, request)
        return rows.exclude(kind=Role.Kind.RESIDENT) if db_field.name == "role" else rows

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        clean = form.cleaned_data
        made = invitations.create_invitation(
            actor=person_of(request),
            community=clean["community"],
            role=clean["role"].slug,
            expires_hours=clean["hours"],
        )
        obj.pk = made.pk

    def response_add(self, request: HttpRequest, obj: Invitation, post_url_continue: str | None = None) -> HttpResponse:
        """To the page with what is to be handed out."""
        return HttpResponseRedirect(reverse("admin:accounts_invitation_change", args=[obj.pk]))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.withdraw_view))
        return [path("<path:object_id>/withdraw/", view, name="invitation_withdraw"), *super().get_urls()]

    def withdraw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.get_object(request, unquote(object_id))
        if found is None:
            raise Http404
        self._withdraw(request, found)
        return HttpResponseRedirect(reverse("admin:accounts_invitation_change", args=[found.pk]))

    @admin.action(description=_("作废所选邀请"))
    def withdraw(self, request: HttpRequest, chosen: QuerySet[Invitation]) -> None:
        for invitation in chosen:
            self._withdraw(request, invitation)

    def _withdraw(self, request: HttpRequest, invitation: Invitation) -> None:
        try:
            invitations.withdraw_invitation(actor=person_of(request), code=invitation.code)
            self.message_user(request, gettext("%(what)s：已作废") % {"what": invitation})
        except DomainError as refused:
            admin_refused.say(request, refused, invitation, messages.WARNING)

    @admin.display(description=_("状态"))
    def step(self, invitation: Invitation) -> str:
        if invitation.used_at:
            return gettext("已使用")
        return gettext("有效") if _open(invitation) else gettext("已过期或作废")

    @admin.display(description=_("交给对方"))
    def to_hand_out(self, invitation: Invitation) -> str:
        """The link and its QR code while it can be used; that of a family is the family's own."""
        if not _open(invitation) or invitation.home_id:
            return "—"
        link, picture = invitations.invitation_url(invitation), invitations.invitation_qr_url(invitation)
        words = gettext("请对方用微信扫一扫，或打开链接")
        return format_html(
            '<p>{}</p><img src="{}" alt="" width="240" height="240"><p><code>{}</code></p>', words, picture, link
        )


def _open(invitation: Invitation) -> bool:
    return invitation.used_at is None and invitation.expires_at > timezone.now()
