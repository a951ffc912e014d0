"""Templates in the back office: checked before they are stored, and shown as they would look."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.services.login import SESSION_BACKEND
from dispatch.kinds import Kind
from dispatch.models import SubscriptionTemplate, Template
from dispatch.services.templates import preview
from dispatch.values import VALUES

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client: Client) -> Client:
    root = User.objects.create(display_name="root", is_superuser=True)
    client.force_login(root, backend=SESSION_BACKEND)
    return client


def store(office: Client, model: str, fields: Any, **changes: str) -> Any:
    data = {"kind": "claimed", "template_id": "TPL-12345", "fields": json.dumps(fields), **changes}
    return office.post(f"/admin/dispatch/{model}/add/", data)


@pytest.mark.parametrize(("name", "model"), [("template", Template), ("subscriptiontemplate", SubscriptionTemplate)])
def test_a_good_one_is_stored_and_previewed(office: Client, name: str, model: Any) -> None:
    fields = {"thing1": "title", "phrase2": "status", "character_string3": "number"}
    assert store(office, name, fields).status_code == 302
    stored = model.objects.get()
    assert stored.fields == fields
    page = office.get(f"/admin/dispatch/{name}/{stored.pk}/change/").content.decode()
    assert "thing1：六幢一单元楼道灯不亮，晚上上楼看不见路" in page
    assert "phrase2：待处理" in page
    assert "character_string3：261123-0001" in page


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"keyword1": "title"}, "no such field"),
        ({"thing": "title"}, "no such field"),
        ({"thing1": "score"}, "has no value"),
        ({"time1": "title"}, "cannot hold title"),
        ({"thing1": ["title"]}, "has no value"),
        (["thing1"], "must be a table"),
    ],
)
def test_what_wechat_would_refuse_is_refused(office: Client, fields: Any, problem: str) -> None:
    answer = store(office, "template", fields)
    assert answer.status_code == 200
    assert problem in answer.content.decode()
    assert not Template.objects.exists()


def test_an_id_that_is_none_is_refused(office: Client) -> None:
    assert "id as WeChat shows it" in store(office, "template", {"thing1": "title"}, template_id="a b").content.decode()


def test_one_that_was_stored_past_the_form_can_be_opened(office: Client) -> None:
    stored = Template.objects.create(kind="claimed", template_id="T", fields={"nothing": 1})
    assert office.get(f"/admin/dispatch/template/{stored.pk}/change/").status_code == 200


def test_it_is_previewed_without_being_stored(office: Client) -> None:
    page = store(office, "template", {"thing1": "title", "phone_number2": "number"}, _preview="").content.decode()
    assert "这是预览，还没有保存" in page
    assert "thing1：六幢一单元楼道灯不亮，晚上上楼看不见路" in page
    assert "phone_number2：261123-0001" in page
    assert not Template.objects.exists()
    assert "has no value" in store(office, "template", {"thing1": "score"}, _preview="").content.decode()


@pytest.mark.parametrize("kind", Kind.values)
def test_there_is_a_sample_of_everything(kind: str) -> None:
    things = {f"thing{number}": name for number, name in enumerate(VALUES[kind], 1)}
    shown = preview(kind, things)
    assert shown.keys() == things.keys()
    assert all(0 < len(value) <= 20 and value != "无" for value in shown.values())
