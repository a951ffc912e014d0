"""Categories and tags, reports with their events, claims, attachments and drafts."""

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import GeneratedField, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Building, Community, Home, Role
from community_report.core.ids import opaque_id
from community_report.core.search import Pairs

from .models_claims import Claim, DayCount, Rating
from .models_desk import InternalNote, PreparedAnswer
from .querysets import WORDS, ReportQuerySet
from .spans import minutes_between
from .states import Status

__all__ = [
    "Alarm", "Attachment", "BoardMessage", "Category", "Claim", "DayCount", "Draft", "Follow", "Ignore",
    "InternalNote", "PreparedAnswer", "Rating", "Report", "ReportEvent", "Tag", "Upload",
]  # fmt: skip


class Tag(models.Model):
    """标签, the paper's receiver tag: leads to roles, and through them to people."""

    community = models.ForeignKey(Community, models.CASCADE, related_name="tags", verbose_name=_("小区"))
    slug = models.SlugField(_("标识"), max_length=40)
    name = models.CharField(_("名称"), max_length=40)
    roles = models.ManyToManyField(Role, related_name="tags", blank=True, verbose_name=_("角色"))

    class Meta:
        verbose_name = _("标签")
        verbose_name_plural = pgettext_lazy("复数", "标签")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["community", "slug"], name="tag_once")]

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """信息分类. The minutes count always or in the community's working hours, as `clock` says; 0 means never."""

    class Clock(models.TextChoices):
        ALWAYS = "always", _("全天")
        WORKING_HOURS = "working_hours", _("工作时间")

    community = models.ForeignKey(Community, models.CASCADE, related_name="categories", verbose_name=_("小区"))
    slug = models.SlugField(_("标识"), max_length=40)
    name = models.CharField(_("名称"), max_length=40)
    tags = models.ManyToManyField(Tag, related_name="categories", blank=True, verbose_name=_("标签"))
    claim_minutes = models.PositiveIntegerField(_("接单时限（分钟）"), default=30)
    resolve_minutes = models.PositiveIntegerField(_("解决时限（分钟）"), default=1440)
    lease_minutes = models.PositiveIntegerField(_("无进展时限（分钟）"), default=0)
    clock = models.CharField(_("计时方式"), max_length=20, choices=Clock, default=Clock.ALWAYS)
    public = models.BooleanField(_("全体业主可见"), default=False)
    claimable = models.BooleanField(_("需要处理"), default=True)
    urgent = models.BooleanField(_("紧急"), default=False)
    active = models.BooleanField(_("启用"), default=True)
    position = models.PositiveIntegerField(_("顺序"), default=0)

    class Meta:
        verbose_name = _("信息分类")
        verbose_name_plural = pgettext_lazy("复数", "信息分类")
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["community", "slug"], name="category_once")]

    def __str__(self) -> str:
        return self.name


class Report(models.Model):
    """报单. Its status changes only in `reports.services`."""

    id = models.UUIDField(primary_key=True, default=opaque_id, editable=False)
    hashed_id = models.UUIDField(_("客户端编号"), unique=True, editable=False)
    number = models.CharField(_("编号"), max_length=20, unique=True, editable=False)
    # No index of their own where one of those below begins with the column: a report changes often.
    community = models.ForeignKey(
        Community, models.PROTECT, db_index=False, related_name="reports", verbose_name=_("小区")
    )
    category = models.ForeignKey(Category, models.PROTECT, related_name="reports", verbose_name=_("信息分类"))
    tags = models.ManyToManyField(Tag, related_name="reports", blank=True, verbose_name=_("标签"))
    title = models.CharField(_("标题"), max_length=80)
    description = models.TextField(_("描述"), blank=True)
    address = models.CharField(_("地点"), max_length=200, blank=True)
    building = models.ForeignKey(
        Building, models.SET_NULL, null=True, blank=True, related_name="reports", verbose_name=_("楼栋")
    )
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    location_name = models.CharField(max_length=200, blank=True)
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.SUBMITTED, editable=False)
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="reports",
        verbose_name=_("上报人"),
    )
    reporter_home = models.ForeignKey(Home, models.SET_NULL, null=True, blank=True, related_name="+")
    #: Set when staff or a manager filed it for somebody who telephoned; `caller` is what they said of the caller.
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    caller = models.JSONField(null=True, blank=True)  # {"name","phone","home"}
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="held",
        verbose_name=_("处理人"),
    )
    claimed_at = models.DateTimeField(_("接单时间"), null=True, blank=True)
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="duplicates")
    #: Entry into the current status, and the deadlines counted from the last entry into `submitted` / the filing, each
    #: with the time of its reminder.
    status_since = models.DateTimeField()
    last_progress_at = models.DateTimeField(null=True, blank=True)
    claim_due_at = models.DateTimeField(null=True, blank=True)
    claim_remind_at = models.DateTimeField(null=True, blank=True, editable=False)
    due_at = models.DateTimeField(_("应解决时间"), null=True, blank=True)
    remind_at = models.DateTimeField(null=True, blank=True, editable=False)
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    urged_at = models.DateTimeField(null=True, blank=True)
    #: A board post: when its author was asked whether it still stands.
    asked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("上报时间"), db_index=True)
    updated_at = models.DateTimeField(_("更新时间"))
    #: What events and ratings say, for the figures: ever reopened, ever told to be overdue, the score that counts, and
    #: the minutes to the result that stands. `statistics.copies` holds them against their origins.
    reopened = models.BooleanField(default=False, db_default=False, editable=False)
    told_overdue = models.BooleanField(default=False, db_default=False, editable=False)
    score = models.PositiveSmallIntegerField(null=True, editable=False)
    result_minutes = GeneratedField(
        expression=minutes_between("created_at", "resolved_at"), output_field=models.FloatField(), db_persist=True
    )

    objects = ReportQuerySet.as_manager()
    #: What `ReportQuerySet.for_view` adds.
    following_: bool
    ignored_: bool
    held_before_: bool
    followers_: int
    own_media: "list[Attachment]"

    class Meta:
        verbose_name = pgettext_lazy("名词", "报单")
        verbose_name_plural = _("报单")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["community", "status", "-created_at"]),
            # With everything that the figures look at, so that they need not read the reports themselves.
            models.Index(
                fields=["community", "-created_at", "id"],
                include=[
                    "status",
                    "category",
                    "building",
                    "claimed_by",
                    "due_at",
                    "resolved_at",
                    "reopened",
                    "told_overdue",
                    "score",
                    "result_minutes",
                ],
                name="report_figures",
            ),
            models.Index(fields=["reporter", "-created_at"]),
            models.Index(fields=["claimed_by", "status", "-created_at"]),
            models.Index(fields=["claim_due_at"], condition=Q(status="submitted"), name="report_unclaimed"),
            models.Index(fields=["due_at"], condition=Q(status__in=["submitted", "claimed"]), name="report_undone"),
            models.Index(fields=["claim_remind_at"], condition=Q(status="submitted"), name="report_claim_soon"),
            models.Index(
                fields=["remind_at"], condition=Q(status__in=["submitted", "claimed"]), name="report_due_soon"
            ),
            models.Index(fields=["status_since"], condition=Q(status="resolved"), name="report_unconfirmed"),
            GinIndex(Pairs(WORDS), name="report_pairs"),
            models.Index(fields=["community"], condition=Q(caller__isnull=False), name="report_telephoned"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="claimed") | Q(claimed_at__isnull=False), name="claimed_has_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(status="submitted") | Q(claimed_by__isnull=True), name="submitted_is_unclaimed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def waits_for_staff(self) -> bool:
        """Somebody has to take it on."""
        return self.status == Status.SUBMITTED and self.category.claimable

    @property
    def on_show(self) -> bool:
        """A board post that stands: `submitted` like what waits to be taken on, though it waits for nobody."""
        return self.status == Status.SUBMITTED and not self.category.claimable

    def is_overdue(self, now: datetime) -> bool:
        """Past `due_at` and still being worked on."""
        return self.status in (Status.SUBMITTED, Status.CLAIMED) and self.due_at is not None and self.due_at <= now


class ReportEvent(models.Model):
    """One thing that happened to a report. Append-only, in the database as well (migration 0002)."""

    report = models.ForeignKey(Report, models.PROTECT, db_index=False, related_name="events", verbose_name=_("报单"))
    kind = models.CharField(max_length=20)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    actor_role = models.CharField(max_length=40, blank=True)
    from_status = models.CharField(max_length=10, null=True, blank=True)
    to_status = models.CharField(max_length=10, null=True, blank=True)
    note = models.TextField(_("说明"), blank=True)
    #: What else is to be known: {"assignee": id}, {"from_category","to_category"}, {"into": id}, {"score": n}
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("报单记录")
        verbose_name_plural = pgettext_lazy("复数", "报单记录")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["report", "id"]),
            models.Index(fields=["kind", "at"]),
            GinIndex(Pairs(Upper("note")), condition=~Q(note=""), name="event_note_pairs"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class Ignore(models.Model):
    """This staff member is not shown or pushed this report any more."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="ignores")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "user"], name="ignored_once")]


class Follow(models.Model):
    """This resident is told of the report's progress too. `merged`: because their own report was merged into it."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="follows")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="follows")
    merged = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "user"], name="followed_once")]


class BoardMessage(models.Model):
    """A line between the author of a board post and one neighbour, who names the talk. Nobody's number is shown."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="board_messages")
    neighbour = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    text = models.CharField(max_length=500)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["report", "id"]), models.Index(fields=["author", "created_at"])]


class Upload(models.Model):
    """A file sent without the JS-SDK, waiting to be named by a report; unused ones vanish after a day."""

    id = models.UUIDField(primary_key=True, default=opaque_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10)
    path = models.CharField(max_length=200)  # below MEDIA_ROOT
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)


class Draft(models.Model):
    """What came through the chat and waits to be filed. Its owner alone may see it."""

    id = models.UUIDField(primary_key=True, default=opaque_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    community = models.ForeignKey(Community, models.CASCADE, null=True, related_name="+", verbose_name=_("小区"))
    category = models.ForeignKey(Category, models.SET_NULL, null=True, blank=True, related_name="+")
    title = models.CharField(max_length=80, blank=True)
    description = models.TextField(blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    location_name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)
    touched_at = models.DateTimeField(_("更新时间"))  # what follows within ten minutes of this joins the same draft
    ended_at = models.DateTimeField(_("结束"), null=True, blank=True)

    class Meta:
        verbose_name = _("草稿")
        verbose_name_plural = pgettext_lazy("复数", "草稿")
        indexes = [models.Index(fields=["owner", "-touched_at"], condition=Q(ended_at__isnull=True), name="open_draft")]


class Attachment(models.Model):
    """A picture or voice message of a report, of one of its events, or of a draft. Pending rows are the queue."""

    class Kind(models.TextChoices):
        IMAGE = "image", _("图片")
        VOICE = "voice", _("语音")

    class Status(models.TextChoices):
        PENDING = "pending", _("处理中")
        STORED = "stored", _("已保存")
        FAILED = "failed", _("失败")

    id = models.UUIDField(primary_key=True, default=opaque_id, editable=False)
    report = models.ForeignKey(
        Report, models.CASCADE, null=True, blank=True, related_name="attachments", verbose_name=_("报单")
    )
    event = models.ForeignKey(ReportEvent, models.CASCADE, null=True, blank=True, related_name="attachments")
    draft = models.ForeignKey(Draft, models.CASCADE, null=True, blank=True, related_name="attachments")
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(_("类型"), max_length=10, choices=Kind)
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.PENDING)
    media_id = models.CharField(max_length=200, blank=True)  # WeChat's, valid for three days
    upload = models.OneToOneField(Upload, models.SET_NULL, null=True, blank=True, related_name="attachment")
    #: Below MEDIA_ROOT: the original as it came (voice only), what a browser shows, and the thumbnail (pictures only).
    original_path = models.CharField(max_length=200, blank=True)
    path = models.CharField(max_length=200, blank=True)
    thumbnail_path = models.CharField(max_length=200, blank=True)
    content_type = models.CharField(max_length=60, blank=True)
    size = models.PositiveIntegerField(null=True, blank=True)  # bytes of `path`
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    duration = models.FloatField(null=True, blank=True)  # seconds
    transcript = models.TextField(blank=True)
    reason = models.CharField(_("原因"), max_length=60, blank=True)  # why it failed: a machine word
    attempts = models.PositiveIntegerField(_("尝试次数"), default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)
    stored_at = models.DateTimeField(_("保存时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("附件")
        verbose_name_plural = pgettext_lazy("复数", "附件")
        ordering = ["position", "created_at", "id"]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(status="pending"), name="attachment_pending"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.get_status_display()}"


class Alarm(models.Model):
    """An alarm that has been given: once for each report, kind and the deadline it was about."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="alarms")
    kind = models.CharField(max_length=20)  # claim_soon, unclaimed, due_soon, overdue, lease
    about = models.DateTimeField()  # the deadline
    fired_at = models.DateTimeField(auto_now_add=True)
    #: When the managers are told again, should it still be so.
    repeat_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["repeat_at"], condition=Q(repeat_at__isnull=False), name="alarm_to_repeat"),
        ]
        constraints = [models.UniqueConstraint(fields=["report", "kind", "about"], name="alarm_once")]
