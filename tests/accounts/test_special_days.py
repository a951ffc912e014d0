"""The back office's table of days: before the published calendar, read once for a deadline."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.calendar import _is_announced, add_minutes, next_working_days
from accounts.models import Community, SpecialDay, User
from dispatch.services.doctor import _holidays
from tests.factories import Cast

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def community() -> Community:
    return Community.objects.create(slug="c", name="C", working_hours=["08:30-12:00", "13:30-18:00"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def special(day: str, *, working: bool, community: Community | None = None) -> SpecialDay:
    return SpecialDay.objects.create(community=community, day=date.fromisoformat(day), working=working)


def half_past(community: Community, start: str) -> datetime:
    return add_minutes(community, at(start), 30, "working_hours")


def test_a_day_off_that_no_calendar_knows(community: Community) -> None:
    special("2026-03-02", working=False)  # a Monday
    assert half_past(community, "2026-03-02 09:00") == at("2026-03-03 09:00")


def test_a_weekend_that_is_worked(community: Community) -> None:
    special("2026-03-07", working=True)  # a Saturday
    assert half_past(community, "2026-03-06 18:00") == at("2026-03-07 09:00")


def test_the_communitys_own_word_goes_first(community: Community) -> None:
    special("2026-03-02", working=False)
    special("2026-03-02", working=True, community=community)
    assert half_past(community, "2026-03-02 09:00") == at("2026-03-02 09:30")


def test_another_communitys_day_is_its_own(community: Community) -> None:
    other = Community.objects.create(slug="d", name="D")
    special("2026-03-02", working=False, community=other)
    assert half_past(community, "2026-03-02 09:00") == at("2026-03-02 09:30")


def test_the_table_is_read_once(community: Community, django_assert_num_queries: Any) -> None:
    for day in range(2, 28):
        special(f"2026-03-{day:02}", working=False)
    with django_assert_num_queries(1):
        assert half_past(community, "2026-03-02 09:00") == at("2026-03-30 09:00")  # the 28th and 29th are a weekend
    with django_assert_num_queries(0):
        add_minutes(community, at("2026-03-02 09:00"), 30, "always")


def test_the_next_working_days_keep_the_time_of_day(community: Community) -> None:
    special("2026-03-09", working=False)
    days = next_working_days(community, at("2026-03-06 21:15"))  # a Friday
    assert [next(days), next(days)] == [at("2026-03-10 21:15"), at("2026-03-11 21:15")]


def test_a_day_is_entered_once(community: Community) -> None:
    special("2026-03-02", working=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        special("2026-03-02", working=True)
    assert special("2026-03-02", working=True, community=community).pk


def test_a_manager_enters_days_of_the_own_community_only(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.manager, backend="accounts.auth.ManagerBackend")
    for community in ("", cast.other_community.pk, cast.community.pk):
        client.post("/admin/accounts/specialday/add/", {"community": community, "day": "2026-12-31", "note": "停水"})
    assert [row.community for row in SpecialDay.objects.all()] == [cast.community]


def test_days_of_all_communities_are_for_who_manages_all(db: None) -> None:
    client = Client()
    client.force_login(
        User.objects.create_superuser("root", "long enough a password"), backend="accounts.auth.ManagerBackend"
    )
    client.post("/admin/accounts/specialday/add/", {"community": "", "day": "2026-12-31", "working": "on"})
    row = SpecialDay.objects.get()
    assert (row.community, row.working, str(row)) == (None, True, "2026-12-31 上班")


@pytest.mark.parametrize(
    ("today", "year"),
    [("2026-11-29", None), ("2026-12-01", 2027), ("2027-03-01", 2027), ("2027-12-24", 2027)],
)
def test_a_year_whose_holidays_nobody_knows_is_named_from_december_on(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, today: str, year: int | None
) -> None:
    monkeypatch.setattr("accounts.calendar._is_announced", lambda year: year <= 2026)
    with time_machine.travel(f"{today}T12:00:00+08:00"):
        client = Client()
        client.force_login(cast.manager, backend="accounts.auth.ManagerBackend")
        words = f"{year} 年的节假日还不知道"
        for page in ("/admin/", "/admin/accounts/specialday/"):
            assert (words in client.get(page).content.decode()) == (year is not None)
        assert (_holidays().status, str(year) in _holidays().detail) == (("warning", True) if year else ("ok", False))
        if year:
            special(f"{year}-02-06", working=False, community=cast.other_community)
            assert words in client.get("/admin/").content.decode()
            special(f"{year}-02-06", working=False, community=cast.community)
            assert words not in client.get("/admin/").content.decode()


def test_what_the_package_knows() -> None:
    assert [_is_announced(year) for year in (2024, 2026, 2300)] == [True, True, False]


def test_a_manager_of_one_community_has_it_chosen_and_reads_nothing_of_all(cast: Cast) -> None:
    client, add = Client(), "/admin/accounts/specialday/add/"
    client.force_login(cast.manager, backend="accounts.auth.ManagerBackend")
    field = client.get(add).context["adminform"].form.fields["community"]
    assert (field.initial, field.required, field.help_text) == (cast.community, True, "")
    client.force_login(User.objects.create_superuser("root"), backend="accounts.auth.ManagerBackend")
    field = client.get(add).context["adminform"].form.fields["community"]
    assert (field.initial, field.required, str(field.help_text)) == (None, False, "留空表示所有小区")
