"""Template tags of the phone pages: icons, times in words, the English words of the scripts."""

from datetime import date, datetime
from functools import cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.i18n import JavaScriptCatalog

register = template.Library()

#: Icons of the categories that the demo community and most others have; others get the common one.
CATEGORY_ICONS = {
    "hygiene": "hygiene",
    "security": "security",
    "patrol": "security",
    "repair": "repair",
    "utilities": "repair",
    "lost-found": "lost",
    "lost-and-found": "lost",
    "lost": "lost",
}
#: What a category's name says, where its slug says nothing.
CATEGORY_WORDS = (
    ("保洁", "hygiene"),
    ("卫生", "hygiene"),
    ("治安", "security"),
    ("安", "security"),
    ("修", "repair"),
    ("招领", "lost"),
)


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """`{% icon "camera" %}`: an icon of static/img/icons.svg; it is decoration, a word stands beside it."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        extra,
        static("img/icons.svg"),
        name,
    )


@register.filter
def category_icon(category: dict[str, Any]) -> str:
    """The icon's name for `{"slug", "name"}`."""
    by_name = next((found for word, found in CATEGORY_WORDS if word in category["name"]), "category")
    return CATEGORY_ICONS.get(category["slug"], by_name)


def _moment(value: Any) -> datetime | None:
    moment = parse_datetime(value) if isinstance(value, str) else value
    return timezone.localtime(moment) if isinstance(moment, datetime) else None


def _day(moment: datetime, today: date) -> str:
    if moment.date() == today:
        return ""
    if (today - moment.date()).days == 1:
        return _("昨天 ")
    if (moment.date() - today).days == 1:
        return _("明天 ")
    if moment.year == today.year:
        return _("%(month)d月%(day)d日 ") % {"month": moment.month, "day": moment.day}
    return _("%(year)d年%(month)d月%(day)d日 ") % {"year": moment.year, "month": moment.month, "day": moment.day}


@register.filter
def clock_words(value: Any) -> str:
    """A moment as people say it: "09:12", "昨天 09:12", "11月30日 09:12"."""
    moment = _moment(value)
    return "" if moment is None else _day(moment, timezone.localdate()) + moment.strftime("%H:%M")


@register.filter
def day_words(value: Any) -> str:
    """The day alone: "今天", "明天", "11月30日"."""
    moment = _moment(value)
    return "" if moment is None else (_day(moment, timezone.localdate()).strip() or _("今天"))


def span_words(seconds: float) -> str:
    """A span in its largest unit: "3 分钟", "5 小时", "2 天"."""
    minutes = int(abs(seconds) // 60)
    if minutes < 60:
        return ngettext("%(n)d 分钟", "%(n)d 分钟", max(1, minutes)) % {"n": max(1, minutes)}
    if minutes < 48 * 60:
        return ngettext("%(n)d 小时", "%(n)d 小时", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d 天", "%(n)d 天", minutes // 1440) % {"n": minutes // 1440}


@register.filter
def ago(value: Any) -> str:
    """ "3 分钟前"; from yesterday on, the clock."""
    moment = _moment(value)
    if moment is None:
        return ""
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < 60:
        return _("刚刚")
    return _("%(span)s前") % {"span": span_words(seconds)} if seconds < 20 * 3600 else clock_words(moment)


@register.filter
def left(value: Any) -> str:
    """ "还剩 3 小时" or "已超时 2 天"."""
    moment = _moment(value)
    if moment is None:
        return ""
    seconds = (moment - timezone.now()).total_seconds()
    sentence = _("还剩 %(span)s") if seconds > 0 else _("已超时 %(span)s")
    return sentence % {"span": span_words(seconds)}


@register.simple_tag
def time(value: Any, form: str = "ago") -> SafeString | str:
    """`<time>` with words for people (`ago`, `clock`, `day` or `left`) and the exact moment behind."""
    moment = _moment(value)
    if moment is None:
        return ""
    words = {"ago": ago, "clock": clock_words, "day": day_words, "left": left}[form](moment)
    exact = moment.strftime("%Y-%m-%d %H:%M")
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(timespec="seconds"), exact, words)


@cache
def _catalogue(language: str) -> dict[str, Any]:
    with translation.override(language):
        view = JavaScriptCatalog()
        view.translation = translation.trans_real.DjangoTranslation(language, domain="djangojs")
        return view.get_catalog()


@register.simple_tag
def script_words() -> dict[str, Any]:
    """What the scripts' `gettext` looks up; empty in Chinese, the language of the sources."""
    language = translation.get_language() or "zh-hans"
    return {} if language.startswith("zh") else _catalogue(language)


@register.filter
def at(container: Any, key: Any) -> Any:
    """`{{ errors|at:"name" }}`: an item by a key, or nothing."""
    return container.get(key, "") if container else ""


@register.filter
def kind(media: list[dict[str, Any]], wanted: str) -> list[dict[str, Any]]:
    """The items of a `media` list of one kind."""
    return [item for item in media or [] if item["kind"] == wanted]


@register.filter
def first_picture(media: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((item for item in kind(media, "image") if item["status"] == "stored"), None)


@register.filter
def seconds(duration: float | None) -> int:
    """Whole seconds of a voice message, at least one."""
    return max(1, round(duration or 0))


@register.filter
def voice_length(duration: float | None) -> int:
    """How long a bubble is drawn, 1 to 4: longer messages are longer bubbles."""
    return 1 + sum(seconds(duration) >= step for step in (6, 20, 40))


@register.filter
def soon(value: Any) -> bool:
    """Is a deadline less than two hours away?"""
    moment = _moment(value)
    return moment is not None and (moment - timezone.now()).total_seconds() < 2 * 3600
