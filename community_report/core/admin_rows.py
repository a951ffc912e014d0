"""Which rows of the back office belong to which community, and which of them somebody may see and choose."""

from functools import reduce
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet
from django.http import HttpRequest

#: How a row of each model that can be chosen somewhere leads to its community.
COMMUNITY_PATHS = {
    "accounts.Community": "pk",
    "accounts.Building": "community",
    "accounts.Home": "building__community",
    "accounts.Role": "community",
    "accounts.RosterEntry": "home__building__community",
    "accounts.User": "memberships__community",
    "dispatch.GroupRobot": "community",
    "reports.Tag": "community",
    "reports.Category": "community",
}


def communities_of(request: HttpRequest, permission: str) -> frozenset[int] | None:
    """Keys of the communities where this person holds `permission`; None: all of them (a superuser)."""
    held: frozenset[int] = vars(request)["standing"].communities_with(permission)
    return None if request.user.is_superuser else held


def has_several(request: HttpRequest, permission: str) -> bool:
    """Does this person manage more than one community here?"""
    scope = communities_of(request, permission)
    if scope is not None:
        return len(scope) > 1
    known = vars(request)
    if "several_communities" not in known:
        known["several_communities"] = apps.get_model("accounts", "Community")._default_manager.count() > 1
    return bool(known["several_communities"])


def label_with_community(row: Model) -> str:
    path = COMMUNITY_PATHS.get(row._meta.label, "pk")
    return str(row) if path == "pk" or not leads_to_one(type(row), path) else f"{follow(row, path)} · {row}"


def own_rows(model: type[Model], scope: frozenset[int] | None) -> QuerySet[Any]:
    """What of a model can be chosen by who manages the communities of `scope` (None: all)."""
    path = COMMUNITY_PATHS.get(model._meta.label)
    rows = model._default_manager.all()
    if path and path != "pk" and leads_to_one(model, path):
        rows = rows.select_related(path)  # for `label_with_community`
    if scope is None:
        return rows
    return rows.filter(**{f"{path}__in": scope}).distinct() if path else rows.none()


def community_of(row: Model) -> int | None:
    """The key of the one community that a row belongs to; None for people, who can be in several."""
    path = COMMUNITY_PATHS.get(row._meta.label)
    if path is None or row._meta.label == "accounts.User":
        return None
    found = follow(row, path)
    return int(getattr(found, "pk", found))


def leads_to_one(model: type[Model], path: str) -> bool:
    """Does the path lead from a row to one community, so that no join doubles it?"""
    step: Any = model
    for name in path.split("__"):
        field = step._meta.pk if name == "pk" else step._meta.get_field(name)
        if field.many_to_many or field.one_to_many:
            return False
        step = field.related_model
    return True


def follow(row: Model, path: str) -> Any:
    return reduce(getattr, path.split("__"), row)
