"""The community file: checked whole, applied once, never deleting."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Building, Community, Role
from accounts.policies import PERMISSIONS_OF_KIND
from reports.models import Category, Tag

FILE = """
[community]
slug = "lanting"
name = "兰亭苑"
auto_confirm_days = 5
working_hours = ["08:30-12:00", "13:30-18:00"]

[[buildings]]
name = "6幢"
units = ["1单元", "2单元"]

[[roles]]
slug = "cleaner"
name = "保洁员"

[[tags]]
slug = "cleaning"
name = "卫生清理"
roles = ["cleaner"]

[[categories]]
slug = "hygiene"
name = "卫生保洁"
tags = ["cleaning"]
claim_minutes = 20
urgent = true
clock = "working_hours"

[[categories]]
slug = "lost"
name = "失物招领"
public = true
claimable = false
"""

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "community.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def run(path: Path) -> str:
    out = StringIO()
    call_command("setup_community", str(path), stdout=out)
    return out.getvalue()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_community_is_made(file: Path) -> None:
    run(file)
    community = Community.objects.get(slug="lanting")
    assert (community.auto_confirm_days, community.reopen_days, community.timezone) == (5, 15, "Asia/Shanghai")
    assert community.buildings.get().units == ["1单元", "2单元"]
    roles = {role.slug: role.kind for role in Role.objects.filter(community=community)}
    assert roles == {"resident": "resident", "manager": "manager", "cleaner": "staff"}
    hygiene, lost = Category.objects.filter(community=community)
    assert (hygiene.slug, hygiene.claim_minutes, hygiene.resolve_minutes, hygiene.urgent) == ("hygiene", 20, 1440, True)
    assert [role.slug for tag in hygiene.tags.all() for role in tag.roles.all()] == ["cleaner"]
    assert (lost.public, lost.claimable, list(lost.tags.all())) == (True, False, [])


def test_roles_come_with_their_permissions(file: Path) -> None:
    run(file)
    for role in Role.objects.filter(community__slug="lanting"):
        held = role.group.groupobjectpermission_set.values_list("permission__codename", flat=True)
        assert sorted(held) == sorted(PERMISSIONS_OF_KIND[role.kind])


def test_a_second_run_changes_nothing(file: Path) -> None:
    first = run(file)
    assert "category hygiene: added" in first
    assert run(file) == "lanting: nothing changed\n"


def test_it_says_what_it_changed(file: Path) -> None:
    run(file)
    edit(file, "claim_minutes = 20", "claim_minutes = 45")
    edit(file, 'name = "保洁员"', 'name = "保洁"')
    edit(file, 'tags = ["cleaning"]', "tags = []")
    printed = run(file).splitlines()
    assert printed == [
        "role cleaner: name '保洁员' → '保洁'",
        "category hygiene: claim_minutes 20 → 45",
        "category hygiene: tags cleaning → none",
        "lanting: 3 changed",
    ]


def test_what_the_file_leaves_out_stays_and_is_named(file: Path) -> None:
    run(file)
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("[[buildings]]")], encoding="utf-8")
    printed = run(file)
    for kept in ("building 6幢", "role cleaner", "tag cleaning", "category hygiene", "category lost"):
        assert f"{kept}: not in the file, kept as it is" in printed
    assert "nothing changed" in printed
    assert (Building.objects.count(), Tag.objects.count(), Category.objects.count()) == (1, 1, 2)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('slug = "lanting"', 'slug = "lanting', "line 3"),
        ('slug = "lanting"', 'slug = "Lan ting"', "community.slug: must be made of"),
        ('slug = "lanting"\n', "", "community.slug: is missing"),
        ("auto_confirm_days = 5", "auto_confirm_day = 5", "community.auto_confirm_day: unknown key"),
        ("auto_confirm_days = 5", 'auto_confirm_days = "5"', "community.auto_confirm_days: must be a whole number"),
        ("auto_confirm_days = 5", 'timezone = "Asia/Shangri-La"', "community.timezone: .* is no time zone"),
        ("08:30-12:00", "8:30-12:00", "community.working_hours: .* is not like"),
        ("08:30-12:00", "08:30-14:00", "community.working_hours: two spans overlap"),
        ("13:30-18:00", "18:00-13:30", "community.working_hours: a span ends after it starts"),
        ("[community]", "[[community]]", "community: the table"),
        ("[[buildings]]", "[buildings]", "buildings: must be written as"),
        ("[[buildings]]", "[[building]]", "building: unknown key"),
        ('units = ["1单元", "2单元"]', "", r"buildings\[1\].units: is missing"),
        ('units = ["1单元", "2单元"]', 'units = ["1", 2]', r"buildings\[1\].units: must be a text"),
        ('units = ["1单元", "2单元"]', 'units = ["1", "1"]', r"buildings\[1\].units: names something twice"),
        ('roles = ["cleaner"]', 'roles = ["plumber"]', r"tags\[1\].roles: there is no role 'plumber'"),
        ('tags = ["cleaning"]', 'tags = ["leak"]', r"categories\[1\].tags: there is no tag 'leak'"),
        ('slug = "lost"', 'slug = "hygiene"', r"categories\[2\].slug: 'hygiene' is there twice"),
        ("claim_minutes = 20", "claim_minutes = -1", r"categories\[1\].claim_minutes: must be a whole number"),
        ("claim_minutes = 20", "claim_minutes = true", r"categories\[1\].claim_minutes: must be a whole number"),
        ('clock = "working_hours"', 'clock = "office"', r"categories\[1\].clock: must be"),
        ("public = true", "public = 1", r"categories\[2\].public: must be true or false"),
        ('name = "失物招领"', 'name = " "', r"categories\[2\].name: must be a text"),
    ],
)
def test_an_error_names_its_place_and_changes_nothing(file: Path, old: str, new: str, why: str) -> None:
    edit(file, old, new)
    with pytest.raises(CommandError, match=why):
        run(file)
    assert not Community.objects.exists()


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        run(tmp_path / "none.toml")
    path = tmp_path / "gbk.toml"
    path.write_bytes(FILE.encode("gb18030"))
    with pytest.raises(CommandError, match="not in UTF-8"):
        run(path)


def test_built_in_roles_may_be_renamed_and_led_to(file: Path) -> None:
    run(file)
    cleaner, manager = '[[roles]]\nslug = "cleaner"', '[[roles]]\nslug = "manager"\nname = "物业"'
    edit(file, cleaner, f"{manager}\n\n{cleaner}")
    edit(file, 'roles = ["cleaner"]', 'roles = ["cleaner", "manager"]')
    run(file)
    assert Role.objects.get(community__slug="lanting", slug="manager").name == "物业"
    assert Tag.objects.get(slug="cleaning").roles.count() == 2
    assert "nothing changed" in run(file)


def test_a_byte_order_mark_does_no_harm(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + FILE.encode())
    assert "community lanting: added" in run(file)
