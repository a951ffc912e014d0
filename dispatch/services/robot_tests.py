"""A post that only says that it is a test: does the group's robot work?"""

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.records import name_actions
from accounts.services.recording import record
from community_report.wechat.errors import WeChatError
from dispatch.models import GroupRobot

from . import robots
from .outcomes import Accepted, Outcome

name_actions({"robot_tested": gettext_lazy("发送群测试消息")})


def send_test_post(*, actor: User, robot: GroupRobot) -> Outcome:
    """Post at once, also where the robot is not active or stopped. Recorded; troubles end or begin by the answer.

    No transaction may be open: the vendor is waited for.
    """
    with transaction.atomic():
        record("robot_tested", actor=actor, community=robot.community_id, subject=robot.name)
    with translation.override(settings.LANGUAGE_CODE):
        text = _("%(community)s：这是一条测试消息，群机器人工作正常") % {"community": robot.community.name}
    connection = robot.connect()
    outcome: Outcome = Accepted()
    try:
        connection.post(text)
    except WeChatError as error:
        outcome = error
    robots.record(robots.Lot(robot, connection, [], text, timezone.now()), outcome)
    return outcome
