"""What goes to many at once: group messages, and posts into group chats."""

from devtools.faults.registry import Scene, expect, fault, word
from devtools.waiting import until

MASS, WEBHOOK = "^/cgi-bin/message/mass/send", "^/cgi-bin/webhook/send"


@fault("groups-answers-lost", 2)
def groups_answers_lost(scene: Scene) -> None:
    """answers to a group message and to a post are lost after both were taken: the list is seen once, the post again"""
    from accounts.models import Role
    from dispatch.models import GroupMessage, GroupRobot, RobotPost
    from notices.services import publish_notice

    cleaners = Role.objects.get(community__slug="fuchen", slug="cleaner")
    address = f"{scene.stage.sandbox_url}/cgi-bin/webhook/send?key={word()}"
    robot = GroupRobot.objects.create(
        community=cleaners.community, name="faults", vendor="wecom", address=address, kinds=["notice"], active=True
    )
    robot.roles.add(cleaners)
    scene.sandbox.fault("drop", MASS, after=True, times=2)
    scene.sandbox.fault("drop", WEBHOOK, after=True, times=1)
    scene.texts_may_repeat = True
    author = scene.town.people["chen"]
    publish_notice(actor=author, community=cleaners.community, title="停水", body="明早八点", by_group_message=True)
    scene.wait_for_hits(3, 60)
    until(lambda: GroupMessage.objects.filter(status="sent", created_at__gte=scene.since).exists(), 60, "no list went")
    until(lambda: not RobotPost.objects.filter(robot=robot, status="pending").exists(), 90, "the post was not repeated")
    GroupRobot.objects.filter(pk=robot.pk).update(active=False)
    attempts = GroupMessage.objects.get(created_at__gte=scene.since).attempts
    scene.note(f"the list was asked for {attempts} times, the post {RobotPost.objects.get(robot=robot).attempts} times")
    expect(attempts == 3, "the list was not asked for three times")
