"""The addresses of stored media: the same for everybody; who may read them is asked at every fetch."""

from .models import Attachment

IMAGE_NAME, THUMBNAIL_NAME, VOICE_NAME = "image.jpg", "thumb.jpg", "voice.m4a"


def media_url(attachment: Attachment) -> str | None:
    """`/media/<id>/image.jpg` or `…/voice.m4a`; None until it is stored."""
    if attachment.status != Attachment.Status.STORED:
        return None
    name = IMAGE_NAME if attachment.kind == Attachment.Kind.IMAGE else VOICE_NAME
    return f"/media/{attachment.pk}/{name}"


def thumbnail_url(attachment: Attachment) -> str | None:
    """`/media/<id>/thumb.jpg` of a stored picture."""
    if attachment.status != Attachment.Status.STORED or not attachment.thumbnail_path:
        return None
    return f"/media/{attachment.pk}/{THUMBNAIL_NAME}"
