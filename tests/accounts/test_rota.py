"""Who is on duty: the person's switch, and the role's weekly rota where they stand in it."""

import re
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import Membership, Record, Shift, User
from tests.conftest import ApiClient
from tests.dispatch.ledger import skipped, told
from tests.factories import Cast, bind, role_of
from tests.pages.opening import open_page

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY, SUNDAY = Shift.Weekday.MONDAY, Shift.Weekday.SUNDAY


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def shift(cast: Cast, user: User, weekday: int, starts: str, ends: str, role: str = "cleaner") -> Shift:
    return Shift.objects.create(
        role=role_of(cast.community, role),
        user=user,
        weekday=weekday,
        starts=time.fromisoformat(starts),
        ends=time.fromisoformat(ends),
    )


def on_duty(cast: Cast, now: datetime) -> set[str]:
    rows = Membership.objects.on_duty(now).filter(role=role_of(cast.community, "cleaner"))
    return {row.user.display_name for row in rows}


@pytest.mark.parametrize(
    ("starts", "ends", "moment", "on"),
    [
        ("08:00", "17:00", "2026-11-23 08:00", True),  # a Monday
        ("08:00", "17:00", "2026-11-23 16:59", True),
        ("08:00", "17:00", "2026-11-23 07:59", False),
        ("08:00", "17:00", "2026-11-23 17:00", False),
        ("08:00", "17:00", "2026-11-24 09:00", False),
        ("22:00", "06:00", "2026-11-23 23:30", True),
        ("22:00", "06:00", "2026-11-24 05:59", True),
        ("22:00", "06:00", "2026-11-24 06:00", False),
        ("22:00", "06:00", "2026-11-23 05:00", False),  # that was Sunday's night
        ("22:00", "06:00", "2026-11-23 21:59", False),
        ("18:00", "00:00", "2026-11-23 23:59", True),
        ("18:00", "00:00", "2026-11-24 00:00", False),
        ("08:00", "08:00", "2026-11-24 07:59", True),
        ("08:00", "08:00", "2026-11-24 08:00", False),
    ],
)
def test_a_shift_is_from_its_start_to_its_end(cast: Cast, starts: str, ends: str, moment: str, on: bool) -> None:
    shift(cast, cast.cleaner, MONDAY, starts, ends)
    assert ("张师傅" in on_duty(cast, at(moment))) is on
    assert "赵师傅" in on_duty(cast, at(moment))  # who has no rota goes by the switch


def test_the_night_from_sunday_to_monday(cast: Cast) -> None:
    shift(cast, cast.cleaner, SUNDAY, "22:00", "06:00")
    assert "张师傅" in on_duty(cast, at("2026-11-23 05:00"))
    assert "张师傅" not in on_duty(cast, at("2026-11-23 22:30"))


def test_the_switch_goes_before_the_rota(cast: Cast) -> None:
    shift(cast, cast.cleaner, MONDAY, "08:00", "17:00")
    Membership.objects.filter(user=cast.cleaner).update(on_duty=False)
    assert on_duty(cast, at("2026-11-23 09:00")) == {"赵师傅"}


def test_the_clock_is_the_communitys(cast: Cast) -> None:
    shift(cast, cast.cleaner, MONDAY, "08:00", "17:00")
    type(cast.community).objects.filter(pk=cast.community.pk).update(timezone="Asia/Urumqi")  # two hours behind
    assert "张师傅" not in on_duty(cast, at("2026-11-23 09:00"))
    assert "张师傅" in on_duty(cast, datetime(2026, 11, 23, 10, 30, tzinfo=UTC))


def test_a_rota_of_one_role_says_nothing_of_another(cast: Cast) -> None:
    bind(cast.cleaner, role_of(cast.community, "plumber"))
    shift(cast, cast.cleaner, MONDAY, "08:00", "17:00", role="plumber")
    assert "张师傅" in on_duty(cast, at("2026-11-24 09:00"))


def test_who_is_gone_is_not_on_duty(cast: Cast) -> None:
    shift(cast, cast.cleaner, MONDAY, "08:00", "17:00")
    Membership.objects.filter(user=cast.cleaner).update(status=Membership.Status.REVOKED)
    assert on_duty(cast, at("2026-11-23 09:00")) == {"赵师傅"}


def test_new_reports_go_to_who_the_rota_says(cast: Cast) -> None:
    shift(cast, cast.cleaner, MONDAY, "08:00", "17:00")
    shift(cast, cast.cleaner2, MONDAY, "17:00", "08:00")
    with time_machine.travel(at("2026-11-23 10:00"), tick=False):
        cast.report()
        assert told() == {"new_report": {"张师傅"}}
        assert skipped() == {"赵师傅": "off_duty"}


def test_a_gap_in_the_rota_swallows_no_report(cast: Cast) -> None:
    for person in (cast.cleaner, cast.cleaner2):
        shift(cast, person, MONDAY, "08:00", "17:00")
    with time_machine.travel(at("2026-11-24 10:00"), tick=False):
        cast.report()
        assert told() == {"new_report": {"张师傅", "赵师傅"}}


def test_the_pages_and_the_api_say_it_as_the_rota_does(cast: Cast) -> None:
    shift(cast, cast.cleaner, MONDAY, "08:00", "17:00")
    with time_machine.travel(at("2026-11-24 10:00"), tick=False):
        own = open_page(cast.cleaner, "work").words
        assert "按排班现在不当班" in own
        assert "也在岗：赵师傅" in own
        assert "现在没有其他同事在岗" in open_page(cast.cleaner2, "work").words
        assert "您现在不在岗" in open_page(cast.cleaner, "").words
        _status, body = ApiClient(cast.manager).get("people?community=fuchen&role=cleaner")
    assert {row["user"]["display_name"]: row["on_duty"] for row in body["results"]} == {"张师傅": False, "赵师傅": True}


def test_one_query_whatever_the_number_of_shifts(cast: Cast, django_assert_num_queries: Any) -> None:
    for day in Shift.Weekday.values:
        shift(cast, cast.cleaner, day, "08:00", "17:00")
    with django_assert_num_queries(1):
        names = list(Membership.objects.on_duty(at("2026-11-23 09:00")).values_list("user__display_name", flat=True))
    assert "张师傅" in names


def test_only_who_holds_a_staff_role_stands_in_its_rota(cast: Cast) -> None:
    stranger = Shift(
        role=role_of(cast.community, "cleaner"), user=cast.plumber, weekday=1, starts=time(8), ends=time(17)
    )
    with pytest.raises(ValidationError, match="没有这个工作角色"):
        stranger.full_clean()


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="accounts.auth.ManagerBackend")
    return client


def written(cast: Cast, person: User, weekdays: list[int], starts: str, ends: str) -> str:
    """What the page says where it writes nothing; "" where it has."""
    sent = {
        "role": role_of(cast.community, "cleaner").pk,
        "user": str(cast.cleaner.pk),
        "weekdays": [str(day) for day in weekdays],
        "starts": starts,
        "ends": ends,
    }
    answer = client_of(person).post("/admin/accounts/shift/add/", sent)
    return "" if answer.status_code == 302 else answer.content.decode()


def test_a_manager_writes_the_own_communitys_rota(cast: Cast) -> None:
    assert written(cast, cast.other_manager, [1], "22:00", "06:00")
    assert not Shift.objects.exists()
    assert written(cast, cast.manager, [1], "22:00", "06:00") == ""
    assert str(Shift.objects.get()) == "张师傅 星期一 22:00-06:00"


def test_several_weekdays_are_written_at_once(cast: Cast) -> None:
    assert "必填" in written(cast, cast.manager, [], "08:00", "17:00")
    assert written(cast, cast.manager, [1, 2, 3, 4, 5], "08:00", "17:00") == ""
    assert list(Shift.objects.values_list("weekday", flat=True)) == [1, 2, 3, 4, 5]
    assert Record.objects.filter(action="admin_add", actor=cast.manager, community=cast.community).count() == 5


def test_of_several_weekdays_none_is_written_where_one_overlaps(cast: Cast) -> None:
    shift(cast, cast.cleaner, 3, "12:00", "20:00")
    said = written(cast, cast.manager, [1, 2, 3], "08:00", "17:00")
    assert "星期三这一班和已有的“张师傅 星期三 12:00-20:00”时间重叠" in said
    assert Shift.objects.count() == 1


@pytest.mark.parametrize(
    ("weekday", "starts", "ends", "allowed"),
    [
        (1, "08:00", "10:00", True),
        (1, "17:00", "22:00", True),
        (1, "09:00", "11:00", False),
        (1, "11:00", "12:00", False),
        (1, "16:59", "20:00", False),
        (7, "22:00", "10:00", True),  # into Monday
        (7, "22:00", "10:01", False),
        (2, "10:00", "17:00", True),
        (1, "20:00", "19:00", False),  # into Tuesday's night, which begins on Tuesday at 18:00
        (1, "20:00", "18:00", True),
    ],
)
def test_one_person_stands_in_a_roles_rota_once_at_a_time(
    cast: Cast, weekday: int, starts: str, ends: str, allowed: bool
) -> None:
    shift(cast, cast.cleaner, MONDAY, "10:00", "17:00")
    shift(cast, cast.cleaner, 2, "18:00", "06:00")
    shift(cast, cast.cleaner2, weekday, starts, ends)
    assert (written(cast, cast.manager, [weekday], starts, ends) == "") is allowed


def test_a_shift_does_not_stand_in_its_own_way(cast: Cast) -> None:
    own = shift(cast, cast.cleaner, MONDAY, "08:00", "17:00")
    sent = {"role": own.role_id, "user": str(own.user_id), "weekday": "1", "starts": "09:00", "ends": "18:00"}
    address = f"/admin/accounts/shift/{own.pk}/change/"
    assert client_of(cast.manager).post(address, sent).status_code == 302
    shift(cast, cast.cleaner, 2, "08:00", "17:00")
    assert "时间重叠" in client_of(cast.manager).post(address, {**sent, "weekday": "2"}).content.decode()


def test_the_week_stands_above_the_list(cast: Cast) -> None:
    night = shift(cast, cast.cleaner, SUNDAY, "22:00", "06:00")
    page = client_of(cast.manager).get("/admin/accounts/shift/").content.decode()
    week = page.partition('class="desk-week"')[2].partition("</table>")[0]
    assert week.count("<tr>") == 4  # the head, two cleaners, a plumber
    assert f'/shift/{night.pk}/change/">22:00–06:00' in week
    assert "次日" in week
    assert f"?role={night.role_id}&amp;user={cast.cleaner.pk}&amp;weekdays=1" in week
    assert week.count("没有排班") == 2
    plumbers = role_of(cast.community, "plumber").pk
    page = client_of(cast.manager).get(f"/admin/accounts/shift/?role__id__exact={plumbers}").content.decode()
    assert "孙师傅" in page.partition('class="desk-week"')[2]
    assert "赵师傅" not in page.partition('class="desk-week"')[2].partition("</table>")[0]
    assert "张师傅" not in client_of(cast.other_manager).get("/admin/accounts/shift/").content.decode()


def test_an_empty_day_of_the_week_leads_to_a_form_for_it(cast: Cast) -> None:
    query = {"role": role_of(cast.community, "cleaner").pk, "user": str(cast.cleaner.pk), "weekdays": "4"}
    page = client_of(cast.manager).get("/admin/accounts/shift/add/", query).content.decode()
    boxes = re.findall(r'<input[^>]*name="weekdays"[^>]*>', page)
    assert len(boxes) == 7
    assert [box for box in boxes if re.search(r"\schecked[\s>]", box)] == [boxes[3]]
    assert f'value="{cast.cleaner.pk}" selected' in page


def test_erasing_a_person_takes_them_off_the_rota(cast: Cast) -> None:
    shift(cast, cast.cleaner, MONDAY, "08:00", "17:00")
    assert ApiClient(cast.cleaner).get("me/export")[1]["rota"][0]["role"] == "cleaner"
    assert ApiClient(cast.cleaner).delete("me")[0] == 204
    assert not Shift.objects.exists()
