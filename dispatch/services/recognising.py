"""What a file that a page sends is, whatever it calls itself."""

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from community_report.core.errors import DomainError
from dispatch.media import IMAGE_TYPES, VOICE_TYPES, sniff
from dispatch.media.sniff import HEAD_BYTES
from reports.models import Attachment

#: WeChat's own codec, which nothing here can decode.
VOICES = VOICE_TYPES - {"silk"}


def recognise(file: UploadedFile) -> str:
    """ "image" or "voice" by the first bytes; raises DomainError 415 for everything else."""
    name = sniff(file.read(HEAD_BYTES))
    file.seek(0)
    if name in IMAGE_TYPES:
        return Attachment.Kind.IMAGE.value
    if name in VOICES:
        return Attachment.Kind.VOICE.value
    raise DomainError(_("不支持这种文件"), code="unsupported_media_type", status=415)
