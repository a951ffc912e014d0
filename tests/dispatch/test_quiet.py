"""Quiet hours on the community's clock."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import Community
from dispatch.services.quiet import quiet_until

SHANGHAI = Community(slug="a", name="a", timezone="Asia/Shanghai")  # UTC+8, no summer time
LISBON = Community(slug="b", name="b", timezone="Europe/Lisbon")


def at(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "now", "expected"),
    [
        (["22:00", "07:00"], at(13, 59), None),  # 21:59
        (["22:00", "07:00"], at(14, 0), at(23, 0)),  # 22:00, until 07:00 tomorrow
        (["22:00", "07:00"], at(17, 0), at(23, 0)),  # 01:00, until 07:00 the same day
        (["22:00", "07:00"], at(23, 0), None),  # 07:00
        (["12:00", "14:00"], at(5, 30), at(6, 0)),  # 13:30
        (["12:00", "14:00"], at(6, 0), None),  # 14:00
        (["08:00", "08:00"], at(0, 0), None),
        (None, at(17, 0), None),
        ([], at(17, 0), None),
        (["25:00", "07:00"], at(17, 0), None),
        (["22:00"], at(17, 0), None),
        ("22:00-07:00", at(17, 0), None),
    ],
)
def test_spans(hours: Any, now: datetime, expected: datetime | None) -> None:
    assert quiet_until(hours, SHANGHAI, now) == expected


def test_each_community_has_its_own_clock() -> None:
    assert quiet_until(["22:00", "07:00"], LISBON, at(17, 0)) is None  # 17:00 there
    assert quiet_until(["22:00", "07:00"], LISBON, at(23, 0)) == at(7, 0, day=24)


def test_without_a_community_the_project_s_clock_counts() -> None:
    assert quiet_until(["22:00", "07:00"], None, at(17, 0)) == at(23, 0)
