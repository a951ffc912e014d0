"""The back office: what one person may do in a community – their roles, and permissions beyond these."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from community_report.core import admin_refused
from community_report.core.errors import DomainError

from .models import Membership, Role
from .people_words import PERMISSION_WORDS
from .policies import GRANTABLE, PERMISSIONS_OF_KIND, person_of
from .services.memberships import direct_permissions
from .services.people import update_membership

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = object


class RightsForm(forms.Form):
    """`permissions` are those beyond the roles' own, which stand in the words beside them."""

    roles = forms.MultipleChoiceField(label=_("角色"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget)
    permissions = forms.MultipleChoiceField(
        label=_("另外可以"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    def __init__(self, data: Any, membership: Membership) -> None:
        working = Role.objects.filter(community=membership.community).exclude(kind=Role.Kind.RESIDENT)
        own = Membership.objects.active().filter(user=membership.user, community=membership.community)
        held = [one.role for one in own.select_related("role")]
        given = direct_permissions(membership.user, membership.community)
        initial = {
            "roles": [role.slug for role in held if role.kind != Role.Kind.RESIDENT],
            "permissions": list(given.values_list("permission__codename", flat=True)),
        }
        super().__init__(data, initial=initial)
        of_roles = {name for role in held for name in PERMISSIONS_OF_KIND[role.kind]}
        self._offer("roles", [(role.slug, role.name) for role in working.order_by("-kind", "slug")])
        self._offer("permissions", [(name, PERMISSION_WORDS[name]) for name in GRANTABLE if name not in of_roles])

    def _offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = choices
        if not choices:
            del self.fields[name]


class GivesRights(Base):
    """Mixed into the admin of bindings: `…/rights/` of an active one."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.rights_view)
        return [path("<path:object_id>/rights/", view, name="membership_rights"), *super().get_urls()]

    def rights_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        membership = self.get_object(request, unquote(object_id))
        if membership is None or membership.status != Membership.Status.ACTIVE:
            raise Http404
        form = RightsForm(request.POST if request.method == "POST" else None, membership)
        if form.is_valid() and (kept := self._given(request, membership, form)):
            self.message_user(request, gettext("已保存"))
            return HttpResponseRedirect(reverse("admin:accounts_membership_change", args=[kept.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("%(name)s的角色和权限") % {"name": membership.name or membership.user},
            "opts": self.opts,
            "form": form,
            "membership": membership,
        }
        return render(request, "admin/accounts/rights.html", context)

    def _given(self, request: HttpRequest, membership: Membership, form: RightsForm) -> Membership | None:
        roles, permissions = form.cleaned_data["roles"], form.cleaned_data.get("permissions", [])
        leaves = bool(form.initial["roles"]) and not roles  # permissions go with the last role by themselves
        try:
            return update_membership(
                actor=person_of(request),
                membership=membership,
                roles=roles,
                permissions=None if leaves else permissions,
            )
        except DomainError as refused:
            admin_refused.tell_error(request, refused)
            form.add_error(None, refused.detail)
            return None
