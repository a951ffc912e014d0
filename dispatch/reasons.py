"""Why a message was not pushed, or what was answered, as a manager understands it: words for every code of the ledger.

A code is one of our own words, a return code of WeChat, or (three digits) the HTTP status of a gateway or a robot. Each
says who did not do what: nothing is laid at WeChat's door that WeChat was never asked.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community_report.outward.robots import ROBOTS
from community_report.wechat.errors import ErrorKind, kind_of

from .channel_names import SMS
from .models import Delivery, RobotPost

ROBOT_REMOVED = "robot_removed"
#: Our own: why nobody was asked to carry it, and the few answers that come without a number.
OWN: Mapping[str, Promise] = {
    "off_duty": gettext_lazy("不在岗"),
    "muted": gettext_lazy("本人不接收这类消息"),
    "ignored": gettext_lazy("本人表示不归自己处理"),
    "not_member": gettext_lazy("已不是这个小区的成员"),
    "erased": gettext_lazy("本人已注销或停用"),
    "withdrawn": gettext_lazy("公告已撤回"),
    "expired": gettext_lazy("公告已过期"),
    "no_wechat": gettext_lazy("没有用微信登录过"),
    "unfollowed": gettext_lazy("没有关注公众号"),
    "no_channel": gettext_lazy("没有可用的发送方式"),
    "too_few": gettext_lazy("人数不够群发"),
    "sms_cap": gettext_lazy("今天的短信已发满"),
    "refused": gettext_lazy("短信网关没有接收"),
    "answer_lost": gettext_lazy("短信网关没有应答，可能已收到"),
    "fault": gettext_lazy("系统没能准备好这条消息（日志里有原因）"),
    "user block": gettext_lazy("本人在微信里屏蔽了这类消息"),
    "system failed": gettext_lazy("微信发送时出错"),
    ROBOT_REMOVED: gettext_lazy("群机器人已删除"),
}
#: Of WeChat's codes, those that say something of the person.
OF_A_PERSON: Mapping[int, Promise] = {
    43004: gettext_lazy("没有关注公众号"),
    43101: gettext_lazy("没有同意接收"),
    45015: gettext_lazy("超过 48 小时没有联系公众号"),
    45047: gettext_lazy("消息发送太多，微信暂不接收"),
    48002: gettext_lazy("本人在微信里关闭了消息"),
    40003: gettext_lazy("微信账号已失效"),
    43019: gettext_lazy("本人在公众号的黑名单里"),
}
#: Every other one by its class.
OF_WECHAT: Mapping[ErrorKind, Promise] = {
    ErrorKind.TRANSIENT: gettext_lazy("微信繁忙（%(code)s）"),
    ErrorKind.TOKEN: gettext_lazy("微信不认公众号的凭证（%(code)s）"),
    ErrorKind.QUOTA: gettext_lazy("公众号的发送额度已用完（%(code)s）"),
    ErrorKind.NOT_THIS_WAY: gettext_lazy("这种方式现在发不到本人（%(code)s）"),
    ErrorKind.UNFOLLOWED: gettext_lazy("没有关注公众号（%(code)s）"),
    ErrorKind.ACCOUNT: gettext_lazy("公众号的设置、模板或权限有误（%(code)s）"),
    ErrorKind.PERSON: gettext_lazy("微信账号已失效（%(code)s）"),
    ErrorKind.MEDIA_GONE: gettext_lazy("微信没有接收（%(code)s）"),
    ErrorKind.PERMANENT: gettext_lazy("微信没有接收（%(code)s）"),
}
#: The same of robots; what their vendor does not list concerns the robot as a whole.
OF_A_ROBOT: Mapping[ErrorKind, Promise] = {
    ErrorKind.TRANSIENT: gettext_lazy("群机器人的平台繁忙（%(code)s）"),
    ErrorKind.QUOTA: gettext_lazy("群机器人发得太多，平台暂不接收（%(code)s）"),
    ErrorKind.PERMANENT: gettext_lazy("群机器人的平台不接收这条内容（%(code)s）"),
    ErrorKind.ACCOUNT: gettext_lazy("群机器人的地址、密钥或设置有误（%(code)s）"),
}
UNREACHABLE = "unreachable"


def reason_words(delivery: Delivery) -> str:
    """Why it was not pushed, or what was answered; "" where there is nothing to say."""
    return code_words(delivery.code, delivery.channel)


def code_words(code: str, channel: str = "") -> str:
    """A delivery's code in words; `channel` is the one that was asked, where that is known."""
    if code in OWN:
        return str(OWN[code])
    if code == UNREACHABLE:
        return _nobody_answered(channel)
    if _is_http(code):
        return _("短信网关出错（HTTP %(code)s）") % {"code": code}
    if (number := _number(code)) is None:
        return _("没有送达（%(code)s）") % {"code": code} if code else ""
    if number in OF_A_PERSON:
        return str(OF_A_PERSON[number])
    return str(OF_WECHAT[kind_of(number)]) % {"code": code}


def _nobody_answered(channel: str) -> str:
    if not channel:
        return _("没有应答")
    return _("短信网关没有应答") if channel == SMS else _("微信没有应答")


def post_words(post: RobotPost) -> str:
    """The same of a post of the group robot that it names."""
    code = post.code
    if not code:
        return ""
    if code == ROBOT_REMOVED:
        return str(OWN[code])
    if code == UNREACHABLE:
        return _("群机器人的平台没有应答")
    if _is_http(code):
        return _("群机器人的平台出错（HTTP %(code)s）") % {"code": code}
    number = _number(code)
    kind = ErrorKind.ACCOUNT if number is None else ROBOTS[post.robot.vendor].codes.get(number, ErrorKind.ACCOUNT)
    return str(OF_A_ROBOT[kind]) % {"code": code}


def _is_http(code: str) -> bool:
    return code.isdecimal() and len(code) == 3


def _number(code: str) -> int | None:
    digits = code.removeprefix("-")
    return int(code) if digits.isascii() and digits.isdigit() else None
