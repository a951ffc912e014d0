"""Working hours, China's holidays, make-up days. Dates of 2026 by the State Council's notice for 2026."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.calendar import add_minutes, is_working_day
from accounts.hours import parse_span
from accounts.models import Community

ZONE = ZoneInfo("Asia/Shanghai")
#: A busy machine says nothing about the calendar.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
OFFICE = ["08:30-12:00", "13:30-18:00"]  # 480 minutes a day
FIRST, LAST = datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2027-06-01")
STARTS = st.datetimes(FIRST, LAST, timezones=st.just(ZONE))


def community(*hours: str, timezone: str = "Asia/Shanghai") -> Community:
    return Community(slug="c", name="C", timezone=timezone, working_hours=list(hours))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-03-02 09:00", 30, "2026-03-02 09:30"),  # a Monday
        ("2026-03-02 11:50", 20, "2026-03-02 13:40"),  # over lunch
        ("2026-03-02 07:00", 30, "2026-03-02 09:00"),  # before it opens
        ("2026-03-02 17:45", 30, "2026-03-03 08:45"),  # into the next day
        ("2026-03-06 18:00", 30, "2026-03-09 09:00"),  # over the weekend
        ("2026-03-02 08:30", 480, "2026-03-02 18:00"),  # a whole day ends when it closes
        ("2026-03-02 08:30", 481, "2026-03-03 08:31"),
        ("2026-09-30 17:50", 20, "2026-10-08 08:40"),  # over the National Day holiday
        ("2026-02-14 10:00", 60, "2026-02-14 11:00"),  # a Saturday that is worked, before Spring Festival
        ("2026-03-08 10:00", 0, "2026-03-08 10:00"),
    ],
)
def test_only_working_hours_count(start: str, minutes: int, end: str) -> None:
    assert add_minutes(community(*OFFICE), at(start), minutes, "working_hours") == at(end)


def test_a_clock_that_always_runs_ignores_the_hours() -> None:
    start = at("2026-03-07 23:00")
    assert add_minutes(community(*OFFICE), start, 90, "always") == at("2026-03-08 00:30")
    assert add_minutes(community(), start, 90, "working_hours") == at("2026-03-08 00:30")


def test_hours_are_the_communitys_own() -> None:
    urumqi = community("10:00-14:00", timezone="Asia/Urumqi")  # two hours behind Shanghai
    assert add_minutes(urumqi, at("2026-03-02 09:00"), 60, "working_hours") == at("2026-03-02 13:00")


def test_a_span_over_midnight_counts_into_the_next_day() -> None:
    night = community("22:00-06:00")
    assert add_minutes(night, at("2026-03-02 23:00"), 120, "working_hours") == at("2026-03-03 01:00")


def test_years_that_nobody_has_announced_go_by_the_weekday() -> None:
    assert is_working_day(date(2126, 10, 1))  # a Tuesday
    assert not is_working_day(date(2126, 10, 5))  # a Saturday


def test_absurd_minutes_still_give_a_date() -> None:
    start = at("2026-03-02 09:00")
    assert add_minutes(community("09:00-09:01"), start, 10_000_000, "working_hours") > start


@pytest.mark.parametrize("text", ["8:30-12:00", "08:30", "25:00-26:00", "08:30-24:30", "08:60-09:00", ""])
def test_a_span_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="08:30-12:00"):
        parse_span(text)


def test_a_day_may_end_at_midnight() -> None:
    assert parse_span("00:00-24:00") == (0, 1440)


@UNHURRIED
@given(start=STARTS, first=st.integers(0, 3000), second=st.integers(0, 3000))
def test_minutes_add_up(start: datetime, first: int, second: int) -> None:
    place = community(*OFFICE)
    step = add_minutes(place, add_minutes(place, start, first, "working_hours"), second, "working_hours")
    assert step == add_minutes(place, start, first + second, "working_hours")


@UNHURRIED
@given(start=STARTS, minutes=st.integers(1, 5000))
def test_a_deadline_is_never_outside_working_hours(start: datetime, minutes: int) -> None:
    end = add_minutes(community(*OFFICE), start, minutes, "working_hours")
    local = end.astimezone(ZONE)
    minute = local.hour * 60 + local.minute + local.second / 60 + local.microsecond / 60e6
    assert 510 < minute <= 720 or 810 < minute <= 1080
    assert is_working_day(local.date())
    assert end >= start.astimezone(UTC) + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "fields",
    [
        {"timezone": "Asia/Beijing"},
        {"working_hours": ["8:30-12"]},
        {"working_hours": ["22:00-06:00"]},
        {"working_hours": ["08:00-12:00", "11:00-13:00"]},
        {"working_hours": "08:00-12:00"},
    ],
)
def test_a_clock_that_nobody_can_read_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as refused:
        Community(**{"slug": "a", "name": "甲", "working_hours": ["08:30-24:00"], **fields}).clean_fields()
    assert list(refused.value.error_dict) == list(fields)
