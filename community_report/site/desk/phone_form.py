"""What is asked of somebody who telephones."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.models import Building, Community, Membership, RosterEntry
from accounts.services.roster import find_unit
from accounts.text import home_text
from community_report.core.errors import DomainError
from reports.models import Category, Report
from reports.services.submit import Caller

#: The field whose roster is searched: the back office's own search then looks into the person's communities alone.
ROSTER = Membership._meta.get_field("roster_entry")


class ResidentSelect(AutocompleteSelect):
    """Looks into the roster of one community."""

    def __init__(self, community: Community) -> None:
        super().__init__(ROSTER, admin.site)
        self.community = community

    def get_url(self) -> str:
        return f"{super().get_url()}?{urlencode({'community': self.community.slug})}"


def _line(label: Any, most: int, **options: Any) -> forms.CharField:
    widget = UnfoldAdminTextInputWidget({"autocomplete": "off"})
    return forms.CharField(label=label, max_length=most, required=False, widget=widget, **options)


class PhoneForm(forms.Form):
    """A report of a resident of `community` who telephones. `pictures`: how many came with it.

    `roster`: may the person look into it? Who is chosen there needs no name, phone and home.
    """

    hashed_id = forms.UUIDField(widget=forms.HiddenInput, error_messages={"invalid": _("编号无效")})
    resident = forms.ModelChoiceField(
        RosterEntry.objects.none(),
        label=_("名册里的业主"),
        required=False,
        help_text=_("按姓名、手机或房号查找；找到后不用再填下面的姓名、手机和房屋"),
        error_messages={"invalid_choice": _("这位业主不在这个小区的名册里")},
    )
    name = _line(_("来电人姓名"), 40)
    phone = _line(_("手机"), 20)
    building = forms.ModelChoiceField(
        Building.objects.none(), label=_("楼栋"), required=False, widget=UnfoldAdminSelectWidget(), empty_label="—"
    )
    unit = _line(_("单元"), 40)
    room = _line(_("房号"), 40)
    category = forms.ModelChoiceField(
        Category.objects.none(), label=_("信息分类"), to_field_name="slug", widget=UnfoldAdminSelectWidget()
    )
    description = forms.CharField(
        label=_("说了什么"), max_length=5000, required=False, widget=UnfoldAdminTextareaWidget({"rows": 4})
    )
    title = _line(_("标题"), 80, help_text=_("可不填，会取第一句话"))
    address = _line(_("地点"), 200, help_text=_("可不填，会用来电人的房屋"))

    def __init__(self, data: Any, *, community: Community, roster: bool, pictures: int) -> None:
        super().__init__(data, initial={"hashed_id": uuid.uuid4()})
        self.pictures = pictures
        self._choose("building", Building.objects.filter(community=community))
        self._choose("category", Category.objects.filter(community=community, active=True))
        if roster:
            self.fields["resident"].widget = ResidentSelect(community)
            found = RosterEntry.objects.filter(home__building__community=community)
            self._choose("resident", found.select_related("home__building"))
        else:
            del self.fields["resident"]

    def _choose(self, name: str, rows: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows

    def clean(self) -> dict[str, Any]:
        clean = self.cleaned_data
        if clean.get("resident") is None and "resident" not in self.errors:
            for name, words in (("name", gettext("请填写来电人的姓名")), ("phone", gettext("请填写来电人的手机"))):
                if not clean.get(name) and name not in self.errors:
                    self.add_error(name, words)
        self._check_unit(clean.get("building"), clean.get("unit", ""))
        if not (clean.get("title") or clean.get("description") or self.pictures):
            self.add_error("description", gettext("请写几个字，或附上图片"))
        return clean

    def _check_unit(self, building: Building | None, unit: str) -> None:
        """A slip of the pen would send staff to a door that is not there."""
        if building is not None and building.units and unit and find_unit(building, unit) is None:
            words = {"building": building.name, "units": "、".join(building.units)}
            self.add_error("unit", gettext("%(building)s没有这个单元；有：%(units)s") % words)

    def refuse(self, refused: DomainError) -> None:
        """What the service refuses stands at its field, else above."""
        named = {name: words for name, words in refused.fields.items() if name in self.fields}
        for name, words in named.items():
            self.add_error(name, words)
        if not named:
            self.add_error(None, refused.detail)

    def caller(self) -> Caller:
        """As the roster has them, or as typed."""
        clean = self.cleaned_data
        entry: RosterEntry | None = clean.get("resident")
        if entry is not None:
            return Caller(entry.name, entry.phone, entry.home.as_dict())
        building: Building | None = clean["building"]
        home = {"building": building.name if building else "", "unit": clean["unit"], "room": clean["room"]}
        return Caller(clean["name"], clean["phone"], home if any(home.values()) else None)

    def as_report(self, community: Community) -> Report:
        """Not to be saved: to look for others like it."""
        clean, home = self.cleaned_data, self.caller().home or {}
        return Report(
            community=community,
            category=clean["category"],
            title=clean["title"],
            description=clean["description"],
            address=clean["address"] or home_text(home),
        )
