"""Filing a report: the paper's 报单, stored whole and idempotent by the client's `hashed_id`."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Building, Community, Home, Membership, Role, RosterEntry, User
from accounts.policies import Standing, standing_of
from accounts.services.roster import find_building, find_entry, written_home
from accounts.text import home_text
from community_report.core.errors import Conflict, Forbidden, Invalid, NotBound
from reports.models import Attachment, Category, Report, ReportEvent, Tag
from reports.signals import report_changed
from reports.states import Status

from . import drafts, engine
from .attachments import MediaItem, add_attachments, take_draft_media


@dataclass(frozen=True)
class Location:
    """Degrees in gcj02, as the JS-SDK gives them, and the place's name."""

    latitude: float
    longitude: float
    name: str = ""


@dataclass(frozen=True)
class Caller:
    """Who telephoned: `home` is {"building", "unit", "room"} or None."""

    name: str
    phone: str
    home: dict[str, str] | None = None


@dataclass(frozen=True)
class SubmitData:
    """A report as its filer sends it; `community`, `category` and `keywords` are slugs. `keywords` None: all tags."""

    hashed_id: UUID
    community: str
    category: str
    title: str = ""
    description: str = ""
    address: str = ""
    location: Location | None = None
    media: Sequence[MediaItem] = field(default=())
    keywords: list[str] | None = None
    draft: UUID | None = None
    on_behalf_of: Caller | None = None


def submit_report(*, actor: User, data: SubmitData) -> tuple[Report, bool]:
    """File it; (report, True), or (the same report, False) when this person has filed this `hashed_id` before.

    Raises NotBound, Forbidden, Invalid, NotFound (draft), and Conflict `duplicate_id` for another person's `hashed_id`.
    """
    existing = _already_filed(actor, data.hashed_id)
    if existing is not None:
        return existing, False
    try:
        with transaction.atomic():
            report = _file(actor, data)
    except IntegrityError:  # the same request, twice at once: the other one won
        existing = _already_filed(actor, data.hashed_id)
        if existing is None:
            raise
        return existing, False
    return engine.reread(actor, report.pk), True


def _already_filed(actor: User, hashed_id: UUID) -> Report | None:
    found = Report.objects.filter(hashed_id=hashed_id).values("pk", "reporter", "filed_by").first()
    if found is None:
        return None
    if actor.pk not in (found["filed_by"] or found["reporter"],):
        raise Conflict(_("这个编号已被使用"), code="duplicate_id")
    return engine.reread(actor, found["pk"])


def _file(actor: User, data: SubmitData) -> Report:
    community, standing = _place(actor, data)
    category, tags = _category(community, data)
    data = replace(data, on_behalf_of=_heard(community, data.on_behalf_of))
    homes = _homes(actor, community) if data.on_behalf_of is None else []
    reporter, home = _reporter(actor, community, data, homes)
    report = _new_report(data, community=community, category=category, reporter=reporter, home=home)
    if data.on_behalf_of is not None:
        report.filed_by = actor
        report.caller = vars(data.on_behalf_of)
    report.save(force_insert=True)
    report.tags.set(tags)
    event = ReportEvent.objects.create(
        report=report,
        kind="submitted",
        at=report.created_at,
        actor=actor,
        actor_role=_role_of(standing, community, data),
        to_status=Status.SUBMITTED,
    )
    attachments = _attach(actor, data, report)
    report_changed.send(sender=Report, report=report, event=event, attachments=attachments)
    return report


def _place(actor: User, data: SubmitData) -> tuple[Community, Standing]:
    """The community, where this person may file: residents for themselves, staff and managers for who telephoned."""
    community = Community.objects.filter(slug=data.community).first()
    standing = standing_of(actor)
    if community is None or (community.pk not in standing.member_of and not actor.is_superuser):
        raise NotBound(_("您还没有绑定这个小区"))
    needed = ("handle_reports", "manage_reports") if data.on_behalf_of else ("file_reports",)
    if not any(standing.may(permission, community.pk) for permission in needed):
        raise Forbidden(_("业主可以提交报单；工作人员请填写来电业主"))
    return community, standing


def _category(community: Community, data: SubmitData) -> tuple[Category, list[Tag]]:
    category = Category.objects.filter(community=community, slug=data.category, active=True).first()
    if category is None:
        raise Invalid.field("category", _("没有这个分类"))
    tags = list(category.tags.all())
    if data.keywords is None:
        return category, tags
    unknown = set(data.keywords) - {tag.slug for tag in tags}
    if unknown:
        raise Invalid.field("keywords", _("没有这个标签：%(tags)s") % {"tags": "、".join(sorted(unknown))})
    return category, [tag for tag in tags if tag.slug in data.keywords] or tags


def _heard(community: Community, caller: Caller | None) -> Caller | None:
    """Who telephoned: somebody to ring back, with the home in the community's own words."""
    if caller is None:
        return None
    if not (caller.name.strip() and caller.phone.strip()):
        raise Invalid.field("on_behalf_of", _("请填写来电人的姓名和手机"))
    home = written_home(community=community, home=caller.home or {})
    return replace(caller, home=home if any(home.values()) else None)


def _homes(actor: User, community: Community) -> list[Home]:
    memberships = Membership.objects.filter(
        user=actor, community=community, status=Membership.Status.ACTIVE, role__kind=Role.Kind.RESIDENT
    )
    return [m.home for m in memberships.select_related("home__building").order_by("created_at") if m.home]


def _reporter(
    actor: User, community: Community, data: SubmitData, homes: list[Home]
) -> tuple[User | None, Home | None]:
    """For oneself: the home that the address names, else the first. By telephone: whom the roster knows."""
    caller = data.on_behalf_of
    if caller is None:
        named = next((home for home in homes if _names(data.address, [home.building])), None)
        return actor, named or (homes[0] if homes else None)
    entry = find_entry(community=community, name=caller.name, phone=caller.phone, home=caller.home or {})
    if entry is None:
        return None, None
    return _bound_to(entry), entry.home


def _bound_to(entry: RosterEntry) -> User | None:
    bound = entry.memberships.filter(status=Membership.Status.ACTIVE).select_related("user").first()
    return bound.user if bound else None


def _names(address: str, buildings: Iterable[Building]) -> Building | None:
    """The building that an address names, the longest name first; "6幢" is not in "16幢"."""
    for building in sorted(buildings, key=lambda b: -len(b.name)):
        if re.search(rf"(?<!\d){re.escape(building.name)}", address):
            return building
    return None


def _new_report(
    data: SubmitData, *, community: Community, category: Category, reporter: User | None, home: Home | None
) -> Report:
    """Who names no place means home; a `location` is a place, wherever home is."""
    now = timezone.now()
    spoken = data.address.strip() or (data.location.name.strip() if data.location else "")
    at_home, its_building = ("", None) if data.location else _at_home(community, home, data.on_behalf_of)
    report = Report(
        hashed_id=data.hashed_id,
        number=_next_number(),
        community=community,
        category=category,
        title=data.title.strip() or _title_from(data, category),
        description=data.description.strip(),
        address=data.address.strip() or at_home,
        building=_names(spoken, community.buildings.all()) or its_building,
        reporter=reporter,
        reporter_home=home,
        status=Status.SUBMITTED,
        status_since=now,
        created_at=now,
        updated_at=now,
    )
    if data.location:
        report.latitude, report.longitude = data.location.latitude, data.location.longitude
        report.location_name = data.location.name.strip()
    engine.set_claim_deadline(report, now)
    engine.set_resolve_deadline(report, now)
    return report


def _at_home(community: Community, home: Home | None, caller: Caller | None) -> tuple[str, Building | None]:
    """The home in a line and its building: the reporter's, else the one that a caller stated whom nobody knows."""
    if home is not None:
        return str(home), home.building
    if caller is None or caller.home is None:
        return "", None
    return home_text(caller.home), find_building(community, caller.home["building"])


def _title_from(data: SubmitData, category: Category) -> str:
    """The first words, or the category where nothing was written."""
    return drafts.title_of(data.description) if data.description.strip() else category.name


def _next_number() -> str:
    """Day and a running number: short enough to be read over the telephone, never used twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('report_numbers')")
        (running,) = cursor.fetchone()
    return f"{timezone.localdate():%y%m%d}-{running:04d}"


def _role_of(standing: Standing, community: Community, data: SubmitData) -> str:
    if data.on_behalf_of is None:
        return "resident"
    if standing.may("manage_reports", community.pk):
        return "manager"
    role = Role.objects.filter(pk__in=standing.staff_roles, community=community).first()
    return role.slug if role else "staff"


def _attach(actor: User, data: SubmitData, report: Report) -> list[Attachment]:
    """The draft's media come along; what the form names again is not taken twice."""
    moved: list[Attachment] = []
    if data.draft is not None:
        draft = drafts.lock_draft(owner=actor, draft_id=data.draft)
        moved = take_draft_media(draft=draft, report=report)
        drafts.end_draft(actor=actor, draft=draft)
    known = {attachment.media_id for attachment in moved if attachment.media_id}
    items = [item for item in data.media if not item.media_id or item.media_id not in known]
    return moved + add_attachments(uploader=actor, items=items, report=report)
