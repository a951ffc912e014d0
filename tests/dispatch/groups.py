"""A group chat with its robot, for tests: what was posted into it."""

from typing import Any

from accounts.models import Community
from dispatch.models import GroupRobot
from dispatch.models_outward import group_kinds
from tests.factories import role_of
from tests.wechat.platform import Platform, error

WEBHOOK = "/cgi-bin/webhook/send"


class Group(Platform):
    """Where a WeCom robot posts."""

    def __init__(self) -> None:
        super().__init__()
        self.on(WEBHOOK, error(0, "ok"))

    @property
    def posts(self) -> list[str]:
        return [call.json["text"]["content"] for call in self.to(WEBHOOK)]


def make_robot(group: Group, community: Community, role: str = "cleaner", **fields: Any) -> GroupRobot:
    values: dict[str, Any] = {"kinds": group_kinds(), "active": True, "vendor": "wecom", "name": f"{role}群"}
    values["address"] = f"{group.url}{WEBHOOK}?key=k"
    robot = GroupRobot.objects.create(community=community, **values | fields)
    robot.roles.add(role_of(community, role))
    return robot
