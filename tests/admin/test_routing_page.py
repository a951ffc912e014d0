"""The page of tag → role → person: what it shows, and that its dry run says what routing then does."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, Shift
from dispatch.dry_run import dry_run
from dispatch.models import Delivery, Outbox
from dispatch.services.routing import route
from reports.models import Category, Tag
from tests.admin.test_admin import client_of
from tests.factories import Cast, bind, make_person, role_of


def category_of(cast: Cast, slug: str) -> Category:
    return Category.objects.get(community=cast.community, slug=slug)


def open_page(cast: Cast, **params: str) -> Any:
    return client_of(cast.manager).get(f"/admin/routing/?{urlencode(params)}")


def test_a_tag_shows_its_categories_roles_and_people_on_duty(cast: Cast) -> None:
    Membership.objects.filter(user=cast.cleaner2).update(on_duty=False)
    line = next(line for line in open_page(cast).context["led"] if line.tag.slug == "cleaning")
    ((role, people),) = line.roles
    assert ([category.slug for category in line.categories], role.slug) == (["hygiene"], "cleaner")
    assert {one.user: one.on_duty_ for one in people} == {cast.cleaner: True, cast.cleaner2: False}


def test_a_tag_that_leads_to_nobody_is_red_and_first(cast: Cast) -> None:
    Membership.objects.filter(user=cast.plumber).update(status="revoked")
    answer = open_page(cast)
    first = answer.context["led"][0]
    assert (first.tag.slug, first.nobody) == ("leak", True)
    assert answer.content.decode().count('class="desk-nobody"') == 1


def test_a_category_without_tags_is_red(cast: Cast) -> None:
    category_of(cast, "repair").tags.clear()
    assert [one.slug for one in open_page(cast).context["untagged"]] == ["repair"]


@pytest.mark.parametrize("case", ["all", "off_duty", "nobody", "muted", "no_work"])
def test_the_dry_run_says_what_routing_does(cast: Cast, case: str) -> None:
    if case == "off_duty":
        Membership.objects.filter(user=cast.cleaner2).update(on_duty=False)
    elif case == "nobody":
        Membership.objects.filter(role=role_of(cast.community, "cleaner")).update(status="revoked")
    elif case == "muted":
        cast.cleaner.muted_kinds = ["new_report"]
        cast.cleaner.save()
    category = category_of(cast, "lost" if case == "no_work" else "hygiene")
    said = dry_run(category, timezone.now())
    report = cast.report(category.slug)
    for box in Outbox.objects.filter(report=report, kind="new_report"):
        route(box.pk)
    told = Delivery.objects.filter(report=report, kind="new_report")
    assert {one.user.pk: one.skip for one in said.told} == dict(told.values_list("user", "code"))
    assert said.to_managers is (case == "nobody")


def test_the_hour_that_is_asked_for_counts(cast: Cast) -> None:
    cleaner = role_of(cast.community, "cleaner")
    Shift.objects.create(role=cleaner, user=cast.cleaner2, weekday=1, starts="08:00", ends="12:00")
    for when, skipped in (("2026-03-02T09:00", ""), ("2026-03-02T13:00", "off_duty")):
        found = open_page(cast, category="hygiene", when=when).context["found"]
        assert {one.user: one.skip for one in found.told} == {cast.cleaner: "", cast.cleaner2: skipped}


@pytest.mark.parametrize("when", ["x", "2026-13-01T00:00", "0001-01-01T00:00", "9999-12-31T23:59"])
def test_a_time_that_makes_no_sense_is_now(cast: Cast, when: str) -> None:
    answer = open_page(cast, category="hygiene", when=when)
    shown: datetime = answer.context["moment"]
    assert (answer.status_code, abs((timezone.now() - shown).total_seconds()) < 600) == (200, True)


def test_who_manages_elsewhere_sees_their_own(cast: Cast) -> None:
    answer = client_of(cast.other_manager).get("/admin/routing/?community=fuchen&category=hygiene")
    assert answer.context["community"] == cast.other_community
    assert all(line.nobody for line in answer.context["led"])
    assert "张师傅" not in answer.content.decode()


def test_queries_do_not_grow(cast: Cast) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            open_page(cast, category="hygiene")
        return len(captured)

    few = queries()
    for number in range(8):
        bind(make_person(f"新人{number}"), role_of(cast.community, "cleaner"))
        tag = Tag.objects.create(community=cast.community, slug=f"t{number}", name=f"t{number}")
        tag.roles.add(role_of(cast.community, "cleaner"))
    assert queries() == few
