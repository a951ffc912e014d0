"""The back office of templates: what WeChat would refuse is refused here, and what it would show is shown."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from community_report.core.admin import SuperuserAdmin

from .models import SubscriptionTemplate, Template
from .services import templates, troubles

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Template]
else:  # Django's form classes take no parameters at run time
    ModelForm = forms.ModelForm

#: The name of the button that shows what would be stored.
PREVIEW = "_preview"


class TemplateForm(ModelForm):
    """Checked as the file of `wechat_templates` is. Sent by the button `PREVIEW` it is shown, and not stored."""

    shown: Mapping[str, str] | None = None

    def clean(self) -> dict[str, Any]:
        super().clean()
        values = self.cleaned_data
        if {"kind", "template_id", "fields"} <= values.keys():
            try:
                templates.check(values["kind"], values["template_id"], values["fields"])
            except templates.TemplateFileError as problem:
                raise forms.ValidationError(str(problem)) from None
            if PREVIEW in self.data:
                self.shown = templates.preview(values["kind"], values["fields"])
                raise forms.ValidationError(_("这是预览，还没有保存"), code="preview")
        return values


class TemplateAdmin(SuperuserAdmin):
    form = TemplateForm
    list_display = ("kind", "template_id", "filled")
    readonly_fields = ("preview",)
    change_form_template = "admin/dispatch/template_form.html"

    def save_model(self, request: HttpRequest, obj: Template | SubscriptionTemplate, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        channel = "template" if isinstance(obj, Template) else "bizsend"
        troubles.ask_again(f"{channel}:{obj.kind}")

    @admin.display(description=_("字段"))
    def filled(self, row: Template | SubscriptionTemplate) -> str:
        """Which of the kind's values goes where."""
        return "、".join(f"{field}：{value}" for field, value in row.fields.items()) or "—"

    @admin.display(description=_("预览"))
    def preview(self, row: Template | SubscriptionTemplate) -> str:
        """With sample values; "-" for one that is not stored yet, or that was stored past the form."""
        try:
            templates.check(row.kind, row.template_id, row.fields)
        except templates.TemplateFileError:
            return "-"
        return format_html_join(mark_safe("<br>"), "{}：{}", templates.preview(row.kind, row.fields).items())
