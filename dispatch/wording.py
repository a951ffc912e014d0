"""What messages say, in the language that is active, and which page they lead to. One table each."""

from collections.abc import Mapping
from typing import Any

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Membership, User
from reports.models import Report

from .kinds import Kind
from .models import Outbox
from .remedies import why

#: As long as `Delivery.text`.
MAX_LENGTH = 300
WORK_PAGE = "/h5/work"

#: By kind, or by occasion where that says more. A follower of a private report may read all of these.
SENTENCES: Mapping[str, Promise] = {
    # The paper's own words, with the tag's name.
    Kind.NEW_REPORT: gettext_lazy("您收到【%(tag)s】消息，请及时查看"),
    Kind.CLAIMED: gettext_lazy("报单「%(title)s」已有人接单处理"),
    Kind.PROGRESS: gettext_lazy("报单「%(title)s」有新的进展"),
    Kind.RELEASED: gettext_lazy("报单「%(title)s」已退回，正在重新安排"),
    Kind.RESOLVED: gettext_lazy("报单「%(title)s」已处理，请查看结果"),
    Kind.CLOSED: gettext_lazy("报单「%(title)s」已完成"),
    Kind.DISMISSED: gettext_lazy("报单「%(title)s」被驳回"),
    Kind.MERGED: gettext_lazy("报单「%(title)s」已并入同一问题的报单"),
    Kind.REOPENED: gettext_lazy("报单「%(title)s」没有解决，请继续处理"),
    Kind.URGED: gettext_lazy("报单「%(title)s」有人催办，请尽快处理"),
    Kind.ASSIGNED: gettext_lazy("报单「%(title)s」已指派给您，请及时处理"),
    Kind.RATED: gettext_lazy("报单「%(title)s」收到评价：%(score)s 分"),
    Kind.UNCLAIMED: gettext_lazy("报单「%(title)s」超过时限还没有人接单"),
    Kind.OVERDUE: gettext_lazy("报单「%(title)s」超过时限还没有解决"),
    Kind.IGNORED: gettext_lazy("报单「%(title)s」没有人处理，请安排"),
    Kind.BOARD_POST: gettext_lazy("小区里有新的%(category)s：「%(title)s」"),
    Kind.NOTICE: gettext_lazy("小区公告：%(title)s"),
    Kind.BINDING_PENDING: gettext_lazy("%(name)s 申请绑定 %(home)s，请审核"),
    "assign:released": gettext_lazy("报单「%(title)s」已转给其他同事处理"),
    "close:closed": gettext_lazy("报单「%(title)s」已自动完成"),
    "withdraw:closed": gettext_lazy("报单「%(title)s」已撤回"),
    "restore:reopened": gettext_lazy("报单「%(title)s」已恢复，正在重新安排"),
    "lease:urged": gettext_lazy("报单「%(title)s」很久没有进展了，请更新"),
    "notice_reminded:notice": gettext_lazy("您还没有看小区公告：%(title)s"),
    "claim_soon:urged": gettext_lazy("报单「%(title)s」快到接单时限了，请尽快接单"),
    "due_soon:urged": gettext_lazy("报单「%(title)s」快到解决时限了，请尽快处理"),
    "unclaimed_again:unclaimed": gettext_lazy("报单「%(title)s」仍然没有人接单，请安排"),
    "overdue_again:overdue": gettext_lazy("报单「%(title)s」仍然没有解决，请安排"),
    "channel_stopped:notice": gettext_lazy("消息推送故障：%(channel)s发不出去：%(why)s。请联系系统管理员"),
    "channel_works:notice": gettext_lazy("消息推送恢复：%(channel)s又可以发送了"),
    "comment:progress": gettext_lazy("报单「%(title)s」的上报人补充了说明"),
    "still_there:progress": gettext_lazy("「%(title)s」还需要继续展示吗？请确认"),
    "board_asked:progress": gettext_lazy("有邻居就「%(title)s」给您留言了"),
    "board_answered:progress": gettext_lazy("「%(title)s」的发布人回复您了"),
    "media_failed:progress": gettext_lazy("有一份图片或语音没有收到，请重新发送"),
    "message_drafted:progress": gettext_lazy("您在聊天中发来的内容已整理成报单草稿，请补充并提交"),
    "message_failed:progress": gettext_lazy("您在聊天中发来的内容没有整理成功，请在线填写"),
    "binding_contested:binding_decided": gettext_lazy("有人申请绑定您登记的 %(home)s，如有疑问请联系物业"),
    "binding_made:binding_decided": gettext_lazy("%(masked)s 已绑定您家 %(home)s，如有疑问请联系物业"),
    "active:binding_decided": gettext_lazy("您的身份绑定已通过：%(community)s %(role)s"),
    "rejected:binding_decided": gettext_lazy("您的身份绑定没有通过：%(reason)s"),
    "revoked:binding_decided": gettext_lazy("您的身份绑定已解除：%(community)s %(role)s"),
}


#: What happened, where a template has room for a word alone: in Chinese at most five characters, all a phrase takes.
NEWS: Mapping[str, Promise] = {
    Kind.NEW_REPORT: gettext_lazy("有新报单"),
    Kind.CLAIMED: gettext_lazy("已接单"),
    Kind.PROGRESS: gettext_lazy("有新进展"),
    Kind.RELEASED: gettext_lazy("重新安排"),
    Kind.RESOLVED: gettext_lazy("已处理"),
    Kind.CLOSED: gettext_lazy("已完成"),
    Kind.DISMISSED: gettext_lazy("被驳回"),
    Kind.MERGED: gettext_lazy("已合并"),
    Kind.REOPENED: gettext_lazy("没有解决"),
    Kind.URGED: gettext_lazy("业主催办"),
    Kind.ASSIGNED: gettext_lazy("指派给您"),
    Kind.RATED: gettext_lazy("收到评价"),
    Kind.UNCLAIMED: gettext_lazy("无人接单"),
    Kind.OVERDUE: gettext_lazy("超时未解决"),
    Kind.IGNORED: gettext_lazy("无人处理"),
    Kind.BOARD_POST: gettext_lazy("有新发布"),
    Kind.NOTICE: gettext_lazy("有新公告"),
    Kind.BINDING_PENDING: gettext_lazy("待审核"),
    "assign:claimed": gettext_lazy("已安排人员"),
    "withdraw:closed": gettext_lazy("已撤回"),
    "restore:reopened": gettext_lazy("已恢复"),
    "lease:urged": gettext_lazy("请更新进展"),
    "claim_soon:urged": gettext_lazy("快到时限"),
    "due_soon:urged": gettext_lazy("快到时限"),
    "notice_reminded:notice": gettext_lazy("公告未读"),
    "channel_stopped:notice": gettext_lazy("推送故障"),
    "channel_works:notice": gettext_lazy("推送恢复"),
    "comment:progress": gettext_lazy("有补充说明"),
    "still_there:progress": gettext_lazy("是否仍有效"),
    "board_asked:progress": gettext_lazy("有新留言"),
    "board_answered:progress": gettext_lazy("有新回复"),
    "media_failed:progress": gettext_lazy("附件没收到"),
    "message_drafted:progress": gettext_lazy("草稿已整理"),
    "message_failed:progress": gettext_lazy("请在线填写"),
    "binding_contested:binding_decided": gettext_lazy("有人申请"),
    "binding_made:binding_decided": gettext_lazy("有人绑定"),
    "active:binding_decided": gettext_lazy("绑定已通过"),
    "rejected:binding_decided": gettext_lazy("绑定未通过"),
    "revoked:binding_decided": gettext_lazy("绑定已解除"),
}


def sentence(box: Outbox) -> str:
    """The message in one sentence, at most `MAX_LENGTH` characters."""
    return _one_line(_of_occasion(SENTENCES, box) % _words(box))[:MAX_LENGTH]


def retold(text: str, box: Outbox) -> str:
    """The stored `text` of a message in the language that is active, where what it was made of still says the same."""
    versions = {language: _in(language, box) for language in User.Language.values}
    return versions.get(str(translation.get_language()), text) if text in versions.values() else text


def _in(language: str, box: Outbox) -> str:
    """The sentence in that language; "" where what it names is gone."""
    with translation.override(language):
        try:
            return sentence(box)
        except KeyError:
            return ""


def news(box: Outbox) -> str:
    """The message in a word or two."""
    return _of_occasion(NEWS, box)


def _of_occasion(table: Mapping[str, Promise], box: Outbox) -> str:
    occasion = str(box.data.get("occasion"))
    if occasion == "binding_decided":
        occasion = str(box.data.get("status"))
    return str(table.get(f"{occasion}:{box.kind}") or table[box.kind])


#: In a group of staff or managers, who are many and elsewhere: nobody's name, and nobody is addressed.
GROUP_SENTENCES: Mapping[str, Promise] = {
    Kind.NEW_REPORT: gettext_lazy("新报单【%(tag)s】「%(title)s」，请及时处理"),
    Kind.BINDING_PENDING: gettext_lazy("有新的身份绑定申请，请审核"),
}


def group_sentence(box: Outbox) -> str:
    """The message as a group chat is told it, at most `MAX_LENGTH` characters."""
    pattern = GROUP_SENTENCES.get(box.kind)
    return _one_line(str(pattern) % _words(box))[:MAX_LENGTH] if pattern else sentence(box)


#: What managers call the ways out.
CHANNELS: Mapping[str, Promise] = {
    "": gettext_lazy("微信"),
    "template": gettext_lazy("模板消息"),
    "text": gettext_lazy("客服消息"),
    "news": gettext_lazy("图文消息"),
    "bizsend": gettext_lazy("订阅消息"),
    "mass": gettext_lazy("群发"),
    "sms": gettext_lazy("短信"),
    "robot": gettext_lazy("群机器人"),
}


def channel_words(channel: str) -> str:
    """The name of the channel that a delivery was given to; "" where there was none yet."""
    return str(CHANNELS.get(channel, channel)) if channel else ""


def gathered_sentence(count: int) -> str:
    """For several new reports in one message."""
    return ngettext("您有 %(count)d 条新报单，请及时查看", "您有 %(count)d 条新报单，请及时查看", count) % {
        "count": count
    }


def page_of(box: Outbox) -> str:
    """The page that the message leads to: a path below PUBLIC_BASE_URL."""
    if box.report_id:
        return f"/h5/reports/{box.report_id}"
    if box.notice_id:
        return f"/h5/notices/{box.notice_id}"
    if notice := box.data.get("notice"):  # a picture of it is missing
        return f"/h5/notices/{notice}/edit"
    if draft := box.data.get("draft"):
        return f"/h5/reports/new?draft={draft}"
    if str(box.data.get("occasion")).startswith("channel_"):
        return "/h5/manage/unreached"
    if box.data.get("occasion") == "message_failed":
        return "/h5/reports/new"
    return "/h5/manage/people" if box.kind == Kind.BINDING_PENDING else "/h5/me"


def tag_names(report: Report) -> str:
    """The report's tags; a report without any is called by its category."""
    return "、".join(tag.name for tag in report.tags.all()) or report.category.name


def home_words(membership: Membership) -> str:
    """The home as the roster has it, else as the person stated it."""
    if membership.home:
        return str(membership.home)
    stated = membership.stated_home or {}
    return "".join(str(stated.get(part, "")) for part in ("building", "unit", "room")) or membership.community.name


def _words(box: Outbox) -> dict[str, str]:
    """Whatever the sentences name."""
    if box.report:
        score = str(box.data.get("score", ""))
        return {
            "title": box.report.title,
            "category": box.report.category.name,
            "tag": tag_names(box.report),
            "score": score,
        }
    if box.notice:
        return {"title": box.notice.title}
    if "way" in box.data:
        return _words_of_trouble(box.data)
    if box.membership is None:
        return {}
    bound = box.membership
    return {
        "name": bound.name or _("业主"),
        "masked": bound.name[:1] + "**" if bound.name else _("有人"),
        "home": home_words(bound),
        "community": bound.community.name,
        "role": bound.role.name,
        "reason": bound.reason or "-",
    }


def _words_of_trouble(data: Mapping[str, Any]) -> dict[str, str]:
    """`way` as troubles name it: a channel, with the kind of a template or the number of a robot."""
    channel, _colon, kind = str(data["way"]).partition(":")
    detail = data.get("name") or (Kind(kind).label if kind in Kind.values else "")
    return {"channel": f"{CHANNELS[channel]}「{detail}」" if detail else str(CHANNELS[channel]), "why": why(data)}


def _one_line(text: str) -> str:
    return " ".join(text.split())
