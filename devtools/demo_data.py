"""The demonstration's community, people and reports, made through the project's own commands and services.

Run after the sandbox, the web server and the worker are up; a second run only prints the manager's login again.
SANDBOX_URL names the simulated WeChat, whose camera and recorder the pictures and voice come from.
"""

import contextlib
import os
import sys
import tomllib
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import django
from django.core.management import call_command

if TYPE_CHECKING:  # models exist only after django.setup()
    from accounts.models import Community, User
    from reports.services.attachments import MediaItem

FILES = Path(__file__).resolve().parent / "demo_files"
NOTICE = """各位业主：
为保证饮用水卫生，本周五 9:00–12:00 清洗二次供水水箱，届时 6 幢停水，请提前储水。

府琛花园物业服务中心"""
#: Whether for repairs alone, with which action, on the button, and in full.
ANSWERS = (
    ("", "progress", "已到现场", "我已到现场，正在查看，处理好后再告诉您。"),
    ("repair", "progress", "等配件", "需要更换的配件已经订购，到货后马上来装，预计两天内。"),
    ("repair", "resolve", "已修好", "已经修好并试过，请您再看一看。"),
    ("hygiene", "resolve", "已清理", "已清理干净，请您再看一看。"),
    ("", "dismiss", "不归物业", "这件事不在物业管理范围内，建议联系社区居委会，需要时我们可以帮您联系。"),
    ("", "progress", "稍后联系", "我们已经记下，工作时间内会打电话联系您。"),
)
#: Of the sandbox's cast.
SUBSCRIPTION = "Ns8yHt3KfD6qSUBSCRIBEv1wMc9ZxRb4LgJp7eAo2Ui"
CAST = Path(__file__).resolve().parents[1] / "sandbox" / "cast.toml"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "community_report.settings")
    django.setup()
    from accounts.models import Community
    from accounts.services.login import issue_admin_login

    if not Community.objects.filter(slug="fuchen").exists():
        call_command("setup_community", str(FILES / "fuchen.toml"), stdout=sys.stderr)
        call_command("import_residents", "fuchen", str(FILES / "roster.csv"), stdout=sys.stderr)
        call_command("wechat_templates", str(FILES / "templates.toml"), stdout=sys.stderr)
        with contextlib.redirect_stdout(sys.stderr):
            call_command("wechat_menu", "sync")
        prepare_answers(Community.objects.get(slug="fuchen"))
        Story(os.environ["SANDBOX_URL"]).tell()
        _more_ways(os.environ["SANDBOX_URL"])
    community = Community.objects.get(slug="fuchen")
    print(
        f"Manager's admin login (sets a password, once): {issue_admin_login(community=community, phone='13800020004')}"
    )


def _more_ways(sandbox_url: str) -> None:
    """A robot in the staff's group chat, which the sandbox plays, and a message that residents can agree to."""
    from accounts.models import Community, Role
    from dispatch.models import GroupRobot, SubscriptionTemplate

    community = Community.objects.get(slug="fuchen")
    robot = GroupRobot.objects.create(
        community=community,
        name="府琛花园工作群",
        vendor=GroupRobot.Vendor.WECOM,
        address=f"{sandbox_url}/cgi-bin/webhook/send?key=demo",
        active=True,
    )
    robot.roles.set(community.roles.filter(kind=Role.Kind.STAFF))
    SubscriptionTemplate.objects.create(
        kind="resolved", template_id=SUBSCRIPTION, fields={"thing1": "title", "phrase2": "status"}
    )


class Story:
    """A week in the community: every state, with pictures and voice."""

    def __init__(self, sandbox_url: str) -> None:
        from sandbox.client import SandboxClient

        self.sandbox = SandboxClient(sandbox_url)
        phones = tomllib.loads(CAST.read_text("utf-8"))["phones"]
        self.openids = {phone["host"]: phone["openid"] for phone in phones}
        self._people()

    def _people(self) -> None:
        with at(days=20):
            self.li = self._resident("li", "李阿姨", "13900010401", ("6幢", "1单元", "401"))
            self.zhao = self._resident("zhao", "赵先生", "13900010502", ("3幢", "2单元", "502"))
            self.sun = self._resident("sun", "孙女士", "13900010201", ("1幢", "1单元", "201"))
            self.zhang = self._staff("zhang", "张师傅", "13800020001", "cleaner", "plumber")
            self.wang = self._staff("wang", "王师傅", "13800020002", "cleaner", "plumber")
            self.liu = self._staff("liu", "刘师傅", "13800020003", "guard", "plumber")
            self.chen = self._staff("chen", "陈经理", "13800020004", "manager")

    def _resident(self, host: str, name: str, phone: str, home: tuple[str, str, str]) -> "User":
        from accounts.models import Community
        from accounts.services.bindings import request_binding

        building, unit, room = home
        person = self._person(host)
        community = Community.objects.get(slug="fuchen")
        request_binding(
            actor=person, community=community, name=name, phone=phone, building=building, unit=unit, room=room
        )
        person.refresh_from_db()
        return person

    def _staff(self, host: str, name: str, phone: str, *roles: str) -> "User":
        from accounts.models import Community
        from accounts.services.bindings import accept_invitation
        from accounts.services.invitations import create_invitation

        person = self._person(host)
        for role in roles:
            invitation = create_invitation(actor=None, community=Community.objects.get(slug="fuchen"), role=role)
            accept_invitation(actor=person, code=invitation.code, name=name, phone=phone)
        person.refresh_from_db()
        return person

    def _person(self, host: str) -> "User":
        from accounts.services.login import person_for_openid

        person = person_for_openid(self.openids[host])
        assert person is not None, host
        return person

    def _picture(self, photo: str) -> "MediaItem":
        from reports.services.attachments import MediaItem

        return MediaItem("image", media_id=self.sandbox.call("POST", "media", json={"photo": photo})["media_id"])

    def _voice(self, seconds: int, transcript: str) -> "MediaItem":
        from reports.services.attachments import MediaItem

        media_id = self.sandbox.call("POST", "media", json={"seconds": seconds})["media_id"]
        return MediaItem("voice", media_id=media_id, duration=seconds, transcript=transcript)

    def _report(self, by: "User", category: str, text: str, address: str, *media: "MediaItem") -> uuid.UUID:
        from reports.services.submit import SubmitData, submit_report

        data = SubmitData(
            hashed_id=uuid.uuid4(),
            community="fuchen",
            category=category,
            description=text,
            address=address,
            media=media,
        )
        return submit_report(actor=by, data=data)[0].pk

    def tell(self) -> None:
        """File reports, and let them go as far as each went."""
        self._closed()
        self._refused_and_withdrawn()
        self._under_way()
        self._board_and_notice()

    def _closed(self) -> None:
        from reports.services import transitions as verbs

        for days, score in ((9, 5), (6, 4)):
            with at(days=days):
                pk = self._report(
                    self.zhao, "hygiene", "楼道里的垃圾没有清理。", "3幢2单元5楼", self._picture("rubbish")
                )
            with at(days=days, minutes=-18):
                verbs.claim_report(actor=self.wang, report_id=pk)
            with at(days=days, minutes=-75):
                verbs.resolve_report(actor=self.wang, report_id=pk, note="已清理干净", media=[self._picture("tidy")])
            with at(days=days - 1):
                verbs.confirm_report(actor=self.zhao, report_id=pk, score=score, comment="处理得很快，谢谢")
        with at(days=3):
            pk = self._report(self.sun, "security", "地下车库有陌生人逗留。", "1幢地下车库")
        with at(days=3, minutes=-4):
            verbs.claim_report(actor=self.liu, report_id=pk)
        with at(days=3, minutes=-35):
            verbs.resolve_report(actor=self.liu, report_id=pk, note="已巡查，是送货人员，已登记离开")

    def _refused_and_withdrawn(self) -> None:
        from reports.services import transitions as verbs

        with at(days=5):
            pk = self._report(self.sun, "repair", "希望把我家的灯泡换成彩色的。", "1幢1单元201")
            verbs.dismiss_report(actor=self.chen, report_id=pk, reason="户内灯具由业主自行更换，公共区域才由物业负责")
        with at(days=4):
            pk = self._report(self.zhao, "repair", "三楼的灯不亮。", "3幢2单元3楼", self._picture("lamp"))
            verbs.withdraw_report(actor=self.zhao, report_id=pk, reason="已经自己好了")
        with at(days=2):
            first = self._report(self.zhao, "hygiene", "北门垃圾桶满了，味道很大。", "北门", self._picture("rubbish"))
            again = self._report(self.sun, "hygiene", "北门的垃圾桶又满出来了。", "北门")
            verbs.merge_report(actor=self.chen, report_id=again, into_id=first)

    def _under_way(self) -> None:
        from reports.services import transitions as verbs
        from reports.services.notes import write_note

        with at(minutes=190):
            pk = self._report(
                self.sun, "repair", "卫生间的水管一直在滴水。", "1幢1单元201", self._picture("leak"), self._voice(6, "")
            )
        with at(minutes=170):
            verbs.claim_report(actor=self.liu, report_id=pk)
        with at(minutes=120):
            verbs.add_progress(actor=self.liu, report_id=pk, note="已看过现场，需要换一个接头，下午带配件来")
            write_note(actor=self.liu, report_id=pk, note="业主下午三点后在家，进门前先打电话")
        with at(minutes=55):
            self._report(self.zhao, "repair", "楼道的感应灯坏了，晚上很黑。", "3幢2单元4楼", self._picture("lamp"))

    def _board_and_notice(self) -> None:
        from accounts.models import Community
        from notices.services import publish_notice

        with at(days=1):
            self._report(self.zhao, "lost", "捡到一串钥匙，上面有小熊挂件。", "中心花园", self._picture("keys"))
        with at(minutes=240):
            publish_notice(
                actor=self.chen,
                community=Community.objects.get(slug="fuchen"),
                title="水箱清洗停水通知",
                body=NOTICE,
                pinned=True,
            )


def prepare_answers(community: "Community") -> None:
    """What its staff and managers answer often."""
    from reports.models import Category, PreparedAnswer

    categories = {category.slug: category for category in Category.objects.filter(community=community)}
    for position, (category, use, title, text) in enumerate(ANSWERS):
        PreparedAnswer.objects.create(
            community=community,
            category=categories.get(category),
            use=use,
            title=title,
            text=text,
            position=position,
        )


@contextlib.contextmanager
def at(*, days: int = 0, minutes: int = 0) -> Iterator[None]:
    """Act as if it were so long ago, so that lists and figures look like a week's."""
    from django.utils import timezone

    then: datetime = timezone.now() - timedelta(days=days, minutes=minutes)
    with mock.patch("django.utils.timezone.now", return_value=then):
        yield


if __name__ == "__main__":
    main()
