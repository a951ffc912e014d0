"""What was mistyped is deleted where nothing refers to it; else the page says what stands against it."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.contrib.messages import get_messages

from accounts.models import Building, Home, Record, Role
from accounts.services.communities import ensure_role
from reports.models import Category, Tag
from tests.admin.test_admin import client_of
from tests.factories import Cast, make_home, role_of

pytestmark = pytest.mark.django_db


def delete(who: Any, row: Any) -> str:
    """What the page says of it."""
    meta = row._meta
    answer = client_of(who).post(f"/admin/{meta.app_label}/{meta.model_name}/{row.pk}/delete/", {"post": "yes"})
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def mistyped(cast: Cast) -> list[Any]:
    there, role = cast.community, ensure_role(cast.community, slug="gardner", name="园丁", kind="staff")
    tag = Tag.objects.create(community=there, slug="gras", name="草坪")
    tag.roles.add(role_of(there, "cleaner"))
    category = Category.objects.create(community=there, slug="gren", name="绿化")
    category.tags.add(Tag.objects.get(community=there, slug="leak"))
    building = Building.objects.create(community=there, name="66幢")
    return [building, make_home(there, room="4011"), tag, role, category]


def test_what_nothing_refers_to_is_deleted_and_recorded(cast: Cast) -> None:
    rows = mistyped(cast)
    for row in rows:
        name = str(row)
        assert "删除" in delete(cast.manager, row)
        assert not type(row).objects.filter(pk=row.pk).exists(), name
        record = Record.objects.filter(action="admin_delete", community=cast.community, actor=cast.manager)
        assert record.filter(subject__endswith=name).count() == 1, name
    assert not Group.objects.filter(name__endswith=":gardner").exists()


def test_another_manager_deletes_nothing(cast: Cast) -> None:
    for row in mistyped(cast):
        delete(cast.other_manager, row)
        assert type(row).objects.filter(pk=row.pk).exists()


def test_what_is_used_stays_and_the_page_says_why(cast: Cast) -> None:
    cast.report()
    home = Home.objects.get(room="401")
    for row, words in (
        (home.building, "房屋（2）"),
        (home, "报单（1）、业主名册（1）、绑定（1）"),
        (Tag.objects.get(community=cast.community, slug="cleaning"), "信息分类（1）"),
        (role_of(cast.community, "cleaner"), "绑定（2）"),
        (Category.objects.get(community=cast.community, slug="hygiene"), "报单（1）"),
    ):
        said = delete(cast.manager, row)
        assert f"“{row}”还在使用，不能删除" in said
        assert words in said
        assert type(row).objects.filter(pk=row.pk).exists()
    assert not Record.objects.filter(action="admin_delete").exists()


def test_the_roles_of_every_community_stay(cast: Cast) -> None:
    for slug in ("resident", "manager"):
        role = role_of(cast.other_community, slug)
        delete(cast.other_manager, role)
        assert Role.objects.filter(pk=role.pk).exists()


def test_of_several_all_go_or_none(cast: Cast) -> None:
    used, spare = Home.objects.get(room="401"), [make_home(cast.community, room=room) for room in ("9", "10")]

    def post(*rows: Home) -> None:
        sent = {"action": "delete_selected", "_selected_action": [str(row.pk) for row in rows], "post": "yes"}
        client_of(cast.manager).post("/admin/accounts/home/", sent)

    post(used, *spare)
    assert Home.objects.filter(pk__in=[row.pk for row in (used, *spare)]).count() == 3
    post(*spare)
    assert not Home.objects.filter(pk__in=[row.pk for row in spare]).exists()


def test_a_key_is_fixed_once_it_is_made(cast: Cast) -> None:
    client = client_of(cast.manager)
    for model in (Category, Tag):
        row = model.objects.filter(community=cast.community).first()
        assert row is not None
        address = f"/admin/reports/{model._meta.model_name}/"
        assert 'name="slug"' in client.get(f"{address}add/").content.decode()
        assert 'name="slug"' not in client.get(f"{address}{row.pk}/change/").content.decode()
        sent = {"slug": "other", "name": "新名", "claim_minutes": 1, "resolve_minutes": 1, "lease_minutes": 0,
                "clock": "always", "position": 0}  # fmt: skip
        client.post(f"{address}{row.pk}/change/", sent)
        slug = row.slug
        row.refresh_from_db()
        assert (row.name, row.slug) == ("新名", slug)
