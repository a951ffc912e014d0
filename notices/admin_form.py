"""The form of the back office in which a notice is written."""

import json
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from community_report.core.admin_refused import FOREIGN
from community_report.core.errors import Invalid
from reports.services.attachments import MAX_IMAGES

from . import services
from .models import Notice
from .pictures import Picture, clean_pictures, kept_pictures

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Notice]
else:
    ModelForm = forms.ModelForm


#: So long a form may stand open after its writer chose "now".
JUST_NOW = timedelta(minutes=15)


class OfCommunities(UnfoldAdminCheckboxSelectMultipleWidget):
    """Each choice says whose it is, so that `js/desk/notice.js` can show those of the chosen community alone."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        option["attrs"]["data-community"] = value.instance.community_id
        return option


class PicturesWidget(forms.Widget):
    """Chosen, uploaded and put in order by `js/desk/notice.js`, which keeps the list in a hidden field."""

    template_name = "admin/notices/pictures.html"

    def format_value(self, value: Any) -> str:
        return value if isinstance(value, str) else json.dumps(value or [])

    def _render(self, template_name: str, context: Any, renderer: Any = None) -> SafeString:
        """From the project's templates, which the forms' own renderer does not know."""
        return render_to_string(template_name, context)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, value, attrs) | {"most": MAX_IMAGES}


class PicturesField(forms.Field):
    """A list of `Picture`, as `clean_pictures` takes it in JSON."""

    widget = PicturesWidget

    def clean(self, value: Any) -> list[Picture]:
        try:
            items = json.loads(value or "[]")
        except ValueError:
            items = None
        try:
            return clean_pictures(items)
        except Invalid as refusal:
            raise forms.ValidationError(refusal.detail) from None


class NoticeForm(ModelForm):
    """Asks the services beforehand what they would refuse, so that nothing that was typed is lost."""

    pictures = PicturesField(
        label=_("图片"), required=False, help_text=_("按顺序显示，最多 9 张，每张最大 10 MB；第一张在前")
    )

    #: The same page sent again writes no second notice.
    form_id = forms.UUIDField(required=False, widget=forms.HiddenInput, initial=uuid.uuid4)

    class Meta:
        model = Notice
        fields = (
            *("community", "title", "body", "roles", "buildings", "pinned"),
            *("publish_at", "expires_at", "by_group_message"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.published_at or self.instance.created_at:
            self.initial.setdefault("pictures", kept_pictures(self.instance))
        if self.instance.community_id:
            self._narrow()

    def _narrow(self) -> None:
        """Its community is fixed: only what is that one's is offered."""
        for name in {"roles", "buildings"} & self.fields.keys():
            field = self.fields[name]
            assert isinstance(field, forms.ModelMultipleChoiceField)
            rows: Any = field.queryset
            field.queryset = rows.filter(community=self.instance.community_id)
            vars(field)["label_from_instance"] = lambda row: row.name

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or self.cleaned_data
        kept = self.instance
        now = Notice(
            published_at=kept.published_at,
            publish_at=clean.get("publish_at", kept.publish_at),
            expires_at=clean.get("expires_at"),
        )
        if not self.errors.keys() & {"title", "body"}:
            self._ask(services.check_words, clean.get("title", ""), clean.get("body", ""))
        self._refuse_the_past(clean.get("publish_at"))
        if {"expires_at", "publish_at"} & {*self.changed_data}:
            self._ask(services.check_expiry, now, timezone.now())
        sent = Notice.objects.filter(hashed_id=clean.get("form_id"), hashed_id__isnull=False)
        if sent.exclude(title=clean.get("title", ""), body=clean.get("body", "")).exists():
            clean["form_id"] = None  # the browser's way back to a form that was sent, and other words now
        community = clean.get("community", getattr(kept, "community", None) if kept.community_id else None)
        for name in ("roles", "buildings"):
            if any(row.community_id != getattr(community, "pk", None) for row in clean.get(name, ())):
                self.add_error(name, forms.ValidationError(_("有的不属于这个小区"), code=FOREIGN))
        return clean

    def _refuse_the_past(self, moment: datetime | None) -> None:
        """A slip of the pen would go out to everybody at once; "now", chosen some minutes ago, is meant."""
        if "publish_at" in self.changed_data and moment is not None and moment < timezone.now() - JUST_NOW:
            self.add_error("publish_at", gettext("这个时间已经过去；要马上发布，请留空"))

    def _ask(self, check: Any, *values: Any) -> None:
        try:
            check(*values)
        except Invalid as refusal:
            for name, sentences in refusal.fields.items():
                self.add_error(name, sentences)
