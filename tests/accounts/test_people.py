"""Who is who in a community: lists, roles, permissions, removal – and nobody climbs by themselves."""

from collections.abc import Callable
from typing import Any

import pytest
from guardian.shortcuts import assign_perm

from accounts.models import Membership, User
from accounts.policies import standing_of
from tests.conftest import ApiClient
from tests.factories import Cast, bind, make_home, make_person, role_of

Api = Callable[[User | None], ApiClient]


def membership(person: User) -> Membership:
    return Membership.objects.get(user=person, status="active")


def held(person: User, cast: Cast) -> set[str]:
    return set(standing_of(person).permissions.get(cast.community.pk, ()))


def roles_of(person: User) -> set[str]:
    return set(Membership.objects.active().filter(user=person).values_list("role__slug", flat=True))


def test_managers_list_their_people(cast: Cast, api: Api) -> None:
    status, body = api(cast.manager).get("people?community=fuchen&role=cleaner")
    assert (status, body["next"]) == (200, None)
    row = body["results"][0]
    assert set(row) == {"id", "user", "role", "status", "on_duty"}
    assert row["user"] == {"id": str(cast.cleaner2.pk), "display_name": "赵师傅"}
    assert [(r["role"], r["status"], r["on_duty"]) for r in body["results"]] == [("cleaner", "active", True)] * 2


def test_the_list_is_paged_and_stays_within_the_community(cast: Cast, api: Api) -> None:
    manager, seen, cursor = api(cast.manager), [], ""
    while cursor is not None:
        body = manager.get(f"people?limit=2&cursor={cursor}" if cursor else "people?limit=2")[1]
        seen += [row["user"]["display_name"] for row in body["results"]]
        cursor = body["next"]
    assert sorted(seen) == sorted(["李阿姨", "王先生", "张师傅", "赵师傅", "孙师傅", "陈经理"])


@pytest.mark.parametrize(
    ("who", "query", "status", "code"),
    [
        ("resident", "", 403, "permission_denied"),
        ("cleaner", "", 403, "permission_denied"),
        ("stranger", "", 403, "not_bound"),
        ("other_manager", "?community=fuchen", 403, "not_bound"),
        ("manager", "?community=nowhere", 403, "not_bound"),
        ("manager", "?limit=1000", 400, "invalid"),
        ("manager", "?cursor=rubbish", 400, "invalid"),
    ],
)
def test_nobody_else_lists_them(cast: Cast, api: Api, who: str, query: str, status: int, code: str) -> None:
    answer = api(getattr(cast, who)).get("people" + query)
    assert (answer[0], answer[1]["code"]) == (status, code)


def test_filters_cannot_traverse(cast: Cast, api: Api) -> None:
    body = api(cast.manager).get("people?user__phone__startswith=1390&role__community__slug=other")[1]
    assert len(body["results"]) == 6


def test_roles_are_given_and_taken(cast: Cast, api: Api) -> None:
    manager, own = api(cast.manager), membership(cast.cleaner)
    status, body = manager.patch(f"people/{own.pk}", {"roles": ["cleaner", "plumber"]})
    assert (status, body["id"], roles_of(cast.cleaner)) == (200, str(own.pk), {"cleaner", "plumber"})
    status, body = manager.patch(f"people/{own.pk}", {"roles": ["plumber"]})
    assert (status, body["role"], body["status"], roles_of(cast.cleaner)) == (200, "plumber", "active", {"plumber"})
    assert set(cast.cleaner.groups.values_list("role__slug", flat=True)) == {"plumber"}
    assert manager.patch(f"people/{own.pk}", {"roles": ["cleaner"]})[0] == 404  # ended


def test_taking_every_role_ends_the_person_there(cast: Cast, api: Api) -> None:
    report = cast.report()
    assert api(cast.cleaner).post(f"reports/{report.pk}/claim")[0] == 200
    status, body = api(cast.manager).patch(f"people/{membership(cast.cleaner).pk}", {"roles": []})
    assert (status, body["status"]) == (200, "revoked")
    report.refresh_from_db()
    assert (report.status, report.claimed_by) == ("submitted", None)
    assert api(cast.cleaner).get("people")[1]["code"] == "not_bound"


def test_homes_are_not_touched_by_roles(cast: Cast, api: Api) -> None:
    bind(cast.cleaner, role_of(cast.community, "resident"), make_home(cast.community, room="801"))
    working = Membership.objects.get(user=cast.cleaner, role__slug="cleaner")
    assert api(cast.manager).patch(f"people/{working.pk}", {"roles": ["plumber"]})[0] == 200
    assert roles_of(cast.cleaner) == {"plumber", "resident"}
    status, body = api(cast.manager).patch(f"people/{membership(cast.plumber).pk}", {"roles": ["resident", "plumber"]})
    assert (status, list(body["fields"])) == (400, ["roles"])


@pytest.mark.parametrize("roles", [["nobody"], "cleaner", [1, {}], [["cleaner"]]])
def test_bad_roles_are_refused(cast: Cast, api: Api, roles: Any) -> None:
    status, body = api(cast.manager).patch(f"people/{membership(cast.cleaner).pk}", {"roles": roles})
    assert (status, body["code"]) == (400, "invalid")
    assert roles_of(cast.cleaner) == {"cleaner"}


def test_permissions_are_given_and_taken(cast: Cast, api: Api) -> None:
    manager, own = api(cast.manager), membership(cast.cleaner)
    assert manager.patch(f"people/{own.pk}", {"permissions": ["publish_notices", "view_statistics"]})[0] == 200
    assert held(cast.cleaner, cast) == {"handle_reports", "publish_notices", "view_statistics"}
    assert manager.patch(f"people/{own.pk}", {"permissions": ["view_statistics"]})[0] == 200
    assert held(cast.cleaner, cast) == {"handle_reports", "view_statistics"}
    assert manager.patch(f"people/{own.pk}", {"permissions": ["file_reports"]})[0] == 400
    assert manager.delete(f"people/{own.pk}")[0] == 204
    bind(cast.cleaner, role_of(cast.community, "plumber"))
    assert held(cast.cleaner, cast) == {"handle_reports"}  # what was given ended with the last membership


def test_what_a_role_gives_goes_with_the_role(cast: Cast, api: Api) -> None:
    second = make_person("副经理")
    own = bind(second, role_of(cast.community, "manager"))
    everything = ["manage_reports", "manage_people", "publish_notices", "view_statistics"]
    assert api(cast.manager).patch(f"people/{own.pk}", {"permissions": everything})[0] == 200
    assert api(cast.manager).patch(f"people/{own.pk}", {"roles": ["cleaner"]})[0] == 200
    assert held(second, cast) == {"handle_reports"}


@pytest.fixture
def half(cast: Cast) -> User:
    """A staff member who manages people and nothing else."""
    assign_perm("manage_people", cast.plumber, cast.community)
    return cast.plumber


def test_nobody_promotes_themselves(cast: Cast, api: Api, half: User) -> None:
    own = membership(half)
    assert api(half).patch(f"people/{own.pk}", {"roles": ["plumber", "manager"]})[0] == 403
    assert api(half).patch(f"people/{own.pk}", {"permissions": ["manage_people", "manage_reports"]})[0] == 403
    assert held(half, cast) == {"handle_reports", "manage_people"}
    manager = membership(cast.manager)
    assert api(cast.manager).patch(f"people/{manager.pk}", {"roles": ["manager", "cleaner"]})[0] == 403
    assert roles_of(cast.manager) == {"manager"}


def test_nobody_gives_others_what_they_lack(cast: Cast, api: Api, half: User) -> None:
    other = membership(cast.cleaner)
    assert api(half).patch(f"people/{other.pk}", {"roles": ["manager"]})[0] == 403
    assert api(half).patch(f"people/{other.pk}", {"permissions": ["manage_reports"]})[0] == 403
    assert api(half).patch(f"people/{other.pk}", {"permissions": ["manage_people"]})[0] == 200
    assert held(cast.cleaner, cast) == {"handle_reports", "manage_people"}


def test_roles_and_permissions_change_together_or_not_at_all(cast: Cast, api: Api, half: User) -> None:
    other = membership(cast.cleaner)
    wanted = {"roles": ["plumber"], "permissions": ["manage_reports"]}
    assert api(half).patch(f"people/{other.pk}", wanted)[0] == 403
    assert roles_of(cast.cleaner) == {"cleaner"}
    assert api(cast.manager).patch(f"people/{other.pk}", wanted)[0] == 200
    assert (roles_of(cast.cleaner), held(cast.cleaner, cast)) == ({"plumber"}, {"handle_reports", "manage_reports"})


def test_unknown_fields_change_nothing(cast: Cast, api: Api) -> None:
    own = membership(cast.cleaner)
    fields = {"status": "revoked", "community": "other", "user": str(cast.manager.pk), "is_superuser": True}
    assert api(cast.manager).patch(f"people/{own.pk}", fields)[0] == 200
    again = Membership.objects.get(pk=own.pk)
    assert (again.status, again.community, again.user) == ("active", cast.community, cast.cleaner)


@pytest.mark.parametrize(
    ("who", "expected"), [("resident", 403), ("cleaner2", 403), ("stranger", 404), ("other_manager", 404)]
)
def test_only_its_managers_change_people(cast: Cast, api: Api, who: str, expected: int) -> None:
    own = membership(cast.cleaner)
    client = api(getattr(cast, who))
    assert client.patch(f"people/{own.pk}", {"roles": []})[0] == expected
    assert client.patch(f"people/{own.pk}", {"permissions": []})[0] == expected
    assert client.delete(f"people/{own.pk}")[0] == expected
    assert membership(cast.cleaner).pk == own.pk


def test_removal_takes_effect_at_once_and_gives_back_claims(cast: Cast, api: Api) -> None:
    report, cleaner = cast.report(), api(cast.cleaner)
    assert cleaner.post(f"reports/{report.pk}/claim")[0] == 200
    own = membership(cast.cleaner)
    assert api(cast.manager).delete(f"people/{own.pk}") == (204, None)
    report.refresh_from_db()
    assert report.status == "submitted"
    assert cleaner.post(f"reports/{report.pk}/claim")[0] in (403, 404)
    assert not cast.cleaner.groups.exists()
    assert api(cast.manager).delete(f"people/{own.pk}")[0] == 404


def test_the_last_manager_stays(cast: Cast, api: Api) -> None:
    own, manager = membership(cast.manager), api(cast.manager)
    for answer in (
        manager.delete(f"people/{own.pk}"),
        manager.post(f"bindings/{own.pk}/revoke"),
        manager.patch(f"people/{own.pk}", {"roles": []}),
    ):
        assert (answer[0], answer[1]["code"]) == (409, "wrong_state")
    second = make_person("副经理")
    bind(second, role_of(cast.community, "manager"))
    assert manager.delete(f"people/{own.pk}")[0] == 204
    assert not cast.manager.is_staff
