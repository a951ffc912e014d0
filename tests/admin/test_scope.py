"""Every address of the back office × everybody: who gets in, and that nobody sees or changes another community's rows.

The addresses are read from the site itself, so what is added later is asked for as well.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import URLResolver

from accounts.models import Building, Home, Invitation, Membership, Record, RosterEntry, Shift, SpecialDay
from accounts.services.invitations import create_invitation
from dispatch.models import Contact, Delivery, Grant, Outbox
from notices.models import Notice, NoticeRead
from reports.models import Attachment, Draft, Report, Tag
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
    box = Outbox.objects.filter(report=report).first()
    assert box is not None
    Delivery.objects.get_or_create(
        outbox=box, user=cast.resident, defaults={"kind": "claimed", "report": report, "due_at": report.created_at}
    )
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
    """The route with the row's key, and with each verb; none where there is no row to put in."""
    if route.startswith("^(?P<app_label>"):
        return [f"/admin/{app}/" for app in ("accounts", "reports", "notices", "dispatch")]
    if "object_id" in route or "content_type_id" in route:
        if row is None:
            return []
        route = route.replace("<path:object_id>", str(row.pk))
    if "(?P<url>" in route or "<int:content_type_id>" in route:
        return ["/admin/nothing/"]
    verbs = ("assign", "dismiss", "merge", "withdraw", "remind", "nonsense") if "<slug:verb>" in route else ("",)
    return [f"/admin/{route.replace('<slug:verb>', verb)}" for verb in verbs]


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


def all_of(cast: Cast) -> list[tuple[str, type[Model] | None]]:
    return [(path, model) for route, model in addresses() for path in filled(route, row_of(model, cast))]


def about_a_row(path: str) -> bool:
    return re.search(r"/(change|history|delete|do/\w+)/$", path) is not None


@pytest.mark.parametrize("who", ["anonymous", "resident", "cleaner", "stranger"])
def test_who_manages_nothing_is_sent_to_the_login(full: Cast, who: str) -> None:
    client = client_of(None if who == "anonymous" else getattr(full, who))
    found = all_of(full)
    assert len(found) > 150
    for path, _model in found:
        if path.removeprefix("/admin/") not in ("login/", "logout/", "jsi18n/"):
            answer = client.get(path)
            assert (path, answer.status_code) == (path, 302)
            assert answer["Location"].startswith("/admin/login/"), path


def test_the_own_manager_gets_in(full: Cast) -> None:
    client, opened = client_of(full.manager), 0
    for path, model in all_of(full):
        if about_a_row(path) and model in (Report, Building, Home, RosterEntry, Shift, Tag, Notice, Invitation):
            answer = client.get(path)
            allowed = {200} if path.endswith(("change/", "history/")) else {200, 302, 403, 404}
            assert (path, answer.status_code in allowed) == (path, True)
            opened += answer.status_code == 200
    assert opened > 16


def test_another_manager_opens_nothing_and_sees_nothing(full: Cast) -> None:
    client = client_of(full.other_manager)
    for path, _model in all_of(full):
        if path.endswith("logout/"):
            continue
        answer = client.get(path)
        if about_a_row(path):
            assert (path, answer.status_code in (302, 403, 404)) == (path, True)
        assert (path, answer.status_code < 500) == (path, True)
        said = b"".join(answer).decode(errors="replace") if answer.status_code == 200 else ""  # some stream
        assert (path, [secret for secret in SECRETS if secret in said]) == (path, [])


def test_another_manager_changes_nothing(full: Cast) -> None:
    client = client_of(full.other_manager)
    before = snapshot()
    for path, _model in all_of(full):
        if about_a_row(path):
            client.post(path, {"post": "yes", "apply": "1", "reason": "x", "name": "x", "title": "x"})
    assert snapshot() == before


def snapshot() -> dict[str, list[Any]]:
    apps = ("accounts", "reports", "notices", "dispatch")
    models = [m for m in admin.site._registry if m._meta.app_label in apps and m is not Record]  # refusals are recorded
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
