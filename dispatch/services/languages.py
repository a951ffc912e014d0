"""How to speak to who follows the account or writes to it before they ever open a page: as their WeChat does."""

from uuid import UUID

import structlog

from accounts.models import User
from accounts.services.login import speak_as_wechat
from community_report.wechat.client import get_client
from community_report.wechat.errors import WeChatError

log = structlog.get_logger(__name__)


def learn_language(person_id: UUID) -> None:
    """Ask WeChat once. When it is away they are spoken to in Chinese until they choose, and no harm is done."""
    person = User.objects.filter(pk=person_id).exclude(openid=None).first()
    if person is None or person.openid is None:
        return
    try:
        language = get_client().user_info(person.openid).language
    except WeChatError as error:
        log.info("language_unknown", error=str(error))
        return
    speak_as_wechat(person, language or "")
