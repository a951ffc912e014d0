"""Pictures of notices: named, kept in order, fetched and stored as those of reports are, and shown to who may read."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.policies import standing_of
from community_report.core.errors import Invalid
from community_report.core.ids import parse_uuid
from reports.media import media_url, thumbnail_url
from reports.models import Attachment
from reports.services.attachments import MAX_IMAGES, MediaItem, add_attachments, clean_media, delete_attachments
from reports.serving import MORE_READERS

from .models import Notice, NoticePicture
from .signals import pictures_added

#: One that the notice has already, by the attachment's id, or a new one.
Picture = UUID | MediaItem


def clean_pictures(items: object) -> list[Picture]:
    """The `pictures` list of a request, in order: `{"id"}`, `{"media_id"}` or `{"upload_id"}` each.

    Raises Invalid with the field `pictures`.
    """
    if not isinstance(items, list):
        raise _invalid(_("附件需要是一个列表"))
    if len(items) > MAX_IMAGES:
        raise _invalid(_("最多 %(max)d 张图片") % {"max": MAX_IMAGES})
    return [_clean(item) for item in items]


def _clean(item: object) -> Picture:
    if isinstance(item, dict) and item.get("id"):
        pk = parse_uuid(item["id"])
        if pk is None:
            raise _invalid(_("没有这张图片"))
        return pk
    named = {**item, "kind": Attachment.Kind.IMAGE} if isinstance(item, dict) else item
    try:
        return clean_media([named])[0]
    except Invalid as refusal:
        raise _invalid(refusal.detail) from None


def set_pictures(notice: Notice, *, actor: User, pictures: Sequence[Picture]) -> None:
    """From now on the notice has these, in this order; what it had beside them is deleted.

    Inside the transaction that writes the notice. Raises Invalid for an id that is none of its own, an upload that is
    not the actor's or was used, and the same one twice.
    """
    own = {picture.attachment_id for picture in notice.pictures.all()}
    kept = [picture for picture in pictures if isinstance(picture, UUID)]
    if len(set(kept)) < len(kept) or not own.issuperset(kept):
        raise _invalid(_("没有这张图片"))
    added = iter(_add(notice, actor, [picture for picture in pictures if isinstance(picture, MediaItem)]))
    keys = [picture if isinstance(picture, UUID) else next(added).pk for picture in pictures]
    notice.pictures.all().delete()
    delete_attachments(Attachment.objects.filter(pk__in=own.difference(kept)))
    NoticePicture.objects.bulk_create(
        NoticePicture(notice=notice, attachment_id=key, position=position) for position, key in enumerate(keys)
    )


def _add(notice: Notice, actor: User, items: list[MediaItem]) -> list[Attachment]:
    try:
        attachments = add_attachments(uploader=actor, items=items, report=None)
    except Invalid as refusal:
        raise _invalid(refusal.detail) from None
    if attachments:
        pictures_added.send(sender=Notice, notice=notice, attachments=attachments)
    return attachments


def pictures_of(notice: Notice) -> list[dict[str, Any]]:
    """In their order, also those that are not stored (yet): `{"id", "kind", "status", "url", "thumbnail_url"}`."""
    found = [row.attachment for row in notice.pictures.select_related("attachment")]
    return [
        {
            "id": str(attachment.pk),
            "kind": attachment.kind,
            "status": attachment.status,
            "url": media_url(attachment),
            "thumbnail_url": thumbnail_url(attachment),
        }
        for attachment in found
    ]


def kept_pictures(notice: Notice) -> list[dict[str, Any]]:
    """For a form: `{"kind", "id", "preview"}`. One that could not be had is not offered again."""
    stands = (picture for picture in pictures_of(notice) if picture["status"] != Attachment.Status.FAILED)
    return [{"kind": "image", "id": picture["id"], "preview": picture["thumbnail_url"] or ""} for picture in stands]


def may_fetch(user: User, attachment: Attachment) -> bool:
    """Who may read the notice; its publishers also after it was withdrawn."""
    standing = standing_of(user)
    ours = Notice.objects.filter(pictures__attachment=attachment)
    publishes = Q() if user.is_superuser else Q(community__in=standing.communities_with("publish_notices"))
    return ours.visible_to(standing).exists() or ours.filter(publishes).exists()


MORE_READERS.append(may_fetch)


def _invalid(sentence: str) -> Invalid:
    return Invalid.field("pictures", sentence)
