"""Internal notes: written and read by who works on a report, and by no resident anywhere."""

import re
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import Record, User
from community_report.site.erasure import erase_person
from community_report.site.export import export_person
from dispatch.models import Delivery, Outbox
from dispatch.services.routing import route
from reports.models import InternalNote, Report
from reports.services import transitions
from reports.services.notes import write_note
from tests.admin.test_admin import client_of
from tests.conftest import ApiClient
from tests.factories import Cast, bind, make_home, role_of
from tests.pages.opening import browser_of, open_page

SECRET = "业主情绪激动，先打电话再上门"


def addresses(report: Report) -> Iterator[str]:
    """Every address that a phone can open, about this report where it is about one."""
    for entry in routes(get_resolver().url_patterns, "/"):
        if entry.startswith(("/h5/", "/api/v1/", "/media/")):
            yield re.sub(r"<\w+:\w+>", lambda found: str(report.pk) if "uuid" in found[0] else "fuchen", entry)


def routes(entries: list[URLPattern | URLResolver], above: str) -> Iterator[str]:
    for entry in entries:
        here = above + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, here)
        else:
            yield here


@pytest.fixture
def noted(cast: Cast) -> Report:
    """A neighbour follows it, and it has gone all the way, with a note at each step."""
    report = cast.report()
    transitions.follow_report(actor=cast.neighbour, report_id=report.pk)
    write_note(actor=cast.cleaner, report_id=report.pk, note=SECRET)
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    write_note(actor=cast.manager, report_id=report.pk, note=SECRET)
    transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    transitions.reopen_report(actor=cast.resident, report_id=report.pk, reason="没好")
    write_note(actor=cast.cleaner, report_id=report.pk, note=SECRET + "。")
    return report


def test_no_resident_ever_reads_one(cast: Cast, noted: Report) -> None:
    """Reporter, follower, reader of the board and stranger, on every address there is, and in what they are sent."""
    post = cast.report("lost", title="捡到钥匙")
    write_note(actor=cast.manager, report_id=post.pk, note=SECRET)
    for box in Outbox.objects.all():
        route(box.pk)
    found = {address for report in (noted, post) for address in addresses(report)}
    assert len(found) > 60
    for person in (cast.resident, cast.neighbour, cast.stranger):
        client = browser_of(person)
        for address in sorted(found):
            for answer in (
                client.get(address),
                client.get(address, {"q": SECRET[-6:], "scope": "board", "show": "followed"}),
            ):
                assert (address, SECRET in answer.getvalue().decode(errors="replace")) == (address, False)
        assert SECRET not in str(export_person(person))
        answered = ApiClient(person).post(f"reports/{noted.pk}/comment", {"note": "还在吗"})
        assert SECRET not in str(answered)
    assert not Delivery.objects.filter(text__contains=SECRET).exists()
    assert not [box.pk for box in Outbox.objects.all() if SECRET in str(box.data)]
    assert not Record.objects.filter(detail__contains=SECRET).exists()
    assert "note" not in noted.events.values_list("kind", flat=True)


def test_nobody_can_tell_that_there_is_one(cast: Cast) -> None:
    report = cast.report()
    before = Report.objects.values().get(pk=report.pk)
    told = Outbox.objects.count()
    write_note(actor=cast.cleaner, report_id=report.pk, note=SECRET)
    assert Report.objects.values().get(pk=report.pk) == before
    assert Outbox.objects.count() == told


def test_who_works_on_it_reads_and_writes_them_on_the_phone(cast: Cast, noted: Report) -> None:
    for person in (cast.cleaner, cast.cleaner2, cast.manager):
        page = open_page(person, f"reports/{noted.pk}")
        assert page.words.count(SECRET) == 3
        assert "张师傅" in page.html.partition('id="notes"')[2]
    answer = ApiClient(cast.cleaner2).post(f"reports/{noted.pk}/note", {"note": "我带了梯子"})
    assert (answer[0], "我带了梯子" in str(answer[1])) == (200, False)
    browser_of(cast.manager).post(f"/h5/reports/{noted.pk}/note", {"note": "不用脚本也行"})
    words = open_page(cast.cleaner, f"reports/{noted.pk}").words
    assert words.index("不用脚本也行") < words.index("我带了梯子") < words.index(SECRET)


def test_a_second_tap_is_the_same_note(cast: Cast) -> None:
    report = cast.report()
    for _ in range(2):
        write_note(actor=cast.cleaner, report_id=report.pk, note=" 带梯子 ")
    write_note(actor=cast.manager, report_id=report.pk, note="带梯子")
    assert list(InternalNote.objects.values_list("author", "text")) == [
        (cast.cleaner.pk, "带梯子"),
        (cast.manager.pk, "带梯子"),
    ]
    assert Record.objects.filter(action="report_note", subject=report.number).count() == 2


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("resident", 403),
        ("neighbour", 404),
        ("follower", 403),
        ("plumber", 404),
        ("stranger", 404),
        ("other_manager", 404),
    ],
)
def test_nobody_else_writes_one(cast: Cast, who: str, status: int) -> None:
    report = cast.report()
    person: User = getattr(cast, "neighbour" if who == "follower" else who)
    if who == "follower":
        transitions.follow_report(actor=person, report_id=report.pk)
    assert ApiClient(person).post(f"reports/{report.pk}/note", {"note": "x"})[0] == status
    assert browser_of(person).post(f"/h5/reports/{report.pk}/note", {"note": "x"}).status_code == 404
    assert not InternalNote.objects.exists()


def test_who_reported_it_reads_none_even_as_a_manager(cast: Cast) -> None:
    bind(cast.manager, role_of(cast.community, "resident"), make_home(cast.community, room="501"))
    report = cast.report(by=cast.manager)
    write_note(actor=cast.cleaner, report_id=report.pk, note=SECRET)
    assert SECRET not in open_page(cast.manager, f"reports/{report.pk}").html
    assert SECRET not in client_of(cast.manager).get(f"/admin/reports/report/{report.pk}/change/").content.decode()


def test_what_is_no_note_is_refused_at_its_field(cast: Cast) -> None:
    report = cast.report()
    for bad in ("  ", "长" * 2001):
        status, body = ApiClient(cast.cleaner).post(f"reports/{report.pk}/note", {"note": bad})
        assert (status, list(body["fields"])) == (400, ["note"])


def test_the_desk_has_a_tab_and_the_timeline(cast: Cast, noted: Report) -> None:
    client, address = client_of(cast.manager), f"/admin/reports/report/{noted.pk}/"
    answer = client.post(f"{address}note/", {"note": "明天复查"})
    assert answer["Location"].endswith("/change/#internal_notes")
    page = client.get(f"{address}change/")
    steps = [(str(step.what), step.words, step.internal) for step in page.context["timeline"]]
    assert [step[0] for step in steps] == [
        "上报",
        "内部备注",
        "我来处理",
        "内部备注",
        "提交结果",
        "没解决",
        "内部备注",
        "内部备注",
    ]
    assert steps[-1] == ("内部备注", "明天复查", True)
    assert page.content.decode().count("明天复查") == 2
    client.post(f"{address}note/", {"note": " "})
    client_of(cast.other_manager).post(f"{address}note/", {"note": "x"})
    assert InternalNote.objects.count() == 4


def test_the_database_keeps_them_and_erasure_of_the_author_blanks_them(cast: Cast, noted: Report) -> None:
    for change in (InternalNote.objects.all().delete, lambda: InternalNote.objects.update(text="x")):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert len(export_person(cast.cleaner)["internal_notes"]) == 2
    erase_person(cast.cleaner)
    assert sorted(InternalNote.objects.values_list("text", flat=True)) == ["", "", SECRET]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM reports_internalnote WHERE author_id = %s", [cast.cleaner.pk])
        assert cursor.fetchone() == (2,)
