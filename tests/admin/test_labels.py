"""Every field of the back office has a name in Chinese, on its page, in its list and beside its inline rows."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten, flatten_fieldsets, label_for_field
from django.test import RequestFactory
from django.utils import translation

from accounts.models import Membership, User
from accounts.policies import standing_of
from dispatch.models import Delivery, Outbox
from tests.admin.test_admin import client_of
from tests.factories import Cast

OURS = ("accounts", "dispatch", "notices", "reports")
#: A field that is only looked at, and what it shows.
SHOWN = re.compile(r'<label[^>]*>([^<]+)</label>\s*</div>\s*<div[^>]*>\s*<div class="readonly[^"]*">([^<]*)<')
#: Names that are the same in both languages.
SAME = {"OpenID", "ID"}
PAGES = [pair for pair in admin.site._registry.items() if pair[0]._meta.app_label in OURS]


def named(page: Any, request: Any, row: Any) -> set[str]:
    """The fields that somebody who opens the row or the list is shown; a form's own are named by the form."""
    columns = page.get_list_display(request) if hasattr(page, "get_list_display") else ()
    shown = {*flatten(flatten_fieldsets(page.get_fieldsets(request, row))), *columns}
    return shown - {"__str__"} - set(page.form.declared_fields)


@pytest.mark.parametrize(("model", "page"), PAGES, ids=[model._meta.label for model, _page in PAGES])
def test_every_field_has_a_name_in_chinese(db: None, model: Any, page: Any) -> None:
    request: Any = RequestFactory().get("/admin/")
    request.user = User(is_superuser=True)
    request.standing = standing_of(request.user)
    row = model()
    with translation.override("zh-hans"):
        labels = {
            f"{type(one).__name__}.{name}": label_for_field(name, one.model, one)
            for one in (page, *page.get_inline_instances(request, row))
            for name in named(one, request, row)
        }
    assert {name: words for name, words in labels.items() if str(words).isascii() and words not in SAME} == {}


@pytest.mark.filterwarnings("error::django.core.paginator.UnorderedObjectListWarning")
def test_people_are_offered_in_the_order_of_their_names(cast: Cast) -> None:
    page = "/admin/autocomplete/?app_label=accounts&model_name=shift&field_name=user&term=1380000000"
    offered = [person["text"] for person in client_of(cast.manager).get(page).json()["results"]]
    named = User.objects.filter(phone__startswith="1380000000").exclude(pk=cast.other_manager.pk)
    assert offered == list(named.order_by("display_name").values_list("display_name", flat=True))


def test_a_binding_is_shown_without_what_only_machines_read(cast: Cast) -> None:
    """The home that somebody states in words, and duty of those alone who have one."""
    client = client_of(cast.manager)
    stated = {"building": "8幢", "unit": "", "room": "101"}
    Membership.objects.filter(user=cast.neighbour).update(status="pending", home=None, stated_home=stated)
    for person, home, duty in ((cast.neighbour, "自称：8幢 101", "—"), (cast.cleaner, "—", "在岗")):
        row = Membership.objects.get(user=person)
        page = client.get(f"/admin/accounts/membership/{row.pk}/change/").content.decode()
        shown = dict(SHOWN.findall(page))
        assert (shown["房屋"], shown["在岗"]) == (home, duty)
        assert "&quot;building&quot;" not in page


@pytest.mark.parametrize(("status", "offered"), [("dead", True), ("skipped", True), ("delivered", False)])
def test_a_message_that_was_given_up_can_be_sent_again_from_its_page(cast: Cast, status: str, offered: bool) -> None:
    report = cast.report()
    box = Outbox.objects.filter(report=report).first()
    assert box is not None
    about = {"outbox": box, "kind": "new_report", "report": report, "community": cast.community, "status": status}
    row = Delivery.objects.create(user=cast.cleaner, text="x", path="/", due_at=box.created_at, **about)
    page = client_of(cast.manager).get(f"/admin/dispatch/delivery/{row.pk}/change/").content.decode()
    assert ('name="action" value="send_again"' in page) == offered
    assert "新报单 → 张师傅" in page
