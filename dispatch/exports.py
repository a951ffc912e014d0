"""What the back office gives out of dispatch as a table."""

from django.utils.translation import gettext_lazy as _

from community_report.core.admin_export import EXPORTED
from community_report.core.tables import Column

from .kinds import Kind
from .models import Delivery
from .reasons import code_words
from .wording import channel_words

KINDS, STATUSES = dict(Kind.choices), dict(Delivery.Status.choices)

EXPORTED["dispatch.Delivery"] = (
    Column(_("创建时间"), "created_at"),
    Column(_("收件人"), "user__display_name"),
    Column(_("消息类型"), "kind", lambda word: str(KINDS.get(word, word))),
    Column(_("报单编号"), "report__number"),
    Column(_("公告"), "notice__title"),
    Column(_("渠道"), "channel", channel_words),
    Column(_("状态"), "status", lambda word: str(STATUSES.get(word, word))),
    Column(_("返回码"), "code"),
    Column(_("结果"), "code", code_words),
    Column(_("尝试次数"), "attempts"),
    Column(_("发送时间"), "sent_at"),
    Column(_("送达时间"), "delivered_at"),
    Column(_("阅读时间"), "read_at"),
)
