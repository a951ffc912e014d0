"""Answers prepared: by community and category, offered where somebody writes to a reporter, and still to be edited."""

import html
from typing import Any

import pytest

from accounts.models import Community, User
from reports.models import Category, PreparedAnswer, Report
from reports.services import transitions
from tests.admin.test_admin import client_of
from tests.factories import Cast
from tests.pages.opening import browser_of, open_page


def prepare(community: Community, title: str, *, use: str = "", category: str = "", **fields: Any) -> PreparedAnswer:
    chosen = Category.objects.get(community=community, slug=category) if category else None
    values: dict[str, Any] = {"text": f"{title}，请放心。", **fields}
    return PreparedAnswer.objects.create(community=community, category=chosen, use=use, title=title, **values)


@pytest.fixture
def answers(cast: Cast) -> None:
    prepare(cast.community, "随处", position=9)
    prepare(cast.community, "卫生进展", use="progress", category="hygiene", position=1)
    prepare(cast.community, "水电进展", use="progress", category="repair")
    prepare(cast.community, "结果", use="resolve")
    prepare(cast.community, "不受理", use="dismiss")
    prepare(cast.community, "停用", active=False)
    prepare(cast.other_community, "别处")


def offered(report: Report, person: User, name: str) -> list[str]:
    """The chips of a sheet, in their order."""
    page = open_page(person, f"reports/{report.pk}").html
    sheet = page.split(f'id="act-{name}"')[1].split("</form>")[0]
    return [part.split("</button>")[0].rpartition(">")[2] for part in sheet.split('class="chip"')[1:]]


def test_the_sheets_offer_what_fits_category_and_action(cast: Cast, answers: None) -> None:
    report = cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    assert offered(report, cast.cleaner, "progress") == ["卫生进展", "随处"]
    assert offered(report, cast.cleaner, "resolve") == ["结果", "随处"]
    assert offered(report, cast.manager, "dismiss") == ["不受理", "随处"]
    page = open_page(cast.cleaner, f"reports/{report.pk}").html
    assert 'data-text="结果，请放心。"' in html.unescape(page)
    assert "别处" not in page
    assert "请放心" not in open_page(cast.resident, f"reports/{report.pk}").html


def test_where_none_is_prepared_the_usual_words_are_offered(cast: Cast) -> None:
    report = cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    assert offered(report, cast.cleaner, "progress") == ["已到现场", "正在处理", "配件已订购"]


def test_the_desk_puts_one_into_the_form_which_is_sent_only_later(cast: Cast, answers: None) -> None:
    report, client = cast.report(), client_of(cast.manager)
    address = f"/admin/reports/report/{report.pk}/do/dismiss/"
    page = client.get(address)
    assert [answer.title for answer in page.context["answers"]] == ["不受理", "随处"]
    chosen = client.post(address, {"answer": page.context["answers"][0].pk, "reason": "您好！"})
    assert chosen.context["form"]["reason"].value() == "您好！\n不受理，请放心。"
    report.refresh_from_db()
    assert report.status == "submitted"
    client.post(address, {"apply": "1", "reason": "您好！不受理。"})
    assert report.events.latest("id").note == "您好！不受理。"


def test_many_reports_are_offered_what_fits_them_all(cast: Cast, answers: None) -> None:
    chosen = [str(cast.report(category).pk) for category in ("hygiene", "repair")]
    answer = PreparedAnswer.objects.get(title="随处")
    asked = {"action": "merge", "_selected_action": chosen, "answer": answer.pk, "into": "1"}
    page = client_of(cast.manager).post("/admin/reports/report/", asked)
    assert [found.title for found in page.context["answers"]] == ["随处"]
    assert [page.context["form"][name].value() for name in ("into", "reason")] == ["1", "随处，请放心。"]
    assert page.content.decode().count('name="_selected_action"') == 2


def test_managers_keep_those_of_their_community(cast: Cast) -> None:
    client, hygiene = client_of(cast.manager), Category.objects.get(community=cast.community, slug="hygiene")
    form = {"community": cast.community.pk, "category": hygiene.pk, "use": "resolve", "title": "好了", "text": "好了。",
            "position": "0", "active": "on"}  # fmt: skip
    assert client.post("/admin/reports/preparedanswer/add/", form).status_code == 302
    assert PreparedAnswer.objects.get().category == hygiene
    foreign = Category.objects.create(community=cast.other_community, slug="x", name="x")
    for bad in ({"category": foreign.pk}, {"community": cast.other_community.pk}, {"text": ""}):
        assert client.post("/admin/reports/preparedanswer/add/", {**form, **bad}).status_code == 200
    assert PreparedAnswer.objects.count() == 1
    assert "好了" not in client_of(cast.other_manager).get("/admin/reports/preparedanswer/").content.decode()


def test_without_scripts_the_page_of_an_act_offers_them(cast: Cast, answers: None) -> None:
    report = cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    address = f"reports/{report.pk}/act/resolve"
    client, answer = browser_of(cast.cleaner), PreparedAnswer.objects.get(title="结果")
    assert open_page(cast.cleaner, address).html.count('name="answer"') == 2
    filled = client.post(f"/h5/{address}", {"note": "您好！", "answer": answer.pk}).content.decode()
    assert ">您好！\n结果，请放心。</textarea>" in filled
    report.refresh_from_db()
    assert report.status == "claimed"
