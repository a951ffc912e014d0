"""What the account says in the chat: passive replies, with links to the pages."""

import re
from urllib.parse import quote, urlencode

from django.conf import settings
from django.utils.html import escape
from django.utils.translation import gettext as _

from accounts.models import Building, User
from accounts.policies import Standing, standing_of
from accounts.qr import building_scene
from community_report.wechat.callback import Inbound
from reports.models import Attachment, Draft
from reports.services.attachments import MAX_TRANSCRIPT, MediaItem
from reports.services.drafts import Addition, Place, add_to_draft

_SCENE = re.compile(r"(?P<kind>[icb])_(?P<word>[A-Za-z0-9_-]{1,60})")
_SCENE_PARAMETERS = {"i": "invite", "c": "community"}
#: What WeChat sends as text in place of what it cannot pass on (a sticker, say).
_UNSUPPORTED = "收到不支持的消息类型"
_MEDIA_ID = re.compile(r"[!-~]{1,200}")


def link(path: str, words: str) -> str:
    """A page of ours as a link in a chat text."""
    return f'<a href="{escape(settings.PUBLIC_BASE_URL + path)}">{words}</a>'


def reply(person: User, message: Inbound) -> str:
    """The words for a message (not an event): a resident's becomes a draft, everybody else is shown the way."""
    standing = standing_of(person)
    if not standing.member_of:
        return bind_words()
    if not standing.communities_with("file_reports"):
        return _work_words(standing)
    addition = _addition(message)
    if addition is None:
        return _("这种消息暂时不能上报，请发送文字、图片、语音或位置，或者%(link)s。") % {
            "link": link("/h5/reports/new", _("在线填写"))
        }
    return _draft_words(person, addition)


def _addition(message: Inbound) -> Addition | None:
    """What the message adds to a draft; None when it cannot."""
    match message.kind:
        case "text" if message.content.strip() and _UNSUPPORTED not in message.content:
            return Addition(text=message.content)
        case "location" if message.latitude is not None and message.longitude is not None:
            return Addition(place=Place(message.latitude, message.longitude, message.label))
        case Attachment.Kind.IMAGE | Attachment.Kind.VOICE if _MEDIA_ID.fullmatch(message.media_id):
            transcript = message.recognition[:MAX_TRANSCRIPT]
            return Addition(media=MediaItem(message.kind, media_id=message.media_id, transcript=transcript))
    return None


def _draft_words(person: User, addition: Addition) -> str:
    draft, attachments = add_to_draft(owner=person, community=None, addition=addition)
    full = addition.media is not None and not attachments
    words = _("图片或语音已经放满，这一条没有加入。") if full else _taken_words(draft, addition)
    hint = _("十分钟内继续发来的文字、图片、语音和位置会放在一起。")
    return f"{words}{link(f'/h5/reports/new?draft={draft.pk}', _('点此补充并提交'))}\n{hint}"


def _taken_words(draft: Draft, addition: Addition) -> str:
    """What arrived, and of pictures and voices how many there are by now."""
    if addition.media is None:
        return _("收到位置，已放进报单草稿。") if addition.place else _("收到文字，已放进报单草稿。")
    count = draft.attachments.filter(kind=addition.media.kind).count()
    if addition.media.kind == Attachment.Kind.IMAGE:
        return _("收到第 %(n)d 张照片，已放进报单草稿。") % {"n": count}
    return _("收到第 %(n)d 段语音，已放进报单草稿。") % {"n": count}


def bind_words() -> str:
    """For somebody who is nobody yet."""
    return _("您好！绑定小区身份后就可以上报问题、查看进展。%(link)s") % {"link": link("/h5/bind", _("点此绑定身份"))}


def later_words() -> str:
    """For what we could not deal with at once; it is tried again."""
    return _("收到。系统正忙，稍后会自动整理并通知您，不用重发；急事请%(link)s。") % {
        "link": link("/h5/reports/new", _("在线填写"))
    }


def scene_words(person: User, scene: str) -> str:
    """For the scene of a QR code: an invitation (`i_CODE`), a community (`c_SLUG`), a building (`b_ID`); else ""."""
    found = _SCENE.fullmatch(scene)
    if found is None:
        return ""
    if found["kind"] == "b":
        return _building_words(person, found["word"])
    page = f"/h5/bind?{_SCENE_PARAMETERS[found['kind']]}={quote(found['word'])}"
    if found["kind"] == "i":
        return _("您好！您收到了一份邀请。%(link)s") % {"link": link(page, _("点此接受邀请并绑定身份"))}
    return _("您好！欢迎加入小区信息上报。%(link)s") % {"link": link(page, _("点此绑定身份"))}


def _building_words(person: User, word: str) -> str:
    """Who may report in its community reports there; others bind first, with the building filled in."""
    if not (word.isascii() and word.isdigit() and len(word) < 18):
        return ""
    building = Building.objects.select_related("community").filter(pk=int(word)).first()
    if building is None:
        return ""
    if building.community_id in standing_of(person).communities_with("file_reports"):
        words = _("点此上报%(building)s的问题") % {"building": building.name}
        return _("您好！%(link)s") % {"link": link(building_scene(building).page, words)}
    page = f"/h5/bind?{urlencode({'community': building.community.slug, 'building': building.name})}"
    return _("您好！欢迎加入小区信息上报。%(link)s") % {"link": link(page, _("点此绑定身份"))}


def welcome(person: User) -> str:
    """What this person can do here, with links; for nobody yet, the link to bind."""
    standing = standing_of(person)
    if not standing.member_of:
        return bind_words()
    pages = [link(path, words) for path, words in _pages(standing)]
    hint = _("也可以直接发送文字、图片、语音或位置来上报。") if standing.communities_with("file_reports") else ""
    return "\n".join(filter(None, [_("您好！您可以："), *pages, hint]))


def menu_words(person: User, key: str) -> str:
    """For a menu item of type click: its key is the name of a page, else everything this person can do."""
    standing = standing_of(person)
    page = next(((path, words) for path, words in _pages(standing) if path == f"/h5/{key}"), None)
    return link(*page) if page else welcome(person)


def _pages(standing: Standing) -> list[tuple[str, str]]:
    pages: list[tuple[str, str]] = []
    if standing.communities_with("file_reports"):
        pages += [("/h5/reports/new", _("我要上报")), ("/h5/reports", _("我的报单")), ("/h5/board", _("失物招领"))]
    if standing.staff_of:
        pages.append(("/h5/work", _("工作台")))
    if standing.communities_with("manage_reports"):
        pages.append(("/h5/manage", _("报单管理")))
    if standing.member_of:
        pages.append(("/h5/notices", _("公告")))
    return pages


def _work_words(standing: Standing) -> str:
    """Staff and managers report for others on their own pages, never through the chat."""
    if standing.staff_of:
        return _("您好！请在%(link)s查看和处理报单。") % {"link": link("/h5/work", _("工作台"))}
    return _("您好！请在%(link)s查看报单。") % {"link": link("/h5/manage", _("管理页面"))}
