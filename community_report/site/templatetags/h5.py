"""Template tags of the phone pages: icons, times in words, the English words of the scripts."""

from functools import cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation.trans_real import DjangoTranslation
from django.views.i18n import JavaScriptCatalog

from community_report.core import when

register = template.Library()

#: Icons of the categories that the demo community and most others have, by slug; others go by their name.
CATEGORY_ICONS = {
    "hygiene": "hygiene",
    "security": "security",
    "repair": "repair",
    "lost": "lost",
    "lost-found": "lost",
}
CATEGORY_WORDS = (
    ("保洁", "hygiene"),
    ("卫生", "hygiene"),
    ("治安", "security"),
    ("安全", "security"),
    ("修", "repair"),
    ("招领", "lost"),
)
TIMES = {"ago": when.ago_words, "clock": when.clock_words, "day": when.day_words, "left": when.left_words}
SOON_SECONDS = 2 * 3600


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """`{% icon "camera" %}`: an icon of static/img/icons.svg; it is decoration, a word stands beside it."""
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        f"icon {extra}".strip(),
        static("img/icons.svg"),
        name,
    )


@register.filter
def category_icon(category: Any) -> str:
    """The icon's name for a category, or for its `{"slug", "name"}`."""
    slug, name = (category["slug"], category["name"]) if isinstance(category, dict) else (category.slug, category.name)
    by_name = next((found for word, found in CATEGORY_WORDS if word in name), "category")
    return CATEGORY_ICONS.get(slug, by_name)


@register.simple_tag
def time(value: Any, form: str = "ago") -> SafeString | str:
    """`<time>` with words for people (`ago`, `clock`, `day` or `left`) and the exact moment behind."""
    moment = when.as_moment(value)
    if moment is None:
        return ""
    exact = moment.strftime("%Y-%m-%d %H:%M")
    words = TIMES[form](moment)
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(timespec="seconds"), exact, words)


@register.filter
def soon(value: Any) -> bool:
    """Is a deadline less than two hours away?"""
    moment = when.as_moment(value)
    return moment is not None and (moment - timezone.now()).total_seconds() < SOON_SECONDS


@register.filter
def pressing(value: Any, minutes: int) -> str:
    """The class of a deadline: `danger` once it has passed, `warn` when fewer than `minutes` are left."""
    moment = when.as_moment(value)
    if moment is None:
        return ""
    left = (moment - timezone.now()).total_seconds()
    return "danger" if left <= 0 else "warn" if left < minutes * 60 else "secondary"


@cache
def _catalogue(language: str) -> dict[str, Any]:
    view = JavaScriptCatalog()
    view.translation = DjangoTranslation(language, domain="djangojs")
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
def unlocalized(number: float | str | None) -> str:
    """A number for a script: a point, whatever the language."""
    return repr(number) if isinstance(number, float | int) else ""
