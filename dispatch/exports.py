"""What the back office gives out of dispatch as a table."""

from django.utils.translation import gettext_lazy as _

from community_report.core.admin_export import EXPORTED, Column, Table, in_words

from .kinds import Kind
from .models import Delivery
from .reasons import code_words
from .wording import channel_words


class DeliveryTable(Table):
    created_at = Column(_("创建时间"), "created_at")
    user = Column(_("收件人"), "user__display_name")
    kind = Column(_("消息类型"), "kind", in_words(dict(Kind.choices)))
    report = Column(_("报单编号"), "report__number")
    notice = Column(_("公告"), "notice__title")
    channel = Column(_("渠道"), "channel", channel_words)
    status = Column(_("状态"), "status", in_words(dict(Delivery.Status.choices)))
    code = Column(_("返回码"), "code")
    result = Column(_("结果"), "code", code_words)
    attempts = Column(_("尝试次数"), "attempts")
    sent_at = Column(_("发送时间"), "sent_at")
    delivered_at = Column(_("送达时间"), "delivered_at")
    read_at = Column(_("阅读时间"), "read_at")


EXPORTED["dispatch.Delivery"] = DeliveryTable
