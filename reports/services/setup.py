"""Making a community what its file says, and telling what that changed."""

from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model

from accounts.models import Building, Community, Role
from accounts.services.communities import ensure_community_roles, ensure_role, kind_of
from reports.models import Category, Tag
from reports.services.setup_file import CategoryPlan, Plan, TagPlan

M = TypeVar("M", bound=Model)


@dataclass
class SetupResult:
    """What was changed (empty: nothing), and what the community has that the file leaves out (kept as it is)."""

    changes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def setup_community(plan: Plan) -> SetupResult:
    """Create or update the community; nothing is ever deleted, and a second run changes nothing."""
    with transaction.atomic():
        return _Setup(plan).run()


class _Setup:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.result = SetupResult()

    def run(self) -> SetupResult:
        values = dict(vars(self.plan.community))
        self.community = self._bring("community", Community, {"slug": values.pop("slug")}, values)
        self._buildings()
        roles = self._roles()
        tags = {plan.slug: self._tag(plan, roles) for plan in self.plan.tags}
        for position, plan in enumerate(self.plan.categories):
            self._category(plan, position, tags)
        self._left_out()
        return self.result

    def _bring(self, what: str, model: type[M], key: dict[str, Any], values: dict[str, Any]) -> M:
        """The row of this key with these values: made, updated, or left as it is."""
        label = f"{what} {key.get('slug') or key['name']}"
        row, made = model._default_manager.select_for_update(no_key=True).get_or_create(**key, defaults=values)
        if made:
            self.result.changes.append(f"{label}: added")
            return row
        differing = {name: value for name, value in values.items() if getattr(row, name) != value}
        for name, value in differing.items():
            self.result.changes.append(f"{label}: {name} {getattr(row, name)!r} → {value!r}")
            setattr(row, name, value)
        if differing:
            row.save(update_fields=list(differing))
        return row

    def _buildings(self) -> None:
        for position, plan in enumerate(self.plan.buildings):
            key = {"community": self.community, "name": plan.name}
            self._bring("building", Building, key, {"units": plan.units, "position": position})

    def _roles(self) -> dict[str, Role]:
        known = dict(Role.objects.filter(community=self.community).values_list("slug", "name"))
        ensure_community_roles(self.community)
        for plan in self.plan.roles:
            ensure_role(self.community, slug=plan.slug, name=plan.name, kind=kind_of(plan.slug))
        roles = {role.slug: role for role in Role.objects.filter(community=self.community)}
        for slug, role in roles.items():
            if slug not in known:
                self.result.changes.append(f"role {slug}: added")
            elif known[slug] != role.name:
                self.result.changes.append(f"role {slug}: name {known[slug]!r} → {role.name!r}")
        return roles

    def _tag(self, plan: TagPlan, roles: dict[str, Role]) -> Tag:
        tag = self._bring("tag", Tag, {"community": self.community, "slug": plan.slug}, {"name": plan.name})
        self._bring_list(f"tag {plan.slug}: roles", tag.roles, [roles[slug] for slug in plan.roles])
        return tag

    def _category(self, plan: CategoryPlan, position: int, tags: dict[str, Tag]) -> None:
        values = {name: value for name, value in vars(plan).items() if name not in ("slug", "tags")}
        key = {"community": self.community, "slug": plan.slug}
        category = self._bring("category", Category, key, {**values, "position": position})
        self._bring_list(f"category {plan.slug}: tags", category.tags, [tags[slug] for slug in plan.tags])

    def _bring_list(self, what: str, manager: Any, wanted: list[Any]) -> None:
        """The file is the whole list: what it does not name is no longer linked."""
        held = {row.slug for row in manager.all()}
        names = [row.slug for row in wanted]
        if held != set(names):
            manager.set(wanted)
            self.result.changes.append(f"{what} {_listed(held)} → {_listed(names)}")

    def _left_out(self) -> None:
        plan, staff = self.plan, Role.objects.filter(kind=Role.Kind.STAFF)
        for what, rows, named in (
            ("building", Building.objects.values_list("name", flat=True), {b.name for b in plan.buildings}),
            ("role", staff.values_list("slug", flat=True), {role.slug for role in plan.roles}),
            ("tag", Tag.objects.values_list("slug", flat=True), {t.slug for t in plan.tags}),
            ("category", Category.objects.values_list("slug", flat=True), {c.slug for c in plan.categories}),
        ):
            kept = sorted(set(rows.filter(community=self.community)) - named)
            self.result.left_out += [f"{what} {name}" for name in kept]


def _listed(slugs: Any) -> str:
    return ", ".join(sorted(slugs)) or "none"
