"""Messages that did not arrive by any channel, which a manager may have to tell by telephone, and why they did not."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Community

from .models import Delivery

#: What is older is history: the back office and `manage.py deliveries` have it.
RECENT = timedelta(days=14)
#: Codes of what was not pushed because WeChat offers no way to the person.
NO_WAY = ("unfollowed", "43004", "no_wechat")


def unreached(community: Community, now: datetime) -> QuerySet[Delivery]:
    """As `unreached_in`, of one community."""
    return unreached_in([community.pk], now)


def unreached_people(communities: Collection[int], now: datetime) -> dict[int, int]:
    """How many people there are of them, by the community's key; one without any is not there. One query."""
    lost = unreached_in(communities, now).order_by().values_list("community").annotate(n=Count("user", distinct=True))
    return {pk: number for pk, number in lost if pk is not None}


def unreached_in(communities: Collection[int], now: datetime) -> QuerySet[Delivery]:
    """Of the last two weeks, what died or had no way to its person, who has not read it in the inbox either.

    Newest first.
    """
    lost = Q(status=Delivery.Status.DEAD) | Q(status=Delivery.Status.SKIPPED, code__in=NO_WAY)
    recent = Delivery.objects.filter(lost, community__in=communities, created_at__gte=now - RECENT)
    waiting = recent.filter(read_at=None, user__is_active=True)
    return waiting.select_related("user", "report", "notice").order_by("-created_at")


def reason_words(delivery: Delivery) -> str:
    """Why it was not pushed, or what WeChat said, as a manager understands it."""
    return code_words(delivery.code)


def code_words(code: str) -> str:
    """A delivery's code in words; numbers are WeChat's return codes."""
    known = {
        "43004": _("没有关注公众号"),
        "unfollowed": _("没有关注公众号"),
        "no_wechat": _("没有用微信登录过"),
        "off_duty": _("不在岗"),
        "muted": _("本人不接收这类消息"),
        "ignored": _("本人表示不归自己处理"),
        "43101": _("没有同意接收"),
        "45015": _("超过 48 小时没有联系公众号"),
        "45047": _("消息发送太多，微信暂不接收"),
        "40003": _("微信账号已失效"),
        "sms_cap": _("今天的短信已发满"),
        "refused": _("短信网关没有接收"),
    }
    if not code:
        return ""
    return known.get(code) or _("微信没有接收（%(code)s）") % {"code": code}
