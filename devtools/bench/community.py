"""The community that is measured: the demo's rules, with as many people as the largest audience wants."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from devtools.bench.machine import Bench, openid
from devtools.sessions import signed_in

if TYPE_CHECKING:  # models exist only after django.setup()
    from accounts.models import User
    from notices.models import Notice

_FILES = Path(__file__).resolve().parents[1] / "demo_files"
#: Before the residents: one who reports, two cleaners, a manager, and guards who are told nothing.
_FIRST = ["resident", "cleaner", "cleaner", "manager", *["guard"] * 6]


class Community:
    """Two cleaners are told of each report; a notice goes to as many residents as `house` says."""

    def __init__(self, bench: Bench) -> None:
        from django.core.management import call_command

        from accounts import models as accounts

        self.bench = bench
        call_command("setup_community", str(_FILES / "fuchen.toml"), stdout=sys.stderr)
        self.community = accounts.Community.objects.get(slug="fuchen")
        self._make_templates()
        people = accounts.User.objects.bulk_create(
            accounts.User(openid=openid(n), display_name=f"业主{n}") for n in bench.everybody()
        )
        roles = {role.slug: role for role in accounts.Role.objects.filter(community=self.community)}
        slugs = [*_FIRST, *["resident"] * (len(people) - len(_FIRST))]
        accounts.Membership.objects.bulk_create(
            accounts.Membership(user=person, community=self.community, role=roles[slug], status="active")
            for person, slug in zip(people, slugs, strict=True)
        )
        for person, slug in zip(people[:4], slugs[:4], strict=True):
            person.groups.add(roles[slug].group)
        self.resident, self.manager, self.residents = people[0], people[3], people[len(_FIRST) :]
        self.staff = {openid(1), openid(2)}

    def house(self, size: int) -> None:
        """So many of the residents live here, beside the one who reports."""
        from accounts.models import Membership

        ours = Membership.objects.filter(community=self.community, user__in=self.residents)
        ours.update(status="revoked")
        ours.filter(user__in=self.residents[:size]).update(status="active")

    def publish(self) -> "Notice":
        """A notice to the residents who live here. The one who reports is told nothing."""
        from accounts.models import User
        from notices.services import Audience, publish_notice

        User.objects.filter(pk=self.resident.pk).update(muted_kinds=["notice"])
        audience = Audience(["resident"])
        return publish_notice(
            actor=self.manager, community=self.community, title="停水通知", body="x", audience=audience
        )

    def browser(self, person: "User") -> requests.Session:
        """A session of the person with room for many requests at once."""
        session = signed_in(person, self.bench.web_url)
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=64))
        return session

    def _make_templates(self) -> None:
        from dispatch.kinds import Kind
        from dispatch.models import Template

        Template.objects.bulk_create(
            Template(kind=kind, template_id="bench-template", fields={"thing1": "message"}) for kind in Kind.values
        )
