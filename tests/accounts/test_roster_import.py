"""Importing the roster from the back office: looked at first, done once, taken back while nothing stands on it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts import admin_roster_rows
from accounts.models import Home, Membership, Record, RosterEntry, RosterImport, User
from accounts.services import roster_importing as importing
from accounts.services.bindings import request_binding
from accounts.text import clean_phone
from community_report.core.errors import Conflict, DomainError, Forbidden
from dispatch.services.sweeping import sweep
from tests.factories import Cast, bind, role_of

ADDRESS = "/admin/accounts/rosterimport/"
LINES = [
    "楼栋,单元,房号,姓名,手机",
    "6幢,1单元,401,李阿姨,13900000009",  # another number: changed
    "6幢,1单元,402,王先生,13900000002",  # as it is
    "6幢,1单元,501,刘大爷,13700000001",  # new, in a new home
    "9幢,1单元,1,甲,13700000002",  # no such building
]


def upload(*lines: str, encoding: str = "utf-8", name: str = "名册.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\r\n".join(lines).encode(encoding))


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.auth.ManagerBackend")
    return client


def prepared(cast: Cast, *lines: str) -> RosterImport:
    return importing.prepare_import(actor=cast.manager, community=cast.community, file=upload(*(lines or LINES)))


def roster() -> set[tuple[str, str, str]]:
    return {(str(e.home), e.name, e.phone) for e in RosterEntry.objects.select_related("home__building")}


def test_the_back_office_shows_what_a_file_would_change_and_then_does_it(cast: Cast) -> None:
    client, before = client_of(cast.manager), roster()
    sent = {"community": cast.community.pk, "file": upload(*LINES, encoding="gb18030")}
    answer = client.post(f"{ADDRESS}add/", sent, follow=True)
    page = answer.content.decode()
    row = RosterImport.objects.get()
    assert (row.added, row.updated, row.unchanged) == (1, 1, 1)
    for words in ("李阿姨 13900000001", "李阿姨 13900000009", "刘大爷 13700000001", "小区没有楼栋“9幢”", "确认导入"):
        assert words in page
    assert roster() == before
    client.post(f"{ADDRESS}{row.pk}/apply")
    assert roster() - before == {
        ("6幢1单元401", "李阿姨", "13900000009"),
        ("6幢1单元501", "刘大爷", "13700000001"),
    }
    assert "撤销这次导入" in client.get(f"{ADDRESS}{row.pk}/change/").content.decode()
    assert Record.objects.filter(action="roster_imported", actor=cast.manager, community=cast.community).count() == 1


def test_every_row_of_a_long_import_can_be_seen_and_taken_away(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_roster_rows, "PER_PAGE", 3)
    monkeypatch.setattr(admin_roster_rows, "SHOWN", 2)
    new = [f"6幢,1单元,60{n},住户{n},1370000000{n}" for n in range(1, 8)]
    row = prepared(cast, LINES[0], *new, "9幢,1单元,1,甲,13700000002", "8888幢,1单元,1,=甲,13700000003")
    client = client_of(cast.manager)
    page = client.get(f"{ADDRESS}{row.pk}/change/").content.decode()
    assert page.index("小区没有楼栋“9幢”") < page.index("住户1 13700000001")
    assert "住户3" not in page
    assert "查看或下载全部 7 行" in page
    pages = [client.get(f"{ADDRESS}{row.pk}/rows/changes/", {"p": n}).content.decode() for n in (1, 2, 3)]
    assert [[n for n in range(1, 8) if f"住户{n} " in page] for page in pages] == [[1, 2, 3], [4, 5, 6], [7]]
    answer: Any = client.get(f"{ADDRESS}{row.pk}/rows/rejected/csv")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines == [
        "行,内容,原因",
        "9,9幢 1单元 1 甲 13700000002,小区没有楼栋“9幢”",
        "10,8888幢 1单元 1 =甲 13700000003,小区没有楼栋“8888幢”",
    ]
    assert Record.objects.filter(action="export", actor=cast.manager, community=cast.community).count() == 1
    for path in ("rows/changes/", "rows/changes/csv"):
        assert client_of(cast.other_manager).get(f"{ADDRESS}{row.pk}/{path}").status_code == 404


def test_the_page_says_what_was_done_and_shows_the_rows_that_could_not_be(cast: Cast) -> None:
    client, row = client_of(cast.manager), prepared(cast)
    page = client.post(f"{ADDRESS}{row.pk}/apply", follow=True).content.decode()
    assert "已导入：新增 1，修改 1，不变 1，有问题 1" in page
    assert "9幢 1单元 1 甲 13700000002" in page
    assert 'href="/admin/accounts/rosterentry/"' in page
    page = client.post(f"{ADDRESS}{row.pk}/undo", follow=True).content.decode()
    assert "已撤销这次导入" in page


def test_an_empty_table_to_fill_in_is_one_that_can_be_imported(cast: Cast) -> None:
    answer = client_of(cast.manager).get(f"{ADDRESS}sample")
    assert "download" in client_of(cast.manager).get(f"{ADDRESS}add/").content.decode()
    empty = SimpleUploadedFile("业主名册.xlsx", b"".join(answer.streaming_content))
    row = importing.prepare_import(actor=cast.manager, community=cast.community, file=empty)
    assert (row.added, row.updated, row.unchanged, row.rejected) == (0, 0, 0, [])
    assert client_of(cast.cleaner).get(f"{ADDRESS}sample").status_code == 302


def test_an_import_is_done_once(cast: Cast) -> None:
    row = prepared(cast)
    importing.apply_import(actor=cast.manager, pk=row.pk)
    with pytest.raises(Conflict):
        importing.apply_import(actor=cast.manager, pk=row.pk)


def test_undoing_brings_the_roster_back_as_it_was(cast: Cast) -> None:
    before, homes = roster(), Home.objects.count()
    row = prepared(cast)
    importing.apply_import(actor=cast.manager, pk=row.pk)
    importing.undo_import(actor=cast.manager, pk=row.pk)
    assert roster() == before
    assert Home.objects.count() == homes
    with pytest.raises(Conflict):
        importing.undo_import(actor=cast.manager, pk=row.pk)


def test_nothing_is_undone_once_somebody_is_bound_to_it(cast: Cast) -> None:
    row = prepared(cast)
    importing.apply_import(actor=cast.manager, pk=row.pk)
    entry = RosterEntry.objects.get(name="刘大爷")
    bind(cast.stranger, role_of(cast.community, "resident"), entry.home)
    cast.stranger.memberships.update(roster_entry=entry)
    after = roster()
    with pytest.raises(Conflict, match="已有 1 人绑定"):
        importing.undo_import(actor=cast.manager, pk=row.pk)
    assert roster() == after


def test_nothing_is_undone_that_was_changed_since(cast: Cast) -> None:
    row = prepared(cast)
    importing.apply_import(actor=cast.manager, pk=row.pk)
    RosterEntry.objects.filter(name="刘大爷").update(phone="13700000007")
    with pytest.raises(Conflict, match="6幢1单元501"):
        importing.undo_import(actor=cast.manager, pk=row.pk)


def test_another_communitys_manager_neither_sees_nor_does_it(cast: Cast) -> None:
    row, before = prepared(cast), roster()
    client = client_of(cast.other_manager)
    assert "名册.csv" not in client.get(ADDRESS).content.decode()
    client.post(f"{ADDRESS}{row.pk}/apply")
    for act in (importing.apply_import, importing.undo_import):
        with pytest.raises(DomainError):
            act(actor=cast.other_manager, pk=row.pk)
    with pytest.raises(DomainError):
        importing.prepare_import(actor=cast.other_manager, community=cast.community, file=upload(*LINES))
    with pytest.raises(Forbidden):
        importing.prepare_import(actor=cast.cleaner, community=cast.community, file=upload(*LINES))
    assert roster() == before


def test_a_file_that_cannot_be_read_is_refused_in_words(cast: Cast) -> None:
    sent = {"community": cast.community.pk, "file": upload("姓名,手机", "甲,13700000001")}
    page = client_of(cast.manager).post(f"{ADDRESS}add/", sent, follow=True).content.decode()
    assert "第 1 行（标题）缺少" in page
    assert not RosterImport.objects.exists()


def test_what_nobody_decided_goes_after_a_week(cast: Cast) -> None:
    old, new, done = prepared(cast), prepared(cast), prepared(cast)
    importing.apply_import(actor=cast.manager, pk=done.pk)
    RosterImport.objects.exclude(pk=new.pk).update(created_at=timezone.now() - timedelta(days=8))
    assert importing.remove_undecided(timezone.now()) == 1
    assert set(RosterImport.objects.values_list("pk", flat=True)) == {new.pk, done.pk}
    assert old.pk not in {new.pk, done.pk}


def test_the_words_of_bad_rows_go_a_week_after_and_their_number_stays(cast: Cast) -> None:
    client, (long_ago, lately, open_still) = client_of(cast.manager), [prepared(cast) for _n in range(3)]
    for row in (long_ago, lately):
        importing.apply_import(actor=cast.manager, pk=row.pk)
    RosterImport.objects.filter(pk=long_ago.pk).update(applied_at=timezone.now() - timedelta(days=8))
    sweep(timezone.now(), queue_download=str)
    kept = dict(RosterImport.objects.values_list("pk", "rejected"))
    assert [bool(kept[row.pk]) for row in (long_ago, lately, open_still)] == [False, True, True]
    page = client.get(f"{ADDRESS}{long_ago.pk}/change/").content.decode()
    assert "有问题 1" in page
    assert "导入几天后已清除" in page
    assert "9幢 1单元 1 甲" in client.get(f"{ADDRESS}{lately.pk}/change/").content.decode()


def test_the_list_of_imports_reads_no_rows_of_people(cast: Cast, django_assert_max_num_queries: Any) -> None:
    for _n in range(5):
        prepared(cast)
    with django_assert_max_num_queries(40) as asked:
        page = client_of(cast.manager).get(ADDRESS).content.decode()
    assert page.count('class="field-bad') == 5
    lists = [one["sql"] for one in asked.captured_queries if "accounts_rosterimport" in one["sql"]]
    assert lists
    assert [sql for sql in lists if '"rejected"' in sql or '"rows"' in sql] == []


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("13900000001.0", "13900000001"),
        ("'13900000001", "13900000001"),
        ("’１３９０００００００１", "13900000001"),
        ("1.3900000001E+10", "13900000001"),
        (13900000001.0, "13900000001"),
    ],
)
def test_numbers_that_a_spreadsheet_mangled(raw: Any, kept: str) -> None:
    assert clean_phone(raw) == kept


@pytest.mark.parametrize("raw", ["1.39E+10", "1E+10", "1.390000000E+10"])
def test_digits_that_are_lost_are_not_made_up(raw: str) -> None:
    with pytest.raises(ValueError, match="no phone number"):
        clean_phone(raw)


def test_an_undo_does_not_take_what_was_given_to_somebody_else_since(cast: Cast) -> None:
    row = prepared(cast)
    importing.apply_import(actor=cast.manager, pk=row.pk)
    home = RosterEntry.objects.get(phone="13900000009").home
    RosterEntry.objects.create(home=home, name="王女士", phone="13900000001")
    with pytest.raises(Conflict, match="13900000001"):
        importing.undo_import(actor=cast.manager, pk=row.pk)


def test_an_undo_waits_for_who_was_bound_by_a_changed_number(cast: Cast) -> None:
    row = prepared(cast)
    importing.apply_import(actor=cast.manager, pk=row.pk)
    entry = RosterEntry.objects.select_related("home__building").get(phone="13900000009")
    Membership.objects.filter(user=cast.resident).delete()
    request_binding(
        actor=cast.stranger, community=cast.community, name="李阿姨", phone="13900000009", **entry.home.as_dict()
    )
    with pytest.raises(Conflict, match="绑定"):
        importing.undo_import(actor=cast.manager, pk=row.pk)


def test_the_page_says_what_its_one_button_does(cast: Cast) -> None:
    page = client_of(cast.manager).get("/admin/accounts/rosterimport/add/").content.decode()
    assert page.count("上传并预览") == 1
    for other in ("_save", "_addanother", "_continue"):
        assert f'name="{other}"' not in page
