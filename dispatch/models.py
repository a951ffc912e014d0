"""The outbox, the ledger of deliveries, what WeChat sent us, and the templates of the account."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Community, Membership
from community_report.core.ids import opaque_id
from notices.models import Notice
from reports.models import Report

from .kinds import BROADCASTS, Kind
from .models_outward import GroupRobot, RobotPost, SmsGateway

__all__ = [
    "Contact", "Delivery", "DomainProof", "Grant", "GroupMessage", "GroupRobot", "InboundMessage", "MessageForm",
    "Outbox", "RobotPost", "SmsGateway", "SubscriptionTemplate", "Template", "Trouble",
]  # fmt: skip


class Outbox(models.Model):
    """Something that has to be told, written in the transaction that caused it. `route` works out its people."""

    id = models.BigAutoField(primary_key=True)
    #: What makes it the same: "event:41", "notice:…", "binding:…:active". A second insert is the first one.
    key = models.CharField(_("标识"), max_length=120, unique=True)
    kind = models.CharField(_("消息类型"), max_length=20, choices=Kind)
    community = models.ForeignKey(
        Community, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("小区")
    )
    report = models.ForeignKey(Report, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("报单"))
    notice = models.ForeignKey(Notice, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("公告"))
    membership = models.ForeignKey(
        Membership, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("绑定")
    )
    #: The actor is not told of their own deed. `data["occasion"]` is what happened: a key of `occasions.OCCASIONS`.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("谁做的")
    )
    data = models.JSONField(_("附带数据"), default=dict, blank=True)
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)
    routed_at = models.DateTimeField(_("分发时间"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("尝试次数"), default=0)
    error = models.CharField(_("错误"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("待分发")
        verbose_name_plural = _("待分发")
        indexes = [models.Index(fields=["id"], condition=Q(routed_at__isnull=True), name="outbox_unrouted")]

    def __str__(self) -> str:
        return self.key


class GroupMessage(models.Model):
    """One call of message/mass/send: a notice to a list of people, who share its words. Its id is the clientmsgid."""

    class Status(models.TextChoices):
        PENDING = "pending", _("待发送")
        SENT = "sent", _("已发送")
        FAILED = "failed", _("改用其他方式")

    id = models.UUIDField(primary_key=True, default=opaque_id, editable=False)
    outbox = models.ForeignKey(Outbox, models.CASCADE, related_name="group_messages")
    text = models.CharField(_("内容"), max_length=300)
    path = models.CharField(max_length=200)
    people = models.PositiveIntegerField(_("人数"))
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.PENDING)
    code = models.CharField(_("返回码"), max_length=60, blank=True)
    attempts = models.PositiveIntegerField(_("尝试次数"), default=0)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    first_failed_at = models.DateTimeField(null=True, blank=True)
    message_id = models.CharField(max_length=64, blank=True, db_index=True)
    #: What the finish event said: numbers of people, no names.
    result = models.JSONField(_("微信的结果"), default=dict, blank=True)
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)
    sent_at = models.DateTimeField(_("发送时间"), null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("群发")
        verbose_name_plural = pgettext_lazy("复数", "群发")
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="pending"), name="group_message_due"),
            models.Index(fields=["id"], condition=Q(settled_at__isnull=True), name="group_message_unsettled"),
        ]

    def __str__(self) -> str:
        return self.text


class Delivery(models.Model):
    """One message to one person, by whatever channel; also that person's inbox entry, whatever WeChat did with it."""

    class Status(models.TextChoices):
        PENDING = "pending", _("待发送")
        SENT = "sent", _("已发送")
        DELIVERED = "delivered", _("已送达")
        SKIPPED = "skipped", _("未推送")
        DEAD = "dead", _("发送失败")

    id = models.UUIDField(primary_key=True, default=opaque_id, editable=False)
    # No index of their own where one of those below begins with the column: every change of a row is written into each.
    outbox = models.ForeignKey(Outbox, models.CASCADE, related_name="deliveries", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="deliveries",
        db_index=False,
        verbose_name=_("收件人"),
    )
    kind = models.CharField(_("消息类型"), max_length=20, choices=Kind)
    community = models.ForeignKey(Community, models.CASCADE, null=True, blank=True, related_name="+", db_index=False)
    report = models.ForeignKey(
        Report, models.CASCADE, null=True, blank=True, related_name="deliveries", db_index=False, verbose_name=_("报单")
    )
    notice = models.ForeignKey(
        Notice, models.CASCADE, null=True, blank=True, related_name="deliveries", db_index=False, verbose_name=_("公告")
    )
    #: Told because they follow the report: sees no notes of a private one.
    follower = models.BooleanField(default=False)
    text = models.CharField(_("内容"), max_length=300)
    path = models.CharField(max_length=200)  # of the page, below PUBLIC_BASE_URL
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.PENDING)
    channel = models.CharField(_("渠道"), max_length=20, blank=True)  # the one in use or that took it
    tried = models.JSONField(default=list, blank=True)  # channels that said "not this way"
    code = models.CharField(_("返回码"), max_length=60, blank=True)
    attempts = models.PositiveIntegerField(_("尝试次数"), default=0)
    #: When it goes; when it died, of what is dead.
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    #: The row of failures by the channel in use that only waiting can mend: its beginning and its end.
    first_failed_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    #: Too many at once for this person: told in one message with others, as the row `leader`.
    gathered = models.BooleanField(default=False)
    leader = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="led")
    group_message = models.ForeignKey(
        GroupMessage, models.SET_NULL, null=True, blank=True, related_name="deliveries", verbose_name=_("群发")
    )
    message_id = models.CharField(max_length=64, blank=True)  # WeChat's msgid, for the finish event
    #: How often WeChat took the message and then told us that it failed.
    resends = models.PositiveSmallIntegerField(default=0)
    #: How often a short message was sent and no answer came: each may have arrived.
    lost_answers = models.PositiveSmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)
    sent_at = models.DateTimeField(_("发送时间"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("送达时间"), null=True, blank=True)
    read_at = models.DateTimeField(_("阅读时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("消息记录")
        verbose_name_plural = pgettext_lazy("复数", "消息记录")
        constraints = [models.UniqueConstraint(fields=["outbox", "user"], name="one_delivery_per_person")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="pending"), name="delivery_due"),
            # What goes first, while thousands of broadcasts are due as well.
            models.Index(
                fields=["due_at"],
                condition=Q(status="pending") & ~Q(kind__in=BROADCASTS),
                name="delivery_due_first",
            ),
            models.Index(fields=["user", "-created_at", "id"]),
            models.Index(fields=["user"], condition=Q(read_at__isnull=True), name="delivery_unread"),
            models.Index(fields=["report", "-created_at"]),
            # In the order in which the list of notices counts each notice's people.
            models.Index(
                fields=["notice", "user", "status"], condition=Q(notice__isnull=False), name="delivery_of_notice"
            ),
            models.Index(fields=["status", "-created_at"]),
            models.Index(fields=["message_id"], condition=~Q(message_id=""), name="delivery_message_id"),
            models.Index(fields=["community", "-created_at", "-id"], name="delivery_of_community"),
            models.Index(fields=["user", "sent_at"], condition=Q(kind="new_report"), name="delivery_pushed"),
            models.Index(fields=["failed_at"], condition=Q(status="pending"), name="delivery_waiting"),
            models.Index(fields=["sent_at"], condition=Q(channel="sms"), name="delivery_by_sms"),
            models.Index(
                fields=["outbox"],
                condition=Q(status="pending", channel="mass", group_message__isnull=True),
                name="delivery_unlisted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} → {self.user}"


class _TemplateOfKind(models.Model):
    """Which template serves a kind: its id, and which of the kind's values goes into which field."""

    kind = models.CharField(_("消息类型"), max_length=20, choices=Kind, unique=True)
    template_id = models.CharField(_("模板 ID"), max_length=64)
    fields = models.JSONField(_("字段"), default=dict)  # {"thing1": "title"}

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.get_kind_display()


class Template(_TemplateOfKind):
    """A template message: goes to everybody who follows the account."""

    class Meta:
        verbose_name = _("消息模板")
        verbose_name_plural = pgettext_lazy("复数", "消息模板")


class SubscriptionTemplate(_TemplateOfKind):
    """A subscription message: goes to who agreed to it, once for each time."""

    class Meta:
        verbose_name = _("订阅模板")
        verbose_name_plural = _("订阅模板")


class Grant(models.Model):
    """How many messages of a subscription template a person has agreed to and not been sent yet."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="grants", verbose_name=_("人员"))
    template_id = models.CharField(_("模板 ID"), max_length=64)
    left = models.PositiveIntegerField(_("剩余次数"), default=0)

    class Meta:
        verbose_name = _("订阅授权")
        verbose_name_plural = _("订阅授权")
        constraints = [models.UniqueConstraint(fields=["user", "template_id"], name="one_grant_per_template")]

    def __str__(self) -> str:
        return f"{self.user} {self.template_id}"


class MessageForm(models.Model):
    """How a kind looks where it goes out as a customer-service message; a kind without a row is a text with a link."""

    class Form(models.TextChoices):
        TEXT = "text", _("文字")
        NEWS = "news", _("图文")

    kind = models.CharField(_("消息类型"), max_length=20, choices=Kind, unique=True)
    form = models.CharField(_("形式"), max_length=10, choices=Form, default=Form.TEXT)
    picture_url = models.URLField(_("图片地址"), blank=True)  # of a picture-and-text message

    class Meta:
        verbose_name = _("消息形式")
        verbose_name_plural = _("消息形式")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.get_form_display()}"


class Trouble(models.Model):
    """What keeps messages back and no retry mends: WeChat silent, a wrong template. Gone when it works."""

    key = models.CharField(_("标识"), max_length=60, unique=True)  # "silent", "quota:text", "40037:template:new_report"
    #: What WeChat refuses everybody with, of a silence; the others have theirs in the key.
    code = models.CharField(_("返回码"), max_length=20, blank=True, default="", db_default="")
    detail = models.CharField(_("说明"), max_length=200)
    times = models.PositiveIntegerField(_("次数"), default=1)
    since = models.DateTimeField(_("开始时间"))
    last_at = models.DateTimeField(_("最近一次"))
    told_at = models.DateTimeField(_("通知时间"), null=True, blank=True)  # when the managers were told
    probed_at = models.DateTimeField(_("试探时间"), null=True, blank=True)  # when a message was last made due to ask

    class Meta:
        verbose_name = _("故障")
        verbose_name_plural = pgettext_lazy("复数", "故障")
        ordering = ["since"]

    def __str__(self) -> str:
        return self.key


class InboundMessage(models.Model):
    """What WeChat posted to the callback, once; stored before it is answered."""

    #: MsgId, or FromUserName+CreateTime+Event+EventKey+MsgID.
    key = models.CharField(max_length=300, unique=True)
    openid = models.CharField(max_length=64, db_index=True)
    kind = models.CharField(_("类型"), max_length=20)  # text, image, …, event
    event = models.CharField(_("事件"), max_length=40, blank=True)
    payload = models.JSONField()
    reply = models.TextField(_("回复"), blank=True)  # the answer, given again to a redelivery
    received_at = models.DateTimeField(_("收到时间"), auto_now_add=True)
    handled_at = models.DateTimeField(_("处理时间"), null=True, blank=True)
    error = models.CharField(_("错误"), max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(_("重新处理次数"), default=0, db_default=0)

    class Meta:
        verbose_name = _("微信来信")
        verbose_name_plural = pgettext_lazy("复数", "微信来信")
        indexes = [models.Index(fields=["id"], condition=Q(handled_at__isnull=True), name="inbound_unhandled")]

    def __str__(self) -> str:
        return f"{self.kind} {self.event}"


class Contact(models.Model):
    """What is known of a person's bond with the official account, by the CreateTime of what WeChat told us."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="contact", verbose_name=_("人员")
    )
    subscribed = models.BooleanField(_("已关注"), default=True)
    subscription_changed_at = models.DateTimeField(_("关注或取消关注"), null=True, blank=True)
    last_message_at = models.DateTimeField(_("上次来信"), null=True, blank=True)  # opens 48 hours for five messages
    #: A menu tap, a follow, a scan: one minute for three.
    last_action_at = models.DateTimeField(_("上次点击菜单、关注或扫码"), null=True, blank=True)

    class Meta:
        verbose_name = _("微信关系")
        verbose_name_plural = pgettext_lazy("复数", "微信关系")


class DomainProof(models.Model):
    """The text of /MP_verify_<word>.txt, by which WeChat checks that the domain is ours."""

    word = models.SlugField(_("文件名中的字符"), max_length=64, unique=True)
    text = models.CharField(_("文件内容"), max_length=200)

    class Meta:
        verbose_name = _("域名校验文件")
        verbose_name_plural = pgettext_lazy("复数", "域名校验文件")

    def __str__(self) -> str:
        return f"MP_verify_{self.word}.txt"
