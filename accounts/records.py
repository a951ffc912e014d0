"""操作记录: who did what, when and from where. Written by `accounts.services.recording` alone."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from community_report.core.search import Pairs

from .people_words import PERMISSION_WORDS

#: What the words of `Record.action` mean to people; apps above add theirs with `name_actions`.
ACTIONS: dict[str, str | Promise] = {
    "login": _("登录"),
    "logout": _("退出登录"),
    "login_failed": _("登录失败"),
    "locked_out": _("登录已锁定"),
    "refused": _("已拒绝"),
    "request": _("网页操作"),
    "admin_add": _("后台新增"),
    "admin_change": _("后台修改"),
    "admin_delete": _("后台删除"),
    "export": _("导出数据"),
    "binding_active": _("通过绑定"),
    "binding_rejected": _("拒绝绑定"),
    "binding_revoked": _("解除绑定"),
    "binding_requested": _("申请绑定"),
    "binding_made": _("自动绑定"),
    "role_given": _("授予角色"),
    "permissions_set": _("设置权限"),
    "invited": _("发出邀请"),
    "invitation_used": _("接受邀请"),
    "invitation_withdrawn": _("作废邀请"),
    "admin_link": _("生成后台登录链接"),
    "password_set": _("设置后台密码"),
    "erased": _("注销账号"),
    "headquarters_given": _("设为总部人员"),
    "headquarters_taken": _("取消总部身份"),
    "person_disabled": _("停用账号"),
    "person_enabled": _("恢复账号"),
    "roster_imported": _("导入名册"),
    "roster_import_undone": _("撤销名册导入"),
}
#: What is written where somebody was kept from something.
REFUSALS = ("login_failed", "locked_out", "refused")
#: Why the back office refused, by the code of the refusal, which is what a record keeps: without the names that its
#: sentence may hold, and in the language of who reads it.
REFUSED_FOR: dict[str, str | Promise] = {
    "permission_denied": _("没有权限"),
    "not_bound": _("没有权限"),
    "not_found": _("属于别处，或已不存在"),
    "wrong_state": _("当前状态下不能这样做"),
    "already_claimed": _("已被别人接单"),
    "gone": _("已不存在"),
    "invite_expired": _("邀请已过期或作废"),
    "invite_used": _("邀请已用过"),
    "duplicate_id": _("编号已被使用"),
    "throttled": _("太频繁"),
}


def name_actions(names: dict[str, str | Promise]) -> None:
    """An app above says what its own actions are called."""
    ACTIONS.update(names)


def explained(detail: str) -> str:
    """What a record says beside its deed: codes of a refusal, and permissions given (+) and taken (-), in words;
    anything else (older refusals too) as it is.
    """
    codes = detail.split()
    if set(codes) <= REFUSED_FOR.keys():
        return "，".join(str(REFUSED_FOR[code]) for code in codes)
    if {code[1:] for code in codes} <= PERMISSION_WORDS.keys():
        return "，".join(f"{code[0]}{PERMISSION_WORDS[code[1:]]}" for code in codes)
    return detail


class RecordQuerySet(models.QuerySet["Record"]):
    def of_communities(self, communities: frozenset[int]) -> "RecordQuerySet":
        """What happened in these communities, and what their people did where no community was named (logins)."""
        from .models import Membership  # records are part of the models

        members = Membership.objects.filter(community__in=communities, status=Membership.Status.ACTIVE).values("user")
        return self.filter(Q(community__in=communities) | Q(community=None, actor__in=members))


class Record(models.Model):
    """One deed or one refusal. Append-only, in the database as well: only rows past their time can be deleted."""

    at = models.DateTimeField(_("时间"), default=timezone.now)
    community = models.ForeignKey(
        "accounts.Community",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("小区"),
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("谁"),
    )
    #: Whom it was done to, where that is a person: their name is theirs, and goes when they go.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("对谁"),
    )
    action = models.CharField(_("做了什么"), max_length=40)
    #: What it was done to, in words: a report's number, a role.
    subject = models.CharField(_("对象"), max_length=200, blank=True)
    detail = models.CharField(_("说明"), max_length=300, blank=True)
    path = models.CharField(_("页面"), max_length=200, blank=True)  # "POST /api/v1/reports/…/claim"
    address = models.GenericIPAddressField(_("网络地址"), null=True, blank=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("操作记录")
        verbose_name_plural = pgettext_lazy("复数", "操作记录")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["at"]),
            models.Index(fields=["community", "-id"]),
            models.Index(fields=["actor", "-id"]),
            models.Index(fields=["at"], condition=Q(action__in=REFUSALS), name="record_refused"),
            models.Index(fields=["person"], condition=Q(person__isnull=False), name="record_of_person"),
            GinIndex(Pairs(Upper("subject")), condition=~Q(subject=""), name="record_subject_pairs"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.subject}".strip()

    @property
    def label(self) -> str:
        """What was done, in words."""
        return str(ACTIONS.get(self.action, self.action))

    @property
    def explained(self) -> str:
        """The detail, in words."""
        return explained(self.detail)
