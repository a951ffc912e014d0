"""Every address of the back office × everybody: who gets in, and that nobody sees or changes another community's rows.

The addresses are read from the site itself, so what is added later is asked for as well.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import URLResolver
from guardian.models import UserObjectPermission

from accounts.models import (
    Building,
    Home,
    Invitation,
    Membership,
    Record,
    RosterEntry,
    RosterImport,
    Shift,
    SpecialDay,
    User,
)
from accounts.services.invitations import create_invitation
from community_report.core.admin import SuperuserAdmin
from dispatch.models import Contact, Delivery, Grant, GroupMessage, GroupRobot, Outbox, RobotPost
from notices.models import GroupMessageCount, Notice, NoticeRead
from reports.models import Attachment, Draft, PreparedAnswer, Report, Tag
from reports.services import transitions
from tests.admin.test_admin import client_of
from tests.factories import Cast, bind, make_home, role_of

#: What must never be seen from another community.
SECRETS = (
    "府琛花园",
    "李阿姨",
    "王先生",
    "张师傅",
    "13900000001",
    "垃圾未及时清理",
    "停水通知",
    "秘密原因",
    "8899幢",
)


#: What a manager opens of every row of theirs.
MUST_OPEN = ("change/", "history/", "rights/", "rows/rejected/", "rows/changes/csv", "rows/rejected/xlsx")
#: How an address names its row, and what else stands in addresses: words that mean something, and one that does not.
KEYS = ("<path:object_id>", "<int:pk>")
WORDS = {
    "<slug:verb>": ("assign", "dismiss", "merge", "withdraw", "remind", "nonsense"),
    "<slug:field>": ("rejected", "changes", "nonsense"),
    "<str:form>": ("csv", "xlsx", "nonsense"),
}


class Address(NamedTuple):
    path: str
    model: type[Model] | None
    about_a_row: bool


@pytest.fixture
def full(cast: Cast) -> Cast:
    """At least one row of whatever belongs to community A."""
    report = cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="秘密原因")
    transitions.confirm_report(actor=cast.resident, report_id=report.pk, score=5, comment="秘密原因")
    Attachment.objects.create(report=report, kind="image", position=0)
    notice = Notice.objects.create(community=cast.community, title="停水通知", body="x", author=cast.manager)
    NoticeRead.objects.create(notice=notice, user=cast.resident)
    Draft.objects.create(owner=cast.resident, community=cast.community, touched_at=report.created_at)
    create_invitation(actor=cast.manager, community=cast.community, role="cleaner")
    cleaner = role_of(cast.community, "cleaner")
    Shift.objects.create(role=cleaner, user=cast.cleaner, weekday=1, starts="08:00", ends="18:00")
    SpecialDay.objects.create(community=cast.community, day="2026-05-01", note="秘密原因")
    Contact.objects.get_or_create(user=cast.resident)
    Grant.objects.create(user=cast.resident, template_id="t", left=1)
    make_home(cast.community, building="8899幢")
    RosterImport.objects.create(
        community=cast.community,
        file_name="8899幢.xlsx",
        rejected=[[2, "秘密原因", "8899幢"]],
        changes=[["8899幢", None, ["王先生", "13900000001"], None]],
    )
    robot = GroupRobot.objects.create(
        community=cast.community, name="秘密原因", vendor="wecom", address="https://x.example"
    )
    User.objects.create_user("headquarters", display_name="秘密原因", is_superuser=True)
    box = Outbox.objects.filter(report=report).first()
    assert box is not None
    Delivery.objects.get_or_create(
        outbox=box, user=cast.resident, defaults={"kind": "claimed", "report": report, "due_at": report.created_at}
    )
    GroupMessage.objects.create(outbox=box, text="秘密原因", path="/", people=2, due_at=report.created_at)
    GroupMessageCount.objects.create(user=cast.resident, month="2026-05-01", sent=1)
    PreparedAnswer.objects.create(community=cast.community, use="resolve", title="秘密原因", text="秘密原因")
    RobotPost.objects.create(outbox=box, robot=robot, text="秘密原因", path="/", due_at=report.created_at)
    return cast


def addresses() -> Iterator[tuple[str, type[Model] | None]]:
    """Every address below /admin/ with the model that it is about; rows are filled in by their own key."""
    for entry in admin.site.get_urls():
        route = str(entry.pattern)
        if isinstance(entry, URLResolver):
            app, name = route.strip("/").split("/")
            model = next(m for m in admin.site._registry if (m._meta.app_label, m._meta.model_name) == (app, name))
            for inner in entry.url_patterns:
                yield route + str(inner.pattern), model
        else:
            yield route, None


def filled(route: str, row: Model | None) -> list[str]:
    """The route with the row's key, and with each of `WORDS`; none where there is no row to put in."""
    if route.startswith("^(?P<app_label>"):
        return [f"/admin/{app}/" for app in ("accounts", "reports", "notices", "dispatch")]
    if "(?P<url>" in route or "<int:content_type_id>" in route:
        return ["/admin/nothing/"]
    if has_key(route) and row is None:
        return []
    for name in KEYS:
        route = route.replace(name, str(row and row.pk))
    found = [f"/admin/{route}"]
    for name, words in WORDS.items():
        found = list(dict.fromkeys(path.replace(name, word) for path in found for word in words))
    assert not any("<" in path for path in found), f"nothing to fill {route} with"
    return found


def has_key(route: str) -> bool:
    return any(name in route for name in KEYS)


def row_of(model: type[Model] | None, cast: Cast) -> Model | None:
    """A row of community A."""
    if model is None:
        return None
    if model is type(cast.community):
        return cast.community
    if model is type(cast.resident):
        return cast.resident
    rows = model._default_manager.order_by("pk")
    return rows.filter(community=cast.community).first() if model is Membership else rows.first()


def all_of(cast: Cast) -> list[Address]:
    return [
        Address(path, model, has_key(route))
        for route, model in addresses()
        for path in filled(route, row_of(model, cast))
    ]


@pytest.mark.parametrize("who", ["anonymous", "resident", "cleaner", "stranger"])
def test_who_manages_nothing_is_sent_to_the_login(full: Cast, who: str) -> None:
    client = client_of(None if who == "anonymous" else getattr(full, who))
    found = all_of(full)
    assert len(found) > 150
    for path, *_rest in found:
        if path.removeprefix("/admin/") not in ("login/", "logout/", "jsi18n/"):
            answer = client.get(path)
            assert (path, answer.status_code) == (path, 302)
            assert answer["Location"].startswith("/admin/login/"), path


def test_there_is_a_row_for_every_list_but_those_of_the_installation(full: Cast) -> None:
    """Else its addresses would be asked for without a row to be kept from."""
    pages = [(model, page) for model, page in admin.site._registry.items() if model._meta.app_label != "axes"]
    scoped = [model for model, page in pages if not isinstance(page, SuperuserAdmin)]
    assert [model._meta.label for model in scoped if row_of(model, full) is None] == []


def test_the_own_manager_gets_in(full: Cast) -> None:
    client, opened = client_of(full.manager), 0
    own = (Report, Building, Home, RosterEntry, RosterImport, Shift, Tag, Notice, Invitation, Membership, GroupRobot)
    for path, model, about_a_row in all_of(full):
        if about_a_row and model in own:
            answer = client.get(path)
            allowed = {200} if path.endswith(MUST_OPEN) else {200, 302, 403, 404, 405}
            assert (path, answer.status_code in allowed) == (path, True)
            opened += answer.status_code == 200
    assert opened > 30


def test_another_manager_opens_nothing_and_sees_nothing(full: Cast) -> None:
    client = client_of(full.other_manager)
    for path, _model, about_a_row in all_of(full):
        if path.endswith("logout/"):
            continue
        answer = client.get(path)
        if about_a_row:
            assert (path, answer.status_code in (302, 403, 404, 405)) == (path, True)
        assert (path, answer.status_code < 500) == (path, True)
        said = b"".join(answer).decode(errors="replace") if answer.status_code == 200 else ""  # some stream
        assert (path, [secret for secret in SECRETS if secret in said]) == (path, [])


def test_another_manager_changes_nothing(full: Cast) -> None:
    client = client_of(full.other_manager)
    before = snapshot()
    sent = {"post": "yes", "apply": "1", "reason": "x", "name": "x", "title": "x", "note": "x", "roles": ["manager"]}
    for path, _model, about_a_row in all_of(full):
        if about_a_row:
            answer = client.post(path, sent)
            assert (path, answer.status_code in (302, 403, 404, 405)) == (path, True)
    assert snapshot() == before


def snapshot() -> dict[str, list[Any]]:
    apps = ("accounts", "reports", "notices", "dispatch")
    models = [m for m in admin.site._registry if m._meta.app_label in apps and m is not Record]  # refusals are recorded
    models.append(UserObjectPermission)
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models}


def test_a_foreign_row_in_a_filter_a_search_or_a_choice_finds_nothing(full: Cast) -> None:
    client, report = client_of(full.other_manager), Report.objects.get()
    for query in ("q=13900000001", f"category__id__exact={report.category_id}", "q=垃圾", f"q={report.number}"):
        assert report.number not in rows(client, f"/admin/reports/report/?{query}")
        assert report.number in rows(client_of(full.manager), f"/admin/reports/report/?{query}")
    home = "/admin/autocomplete/?app_label=accounts&model_name=rosterentry&field_name=home&term="
    assert client.get(home).json()["results"] == []
    assert "6幢" in str(client_of(full.manager).get(home + "6幢").json())


def rows(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return "".join(str(row) for row in answer.context["cl"].result_list)


def test_actions_reach_own_rows_only(full: Cast) -> None:
    fresh = full.report()
    chosen = {"_selected_action": [str(fresh.pk)], "apply": "1", "reason": "x", "user": str(full.cleaner.pk)}
    for action in ("assign", "dismiss", "recategorize", "merge", "restore"):
        client_of(full.other_manager).post("/admin/reports/report/", {**chosen, "action": action})
    fresh.refresh_from_db()
    assert fresh.status == "submitted"


def test_who_manages_both_sees_both(full: Cast) -> None:
    bind(full.other_manager, role_of(full.community, "manager"))
    page = client_of(full.other_manager).get("/admin/reports/report/").content.decode()
    assert Report.objects.get().number in page
