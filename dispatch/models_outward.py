"""Ways out of WeChat: robots of group chats with their ledger, and the gateway for short messages."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Community, Role
from community_report.core.ids import opaque_id
from community_report.outward.robots import ROBOTS, Robot

from .kinds import Kind

#: What a group of staff or managers is told of unless somebody chooses otherwise.
GROUP_KINDS = [
    Kind.NEW_REPORT,
    Kind.REOPENED,
    Kind.URGED,
    Kind.UNCLAIMED,
    Kind.OVERDUE,
    Kind.IGNORED,
    Kind.BINDING_PENDING,
]
#: What is worth a short message unless somebody chooses otherwise: what somebody has to act on.
SMS_KINDS = [Kind.NEW_REPORT, Kind.ASSIGNED, Kind.URGED, Kind.UNCLAIMED, Kind.OVERDUE]


def group_kinds() -> list[str]:
    return [str(kind) for kind in GROUP_KINDS]


def sms_kinds() -> list[str]:
    return [str(kind) for kind in SMS_KINDS]


class GroupRobot(models.Model):
    """A robot in a group chat of staff or managers. It posts what of its kinds goes to people of its roles."""

    class Vendor(models.TextChoices):
        WECOM = "wecom", _("企业微信")
        FEISHU = "feishu", _("飞书")
        DINGTALK = "dingtalk", _("钉钉")

    community = models.ForeignKey(Community, models.CASCADE, related_name="robots", verbose_name=_("小区"))
    name = models.CharField(_("名称"), max_length=40)
    vendor = models.CharField(_("平台"), max_length=10, choices=Vendor)
    #: Holds the robot's key, so it is shown nowhere.
    address = models.CharField(_("Webhook 地址"), max_length=500)
    secret = models.CharField(_("签名密钥"), max_length=200, blank=True)
    roles = models.ManyToManyField(Role, verbose_name=_("角色"), help_text=_("发给这些角色的消息，也发到群里"))
    kinds = models.JSONField(_("消息类型"), default=group_kinds)
    active = models.BooleanField(_("启用"), default=False)
    #: Then its address and secret are gone; what it has posted stays.
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("群机器人")
        verbose_name_plural = pgettext_lazy("复数", "群机器人")

    def __str__(self) -> str:
        return self.name

    def connect(self) -> Robot:
        return ROBOTS[self.vendor](self.address, self.secret)


class RobotPost(models.Model):
    """One message to one group: the ledger of robots, as `Delivery` is that of people."""

    class Status(models.TextChoices):
        PENDING = "pending", _("待发送")
        SENT = "sent", _("已发送")
        DEAD = "dead", _("发送失败")

    id = models.UUIDField(primary_key=True, default=opaque_id, editable=False)
    outbox = models.ForeignKey("dispatch.Outbox", models.CASCADE, related_name="robot_posts")
    robot = models.ForeignKey(GroupRobot, models.CASCADE, related_name="posts", verbose_name=_("群机器人"))
    text = models.CharField(_("内容"), max_length=300)
    path = models.CharField(max_length=200)  # of the page, below PUBLIC_BASE_URL
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.PENDING)
    code = models.CharField(_("返回码"), max_length=60, blank=True)
    attempts = models.PositiveIntegerField(_("尝试次数"), default=0)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    first_failed_at = models.DateTimeField(null=True, blank=True)
    #: How often it was posted and no answer came: each may stand in the group.
    lost_answers = models.PositiveSmallIntegerField(default=0, db_default=0)
    #: Refused together with others, so it goes by itself.
    alone = models.BooleanField(default=False)
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)
    sent_at = models.DateTimeField(_("发送时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("群消息记录")
        verbose_name_plural = _("群消息记录")
        constraints = [models.UniqueConstraint(fields=["outbox", "robot"], name="one_post_per_robot")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="pending"), name="robot_post_due"),
            models.Index(fields=["robot", "sent_at"], name="robot_post_sent"),
        ]

    def __str__(self) -> str:
        return self.text


class SmsGateway(models.Model):
    """The installation's gateway for short messages: the first active one is asked when no other way is left."""

    class Method(models.TextChoices):
        POST = "POST", "POST"
        GET = "GET", "GET"

    class ContentType(models.TextChoices):
        JSON = "application/json", "JSON"
        FORM = "application/x-www-form-urlencoded", _("表单")

    name = models.CharField(_("名称"), max_length=40)
    address = models.CharField(_("地址"), max_length=500)
    method = models.CharField(_("方法"), max_length=4, choices=Method, default=Method.POST)
    content_type = models.CharField(_("格式"), max_length=40, choices=ContentType, default=ContentType.JSON)
    headers = models.JSONField(_("请求头"), default=dict, blank=True)
    body = models.TextField(_("请求内容"), blank=True)
    secret = models.CharField(_("密钥"), max_length=200, blank=True, help_text=_("写作 {secret}"))
    sign = models.CharField(_("短信签名"), max_length=40, blank=True, help_text=_("写作 {sign}"))
    template = models.CharField(_("短信模板"), max_length=60, blank=True, help_text=_("写作 {template}"))
    params = models.JSONField(_("模板参数"), default=dict, blank=True)  # {"title": "title"}: name → value of the kind
    success_field = models.CharField(_("成功标志的字段"), max_length=60, blank=True)
    success_value = models.CharField(_("成功时的值"), max_length=60, blank=True)
    kinds = models.JSONField(_("消息类型"), default=sms_kinds)
    per_person = models.PositiveIntegerField(_("每人每天最多条数"), default=5)
    per_day = models.PositiveIntegerField(_("每天最多条数"), default=200)
    active = models.BooleanField(_("启用"), default=False)

    class Meta:
        verbose_name = _("短信网关")
        verbose_name_plural = _("短信网关")

    def __str__(self) -> str:
        return self.name
