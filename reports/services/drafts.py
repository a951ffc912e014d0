"""Drafts: what a resident sends to the account in the chat, gathered until it is filed."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Community, Membership, Role, User
from community_report.core.errors import NotFound
from reports.models import Attachment, Category, Draft
from reports.signals import draft_grown

from .attachments import MAX_IMAGES, MAX_VOICES, MediaItem, add_attachments, delete_attachments

#: What follows within this time of the last touch joins the same draft.
GATHER = timedelta(minutes=10)
MAX_TITLE = 30
MAX_DESCRIPTION = 5000
_LIMITS: dict[str, int] = {Attachment.Kind.IMAGE: MAX_IMAGES, Attachment.Kind.VOICE: MAX_VOICES}


@dataclass(frozen=True)
class Place:
    """Where it is: WGS or GCJ degrees as WeChat sent them, and the place's name."""

    latitude: float
    longitude: float
    name: str = ""


@dataclass(frozen=True)
class Addition:
    """What one message adds to a draft."""

    text: str = ""
    place: Place | None = None
    media: MediaItem | None = None


def add_to_draft(*, owner: User, community: Community | None, addition: Addition) -> tuple[Draft, list[Attachment]]:
    """Put one message into the owner's draft of the last ten minutes, or into a new one.

    Gives the draft and the pending attachments that came of it (none when the draft is full: nine pictures, three
    voice messages). Everything that one person sends at once waits for that person's row, so one draft comes of it.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        now = timezone.now()
        draft = (
            Draft.objects.select_for_update()
            .filter(owner=owner, ended_at__isnull=True, touched_at__gt=now - GATHER)
            .order_by("-touched_at")
            .first()
        ) or Draft(owner=owner, community=community or latest_community(owner))
        draft.touched_at = now
        _merge(draft, addition)
        draft.save()
        attachments = _attach(draft, addition.media)
        draft_grown.send(Draft, draft=draft, attachments=attachments)
        return draft, attachments


def _merge(draft: Draft, addition: Addition) -> None:
    text = addition.text.strip()
    said = text or (addition.media.transcript.strip() if addition.media else "")
    if text:
        draft.description = f"{draft.description}\n{text}".strip()[:MAX_DESCRIPTION]
    if said:
        draft.title = draft.title or title_of(said)
        draft.category = draft.category or guess_category(draft.community, said)
    if addition.place:
        draft.latitude, draft.longitude = addition.place.latitude, addition.place.longitude
        draft.location_name = addition.place.name[:200]


def _attach(draft: Draft, item: MediaItem | None) -> list[Attachment]:
    if item is None or draft.attachments.filter(kind=item.kind).count() >= _LIMITS[item.kind]:
        return []
    return add_attachments(uploader=draft.owner, items=[item], report=None, draft=draft)


def title_of(text: str) -> str:
    """The first sentence, or as much of it as a title takes."""
    line = text.strip().splitlines()[0]
    for mark in "。！？；!?;":
        line = line.split(mark, 1)[0] or line
    line = line.strip()
    return line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1] + "…"


def guess_category(community: Community | None, text: str) -> Category | None:
    """The one category whose name, or whose tag's name, stands in the text; None when none or several do."""
    if community is None:
        return None
    categories = Category.objects.filter(community=community, active=True).prefetch_related("tags")
    for names_of in (lambda c: [c.name], lambda c: [tag.name for tag in c.tags.all()]):
        found = [category for category in categories if any(name in text for name in names_of(category))]
        if len(found) == 1:
            return found[0]
        if found:
            return None
    return None


def latest_community(owner: User) -> Community | None:
    """Where this resident last reported, else where they were bound first; None for nobody's resident."""
    homes = Community.objects.filter(
        memberships__user=owner,
        memberships__status=Membership.Status.ACTIVE,
        memberships__role__kind=Role.Kind.RESIDENT,
    )
    used = homes.filter(reports__reporter=owner).order_by("-reports__created_at").first()
    return used or homes.order_by("memberships__created_at").first()


def lock_draft(*, owner: User, draft_id: UUID) -> Draft:
    """The owner's draft that has not ended, locked in the caller's transaction; NotFound for any other."""
    draft = (
        Draft.objects.select_for_update(of=("self",)).filter(pk=draft_id, owner=owner, ended_at__isnull=True).first()
    )
    if draft is None:
        raise NotFound(_("草稿不存在，可能已经提交"))
    return draft


def end_draft(*, actor: User, draft: Draft) -> None:
    """It was filed (`take_draft_media` before this): nothing joins it any more. Only its owner ends it."""
    if draft.owner_id != actor.pk:
        raise NotFound(_("草稿不存在，可能已经提交"))
    Draft.objects.filter(pk=draft.pk, ended_at__isnull=True).update(ended_at=timezone.now())


def remove_from_draft(*, actor: User, draft_id: UUID, attachment_id: UUID) -> None:
    """One picture or voice message is taken out by the draft's owner, with its files; NotFound for any other."""
    with transaction.atomic():
        found = lock_draft(owner=actor, draft_id=draft_id).attachments.filter(pk=attachment_id)
        if not found.exists():
            raise NotFound(_("这个图片或语音不在草稿里，可能已经去掉"))
        delete_attachments(found)


def discard_draft(*, actor: User, draft_id: UUID) -> None:
    """Thrown away by its owner, with its media."""
    with transaction.atomic():
        draft = lock_draft(owner=actor, draft_id=draft_id)
        delete_attachments(draft.attachments.all())
        draft.delete()
