"""Communities, their homes and roles, and the people in them."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, Group, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from community_report.core.ids import opaque_id, short_code

from .hours import validate_time_zone, validate_working_hours
from .querysets import MembershipQuerySet, ShiftQuerySet
from .records import Record as Record
from .roster_imports import RosterImport as RosterImport
from .rota import refuse_overlap


def default_muted_kinds() -> list[str]:
    """The board is pushed to the residents who switch it on, so it starts muted."""
    return ["board_post"]


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str | None = None, password: str | None = None, **fields: Any) -> "User":
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(username, password, is_superuser=True, display_name=username, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person: known by the OpenID of the official account, by an admin name, or (erased) by neither."""

    class Language(models.TextChoices):
        CHINESE = "zh-hans", _("简体中文")
        ENGLISH = "en", "English"

    id = models.UUIDField(primary_key=True, default=opaque_id, editable=False)
    openid = models.CharField(_("OpenID"), max_length=64, unique=True, null=True, blank=True)
    username = models.CharField(_("后台登录名"), max_length=64, unique=True, null=True, blank=True)
    display_name = models.CharField(_("称呼"), max_length=40, blank=True)
    phone = models.CharField(_("手机"), max_length=20, blank=True)
    language = models.CharField(_("语言"), max_length=10, choices=Language, default=Language.CHINESE)
    quiet_hours = models.JSONField(_("免打扰时段"), null=True, blank=True)  # ["22:00", "07:00"] or null
    muted_kinds = models.JSONField(_("不接收的消息"), default=default_muted_kinds, blank=True)
    is_active = models.BooleanField(_("有效"), default=True)
    erased_at = models.DateTimeField(_("注销时间"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("人员")
        verbose_name_plural = _("人员")

    def __str__(self) -> str:
        return self.display_name or self.username or str(_("微信用户"))

    def get_short_name(self) -> str:
        """How the back office greets this person."""
        return str(self)

    get_full_name = get_short_name

    @property
    def is_staff(self) -> bool:
        """May this person enter /admin/? Follows the active manager membership."""
        from .policies import may_enter_admin

        return may_enter_admin(self)


class HeadquartersManager(UserManager):
    def get_queryset(self) -> "models.QuerySet[User]":
        return super().get_queryset().filter(is_superuser=True)


class Headquarters(User):
    """A superuser: sees and manages every community."""

    objects: ClassVar[HeadquartersManager] = HeadquartersManager()

    class Meta:
        proxy = True
        verbose_name = _("总部人员")
        verbose_name_plural = _("总部人员")


class Community(models.Model):
    """小区."""

    slug = models.SlugField(_("标识"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    timezone = models.CharField(_("时区"), max_length=40, default="Asia/Shanghai", validators=[validate_time_zone])
    auto_confirm_days = models.PositiveSmallIntegerField(_("自动确认天数"), default=7)
    reopen_days = models.PositiveSmallIntegerField(_("可重新打开天数"), default=15)
    #: ["08:30-12:00", …]; empty: always
    working_hours = models.JSONField(_("工作时间"), default=list, blank=True, validators=[validate_working_hours])
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("小区")
        verbose_name_plural = pgettext_lazy("复数", "小区")
        ordering = ["name"]
        permissions = [
            ("file_reports", _("提交报单")),
            ("handle_reports", _("处理报单")),
            ("manage_reports", _("管理报单")),
            ("manage_people", _("管理人员")),
            ("publish_notices", _("发布公告")),
            ("view_statistics", _("查看统计")),
        ]

    def __str__(self) -> str:
        return self.name


class SpecialDay(models.Model):
    """A day that is worked, or not, against what the published calendar says; of one community, or of all."""

    community = models.ForeignKey(
        Community,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="special_days",
        verbose_name=_("小区"),
        help_text=_("留空表示所有小区"),
    )
    day = models.DateField(_("日期"))
    working = models.BooleanField(_("上班"), default=False)
    note = models.CharField(_("说明"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("特殊日子")
        verbose_name_plural = pgettext_lazy("复数", "特殊日子")
        ordering = ["-day", "id"]
        constraints = [
            models.UniqueConstraint(fields=["community", "day"], name="special_day_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        words = _("上班") if self.working else _("休息")
        return f"{self.day:%Y-%m-%d} {words}"


class Building(models.Model):
    """幢."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="buildings", verbose_name=_("小区"))
    name = models.CharField(_("楼栋"), max_length=40)
    units = models.JSONField(_("单元"), default=list, blank=True)
    position = models.PositiveIntegerField(_("顺序"), default=0)

    class Meta:
        verbose_name = _("楼栋")
        verbose_name_plural = pgettext_lazy("复数", "楼栋")
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["community", "name"], name="building_once")]

    def __str__(self) -> str:
        return self.name


class Home(models.Model):
    """房屋: building 幢 / unit 单元 / room 室."""

    building = models.ForeignKey(Building, models.CASCADE, related_name="homes", verbose_name=_("楼栋"))
    unit = models.CharField(_("单元"), max_length=40, blank=True)
    room = models.CharField(_("房号"), max_length=40)

    class Meta:
        verbose_name = _("房屋")
        verbose_name_plural = pgettext_lazy("复数", "房屋")
        constraints = [models.UniqueConstraint(fields=["building", "unit", "room"], name="home_once")]

    def __str__(self) -> str:
        return f"{self.building.name}{self.unit}{self.room}"

    def as_dict(self) -> dict[str, str]:
        return {"building": self.building.name, "unit": self.unit, "room": self.room}


class RosterEntry(models.Model):
    """Who lives where, from the property's own list. A binding is automatic where it names exactly one of these."""

    home = models.ForeignKey(Home, models.CASCADE, related_name="roster", verbose_name=_("房屋"))
    name = models.CharField(_("姓名"), max_length=40)
    phone = models.CharField(_("手机"), max_length=20, db_index=True)
    created_at = models.DateTimeField(_("添加时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("业主名册")
        verbose_name_plural = _("业主名册")
        constraints = [models.UniqueConstraint(fields=["home", "phone"], name="roster_phone_once_per_home")]

    def __str__(self) -> str:
        return f"{self.home} {self.name}"


class Role(models.Model):
    """角色. `resident` and `manager` exist in every community; every other role is staff."""

    class Kind(models.TextChoices):
        RESIDENT = "resident", _("业主")
        STAFF = "staff", _("工作人员")
        MANAGER = "manager", _("物业管理人员")

    community = models.ForeignKey(Community, models.CASCADE, related_name="roles", verbose_name=_("小区"))
    slug = models.SlugField(_("标识"), max_length=40)
    name = models.CharField(_("名称"), max_length=40)
    kind = models.CharField(_("类别"), max_length=10, choices=Kind)
    group = models.OneToOneField(Group, models.PROTECT, related_name="role", editable=False)

    class Meta:
        verbose_name = _("角色")
        verbose_name_plural = pgettext_lazy("复数", "角色")
        ordering = ["community", "kind", "slug"]
        constraints = [models.UniqueConstraint(fields=["community", "slug"], name="role_once")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person in one role of one community: a binding. A resident has one for each home."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("有效")
        PENDING = "pending", _("待审核")
        REJECTED = "rejected", _("未通过")
        REVOKED = "revoked", _("已解除")

    id = models.UUIDField(primary_key=True, default=opaque_id, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", verbose_name=_("人员"))
    community = models.ForeignKey(Community, models.CASCADE, related_name="memberships", verbose_name=_("小区"))
    role = models.ForeignKey(Role, models.PROTECT, related_name="memberships", verbose_name=_("角色"))
    home = models.ForeignKey(
        Home, models.PROTECT, null=True, blank=True, related_name="memberships", verbose_name=_("房屋")
    )
    roster_entry = models.ForeignKey(
        RosterEntry,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="memberships",
        verbose_name=_("名册里的业主"),
    )
    status = models.CharField(_("状态"), max_length=10, choices=Status)
    #: What the person said of themselves; a pending binding is decided by it.
    name = models.CharField(_("姓名"), max_length=40, blank=True)
    phone = models.CharField(_("手机"), max_length=20, blank=True)
    stated_home = models.JSONField(_("所填房屋"), null=True, blank=True)  # {"building","unit","room"}
    automatic = models.BooleanField(_("自动绑定"), default=False)
    family = models.BooleanField(_("由家人添加"), default=False)  # came by an invitation of somebody who lives there
    on_duty = models.BooleanField(_("在岗"), default=True)
    created_at = models.DateTimeField(_("申请时间"), auto_now_add=True)
    decided_at = models.DateTimeField(_("审核时间"), null=True, blank=True)
    decided_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("审核人")
    )
    reason = models.CharField(_("原因"), max_length=200, blank=True)

    on_duty_: bool  # annotated by `with_duty`: the switch `on_duty` and the rota together

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("名词", "绑定")
        verbose_name_plural = pgettext_lazy("复数", "绑定")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "home"],
                condition=Q(status__in=["active", "pending"], home__isnull=False),
                name="one_live_membership_per_home",
            ),
            # Staff have no home; of a resident whose home is not in the list yet, the statement tells them apart.
            models.UniqueConstraint(
                fields=["user", "role", "stated_home"],
                condition=Q(status__in=["active", "pending"], home__isnull=True),
                nulls_distinct=False,
                name="one_live_membership_without_home",
            ),
        ]
        indexes = [
            models.Index(fields=["role", "status"]),
            models.Index(fields=["community", "status", "-created_at"]),
            models.Index(fields=["user", "status"]),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.role}"


class Shift(models.Model):
    """A line of a role's weekly rota, on the community's clock: this person works from `starts` to `ends`.

    An end that is not after the start is on the next day, so the same time twice is a whole day and night.
    """

    class Weekday(models.IntegerChoices):
        MONDAY = 1, _("星期一")
        TUESDAY = 2, _("星期二")
        WEDNESDAY = 3, _("星期三")
        THURSDAY = 4, _("星期四")
        FRIDAY = 5, _("星期五")
        SATURDAY = 6, _("星期六")
        SUNDAY = 7, _("星期日")

    role = models.ForeignKey(Role, models.CASCADE, related_name="shifts", verbose_name=_("角色"))
    user = models.ForeignKey(User, models.CASCADE, related_name="shifts", verbose_name=_("人员"))
    weekday = models.PositiveSmallIntegerField(_("星期"), choices=Weekday)
    starts = models.TimeField(_("上班时间"))
    ends = models.TimeField(_("下班时间"), help_text=_("不晚于上班时间的，算到第二天"))

    objects = ShiftQuerySet.as_manager()

    class Meta:
        verbose_name = _("排班")
        verbose_name_plural = _("排班")
        ordering = ["role", "weekday", "starts", "id"]
        constraints = [
            models.UniqueConstraint(fields=["role", "user", "weekday", "starts"], name="shift_once"),
            models.CheckConstraint(condition=Q(weekday__gte=1, weekday__lte=7), name="shift_on_a_day_of_the_week"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_weekday_display()} {self.starts:%H:%M}-{self.ends:%H:%M}"

    def clean(self) -> None:
        """A rota is of staff: others have no duty to be on."""
        holds = Membership.objects.active().filter(user=self.user_id, role=self.role_id, role__kind=Role.Kind.STAFF)
        if not holds.exists():
            raise ValidationError({"user": _("这个人没有这个工作角色")})
        refuse_overlap(self)


class Invitation(models.Model):
    """A single-use code for one role of one community; it ends at `expires_at`."""

    id = models.UUIDField(primary_key=True, default=opaque_id, editable=False)
    code = models.CharField(_("邀请码"), max_length=20, unique=True, default=short_code, editable=False)
    community = models.ForeignKey(Community, models.CASCADE, related_name="invitations", verbose_name=_("小区"))
    role = models.ForeignKey(Role, models.CASCADE, related_name="invitations", verbose_name=_("角色"))
    #: For a member of the family, whom somebody of that home invited; else none.
    home = models.ForeignKey(
        Home, models.CASCADE, null=True, blank=True, related_name="invitations", verbose_name=_("房屋")
    )
    expires_at = models.DateTimeField(_("有效期至"))
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("邀请人")
    )
    created_at = models.DateTimeField(_("邀请时间"), auto_now_add=True)
    used_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("使用人")
    )
    used_at = models.DateTimeField(_("使用时间"), null=True, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("名词", "邀请")
        verbose_name_plural = pgettext_lazy("复数", "邀请")

    def __str__(self) -> str:
        return f"{self.community} · {self.role}"


class AdminLogin(models.Model):
    """A one-time link by which a manager sets an admin password; only the hash of its secret is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    username = models.CharField(max_length=64)  # what the person will log in with: the phone
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
