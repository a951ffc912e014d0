"""The back office: sending again what was given up, after a page that says what would go and what stays out."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.policies import person_of

from .kinds import Kind
from .services import resending

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = object

#: The ages that can be chosen when many are sent again.
_WITHIN = {"day": resending.AGES[0], "week": resending.DEFAULT_AGE, "all": None}


class ResendForm(forms.Form):
    """Asked before anything is sent again: how old it may be, or (one by one) whether what stays out goes too."""

    def __init__(self, data: Any, found: resending.Survey, *, by_hand: bool) -> None:
        super().__init__(data)
        if not by_hand:
            words = {"day": _("最近一天的，%(n)d 条"), "week": _("最近七天的，%(n)d 条"), "all": _("全部，%(n)d 条")}
            choices = [(name, words[name] % {"n": found.number(age)}) for name, age in _WITHIN.items()]
            self.fields["within"] = forms.ChoiceField(choices=choices, initial="week", widget=forms.RadioSelect)
        elif found.one_by_one:
            label = _("不会发送的也发送（%(n)d 条）") % {"n": found.one_by_one}
            self.fields["one_by_one"] = forms.BooleanField(label=label, required=False)


class SendsAgain(Base):
    """Mixed into the admin of a ledger: of deliveries, or of robots' posts."""

    actions = ("send_again",)
    change_form_outer_before_template = "admin/dispatch/send_again.html"

    @admin.action(description=_("重新发送所选消息"))
    def send_again(self, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
        """After a page that says what would be sent and what stays out."""
        by_hand = request.POST.get("select_across", "0") == "0"
        by_hand = by_hand and len(request.POST.getlist(ACTION_CHECKBOX_NAME)) <= resending.ONE_BY_ONE
        found = resending.survey(chosen)
        form = ResendForm(request.POST if "apply" in request.POST else None, found, by_hand=by_hand)
        if not form.is_valid():
            return self._ask(request, form, found)
        age = None if by_hand else _WITHIN[form.cleaned_data["within"]]
        number = resending.send_again(
            chosen,
            actor=person_of(request),
            since=timezone.now() - age if age else None,
            one_by_one=form.cleaned_data.get("one_by_one", False),
        )
        self.message_user(request, gettext("将重新发送 %(n)d 条") % {"n": number}, messages.SUCCESS)
        return None

    def _ask(self, request: HttpRequest, form: ResendForm, found: resending.Survey) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("重新发送"),
            "opts": self.opts,
            "form": form,
            "kinds": [(Kind(kind).label, numbers) for kind, numbers in sorted(found.kinds.items())],
            "left_out": [(resending.REASONS[why], number) for why, number in sorted(found.left_out.items())],
            "checkbox": ACTION_CHECKBOX_NAME,
            "keys": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "across": request.POST.get("select_across", "0"),
            "nothing": not found.kinds and not found.one_by_one,
        }
        return render(request, "admin/dispatch/resend.html", context)
