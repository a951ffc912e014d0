"""What group chats are to be told: written down when a message is routed, in the same transaction."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import translation

from accounts.models import Membership
from dispatch import wording
from dispatch.audience import Recipient
from dispatch.models import GroupRobot, Outbox, RobotPost

#: Told to each who has not read it, not to a group.
NOT_FOR_GROUPS = ("notice_reminded",)


def write_posts(box: Outbox, recipients: Iterable[Recipient], now: datetime) -> None:
    """A row for each robot that serves this kind and a role of somebody who is told."""
    serving = GroupRobot.objects.filter(active=True, community=box.community_id, kinds__contains=[box.kind])
    if box.data.get("occasion") in NOT_FOR_GROUPS or not serving.exists():
        return
    told = [recipient.user_id for recipient in recipients if not recipient.skip]
    theirs = Membership.objects.active().filter(role__grouprobot=OuterRef("pk"), user__in=told)
    with translation.override(settings.LANGUAGE_CODE):
        text = wording.group_sentence(box)
    path = wording.page_of(box)
    posts = [
        RobotPost(outbox=box, robot=robot, text=text, path=path, due_at=now) for robot in serving.filter(Exists(theirs))
    ]
    RobotPost.objects.bulk_create(posts, ignore_conflicts=True)
