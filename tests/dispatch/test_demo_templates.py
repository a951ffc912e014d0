"""What the demonstration's templates say in WeChat."""

from typing import Any

import pytest
from django.conf import settings

from accounts.services.bindings import request_binding
from dispatch.kinds import Kind
from dispatch.services.templates import read_template_file, set_templates
from dispatch.wording import NEWS, SENTENCES
from reports.models import Report
from reports.services import transitions as act
from reports.services.board import write_about_post
from tests.dispatch.ledger import WeChat, forget, send_all
from tests.factories import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo_templates(db: None) -> None:
    set_templates(read_template_file(settings.BASE_DIR / "devtools/demo_files/templates.toml"))


def said(wechat: WeChat) -> dict[str, str]:
    """The fields of the one template that was sent."""
    (sent,) = wechat.templates
    return {name: field["value"] for name, field in sent["data"].items()}


@pytest.mark.usefixtures("demo_templates")
def test_a_neighbours_words_are_called_that(wechat: WeChat, cast: Cast) -> None:
    post = cast.report("lost", title="捡到一串钥匙")
    forget()
    write_about_post(actor=cast.neighbour, report_id=post.pk, note="这是我的")
    send_all()
    assert said(wechat)["phrase3"] == "有新留言"


@pytest.mark.usefixtures("demo_templates")
def test_who_is_urged_reads_by_whom(wechat: WeChat, cast: Cast, report: Report) -> None:
    act.claim_report(actor=cast.cleaner, report_id=report.pk)
    forget()
    act.urge_report(actor=cast.resident, report_id=report.pk)
    send_all()
    assert said(wechat)["phrase3"] == "业主催办"


@pytest.mark.usefixtures("demo_templates")
def test_a_rating_is_called_that(wechat: WeChat, cast: Cast, report: Report) -> None:
    act.claim_report(actor=cast.cleaner, report_id=report.pk)
    act.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    forget()
    act.confirm_report(actor=cast.resident, report_id=report.pk, score=5)
    send_all()
    assert said(wechat)["phrase3"] == "收到评价"


@pytest.mark.usefixtures("demo_templates")
def test_a_binding_that_waits_reaches_the_manager(wechat: WeChat, cast: Cast) -> None:
    home: Any = {"building": "6幢", "unit": "1单元", "room": "999"}
    request_binding(actor=cast.stranger, community=cast.community, name="林小满", phone="13900099999", **home)
    send_all()
    assert said(wechat)["thing1"] == "林小满"
    assert said(wechat)["phrase3"] == "待审核"


def test_every_message_has_a_word_that_a_phrase_can_show() -> None:
    words = [str(word) for word in NEWS.values()]
    assert [word for word in words if len(word) > 5 or not all("\u4e00" <= c <= "\u9fff" for c in word)] == []
    decided = {key for key in SENTENCES if key.endswith(f":{Kind.BINDING_DECIDED}")}
    assert set(NEWS) >= (set(Kind.values) - {Kind.BINDING_DECIDED}) | decided
