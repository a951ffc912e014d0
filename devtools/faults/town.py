"""The people of the fault runs: the demo's community with its phones, two of them staff who get every report."""

import io
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from devtools.demo_data import CAST, FILES

if TYPE_CHECKING:  # models exist only after django.setup()
    from accounts.models import User

#: Phone, role. `li` and `zhao` report; `zhang` and `wang` clean; the category `hygiene` leads to these two.
ROLES = {"li": "resident", "zhao": "resident", "zhang": "cleaner", "wang": "cleaner", "chen": "manager"}
STAFF = ("zhang", "wang")
CATEGORY = "hygiene"


@dataclass
class Town:
    """The people by the name of their phone."""

    people: "dict[str, User]"
    openids: dict[str, str]

    def openid(self, host: str) -> str:
        return self.openids[host]


def build() -> Town:
    """Community, people and templates, through the project's own commands where it has one."""
    from django.core.management import call_command

    from accounts.models import Membership, Role, User

    call_command("setup_community", str(FILES / "fuchen.toml"), stdout=io.StringIO())
    call_command("wechat_templates", str(FILES / "templates.toml"), stdout=io.StringIO())
    openids = _openids(CAST)
    people = {}
    for host, slug in ROLES.items():
        role = Role.objects.get(community__slug="fuchen", slug=slug)
        person = User.objects.create_user(openid=openids[host], display_name=host)
        person.groups.add(role.group)
        Membership.objects.create(
            user=person, community=role.community, role=role, status=Membership.Status.ACTIVE, name=host
        )
        people[host] = person
    return Town(people, {host: openids[host] for host in ROLES})


def _openids(cast: Path) -> dict[str, str]:
    return {phone["host"]: phone["openid"] for phone in tomllib.loads(cast.read_text("utf-8"))["phones"]}
