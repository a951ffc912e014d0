"""Talking about a board post: who may, who reads it, who is told, and that no number is shown."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from community_report.site.erasure import erase_person
from dispatch.models import Outbox
from reports.models import BoardMessage, Report
from reports.services import transitions
from tests.conftest import ApiClient
from tests.factories import Cast, bind, make_home, make_person, role_of
from tests.pages.opening import browser_of, open_page


@pytest.fixture
def post(cast: Cast) -> Report:
    return cast.report("lost", title="捡到一串钥匙", description="上面有小熊", address="中心花园")


def write(user: User, report: Report, **words: Any) -> int:
    return ApiClient(user).post(f"reports/{report.pk}/talk", words)[0]


def told(report: Report) -> list[tuple[str, str]]:
    rows = Outbox.objects.filter(report=report, key__startswith="board:").order_by("pk")
    return [(box.data["occasion"], box.data["person"]) for box in rows]


def test_neighbour_asks_and_the_author_answers(cast: Cast, post: Report) -> None:
    assert write(cast.neighbour, post, note="是我的，上面有小熊") == 200
    answered = write(cast.resident, post, note="今晚七点大堂见", to=str(cast.neighbour.pk))
    assert answered == 200
    assert told(post) == [("board_asked", str(cast.resident.pk)), ("board_answered", str(cast.neighbour.pk))]
    page = open_page(cast.neighbour, f"reports/{post.pk}")
    assert "今晚七点大堂见" in page.words
    assert "发布人" in page.words
    assert cast.resident.display_name not in page.words
    assert cast.resident.phone not in page.html
    mine = open_page(cast.resident, f"reports/{post.pk}")
    assert f"回复{cast.neighbour.display_name}" in mine.words
    assert cast.neighbour.phone not in mine.html


def test_other_neighbours_read_nothing_of_it_and_managers_do(cast: Cast, post: Report) -> None:
    write(cast.neighbour, post, note="是我的")
    other = make_person("吴女士", "13900000077")
    bind(other, role_of(cast.community, "resident"), make_home(cast.community, room="501"))
    assert "是我的，" not in open_page(other, f"reports/{post.pk}").words
    assert "留言，不显示手机号" not in open_page(other, f"reports/{post.pk}").words
    assert "留言，不显示手机号" in open_page(cast.manager, f"reports/{post.pk}").words


def test_a_second_tap_is_one_message(cast: Cast, post: Report) -> None:
    for _ in range(2):
        write(cast.neighbour, post, note="是我的")
    assert BoardMessage.objects.count() == 1
    assert len(told(post)) == 1


@pytest.mark.parametrize(
    ("who", "words", "status"),
    [
        ("neighbour", {"note": " "}, 400),
        ("neighbour", {"note": "长" * 501}, 400),
        ("resident", {"note": "有人吗"}, 400),
        ("manager", {"note": "你好"}, 404),
        ("stranger", {"note": "你好"}, 404),
        ("other_manager", {"note": "你好"}, 404),
    ],
)
def test_what_is_refused(cast: Cast, post: Report, who: str, words: dict[str, str], status: int) -> None:
    status = 403 if who == "manager" else status
    assert write(getattr(cast, who), post, **words) == status
    assert not BoardMessage.objects.exists()


def test_only_of_an_open_board_post(cast: Cast, post: Report) -> None:
    private = cast.report()
    transitions.follow_report(actor=cast.neighbour, report_id=private.pk)
    assert write(cast.neighbour, private, note="你好") == 409
    transitions.confirm_report(actor=cast.resident, report_id=post.pk, score=None)
    assert write(cast.neighbour, post, note="你好") == 409
    assert "联系发布的人" not in open_page(cast.neighbour, f"reports/{post.pk}").words


def test_the_page_offers_it_to_neighbours_alone(cast: Cast, post: Report) -> None:
    assert "联系发布的人" in open_page(cast.neighbour, f"reports/{post.pk}").words
    assert "联系发布的人" not in open_page(cast.resident, f"reports/{post.pk}").words
    assert "联系发布的人" not in open_page(cast.neighbour, f"reports/{cast.report().pk}").words


def test_an_open_page_hears_of_it(cast: Cast, post: Report) -> None:
    browser: Client = browser_of(cast.resident)
    seen = browser.head(f"/h5/reports/{post.pk}")["ETag"]
    write(cast.neighbour, post, note="是我的")
    assert browser.head(f"/h5/reports/{post.pk}", headers={"if-none-match": seen}).status_code == 200


def test_erasure_takes_the_talk_along(cast: Cast, post: Report) -> None:
    write(cast.neighbour, post, note="是我的")
    write(cast.resident, post, note="好的", to=str(cast.neighbour.pk))
    erase_person(cast.neighbour)
    assert not BoardMessage.objects.exists()
