"""Notices: published by a manager to an audience, pushed, read and counted."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Building, Community, Role
from community_report.core.ids import opaque_id
from reports.models import Attachment

from .querysets import NoticeQuerySet


class Notice(models.Model):
    """公告. Who it is for: `services.Audience`."""

    class State(models.TextChoices):
        SCHEDULED = "scheduled", _("等待发布")
        CURRENT = "current", _("有效")
        EXPIRED = "expired", _("已过期")
        WITHDRAWN = "withdrawn", _("已撤回")

    id = models.UUIDField(primary_key=True, default=opaque_id, editable=False)
    #: Made by who sends it: the same again is the same notice.
    hashed_id = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    community = models.ForeignKey(Community, models.CASCADE, related_name="notices", verbose_name=_("小区"))
    title = models.CharField(_("标题"), max_length=80)
    body = models.TextField(_("正文"))
    roles = models.ManyToManyField(Role, blank=True, related_name="+", verbose_name=_("角色"))
    buildings = models.ManyToManyField(Building, blank=True, related_name="+", verbose_name=_("楼栋"))
    pinned = models.BooleanField(_("置顶"), default=False)
    publish_at = models.DateTimeField(_("定时发布"), null=True, blank=True)
    published_at = models.DateTimeField(_("发布时间"), null=True, blank=True, editable=False)
    #: From then on it is over: no longer listed, counted as unread, pushed or reminded of; its link still opens it.
    expires_at = models.DateTimeField(_("到期时间"), null=True, blank=True)
    by_group_message = models.BooleanField(
        _("用群发"), default=False, help_text=_("一条微信群发给所有人；每人每月最多收到四条群发")
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("发布人")
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("撤回人"),
    )
    #: When who had not read it was last reminded, and how often that was done.
    reminded_at = models.DateTimeField(_("上次提醒"), null=True, blank=True, editable=False)
    reminders = models.PositiveIntegerField(default=0, editable=False)

    read_: bool  # annotated by `with_read_mark`

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("名词", "公告")
        verbose_name_plural = _("公告")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["community", "-created_at"]),
            models.Index(
                fields=["publish_at"],
                condition=Q(published_at__isnull=True, withdrawn_at__isnull=True),
                name="notice_due",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(published_at=None) | Q(expires_at__gt=F("published_at")),
                name="notice_expires_after_publication",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def ended(self, now: datetime) -> str:
        """Why nobody is to be told of it any more: "withdrawn", "expired", or "" while it stands."""
        if self.withdrawn_at is not None:
            return self.State.WITHDRAWN.value
        return self.State.EXPIRED.value if self.expires_at is not None and self.expires_at <= now else ""

    def state(self, now: datetime) -> State:
        """What it is now; `NoticeQuerySet.in_state` finds those."""
        if ended := self.ended(now):
            return self.State(ended)
        return self.State.CURRENT if self.published_at else self.State.SCHEDULED


class NoticePicture(models.Model):
    """One of a notice's pictures, in their order; its file goes the way of the reports' pictures."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="pictures", verbose_name=_("公告"))
    attachment = models.OneToOneField(Attachment, models.CASCADE, related_name="notice_picture")
    position = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("公告图片")
        verbose_name_plural = _("公告图片")
        ordering = ["position", "id"]


class NoticeRead(models.Model):
    """When a person first opened a notice."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="reads", verbose_name=_("公告"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("人员"))
    read_at = models.DateTimeField(_("阅读时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("阅读记录")
        verbose_name_plural = pgettext_lazy("复数", "阅读记录")
        constraints = [models.UniqueConstraint(fields=["notice", "user"], name="notice_read_once")]


class GroupMessageCount(models.Model):
    """How many group messages a person was sent in a calendar month (of Asia/Shanghai): WeChat delivers four."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("人员"))
    month = models.DateField(_("月份"))  # its first day
    sent = models.PositiveSmallIntegerField(_("已群发"), default=0)

    class Meta:
        verbose_name = _("群发次数")
        verbose_name_plural = _("群发次数")
        constraints = [models.UniqueConstraint(fields=["user", "month"], name="one_count_per_month")]
