"""Moments and spans as people say them, in the language and the time zone of the moment."""

from datetime import date, datetime
from typing import Any

from django.utils import dateformat, timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def as_moment(value: Any) -> datetime | None:
    """An aware datetime or its ISO 8601 text as local time; None for anything else."""
    moment = parse_datetime(value) if isinstance(value, str) else value
    return timezone.localtime(moment) if isinstance(moment, datetime) else None


def _day_of(moment: datetime, today: date) -> str:
    distance = (moment.date() - today).days
    if distance == 0:
        return _("今天")
    if abs(distance) == 1:
        return _("昨天") if distance < 0 else _("明天")
    return date_words(moment) if moment.year == today.year else dateformat.format(moment, pgettext("日期", "Y年n月j日"))


def date_words(day: date) -> str:
    """ "11月30日". What is translated is Django's date format: in English, "4" and "12" alone could be either."""
    return dateformat.format(day, pgettext("日期", "n月j日"))


def day_words(value: Any) -> str:
    """The day: "今天", "明天", "11月30日"."""
    moment = as_moment(value)
    return "" if moment is None else _day_of(moment, timezone.localdate())


def clock_words(value: Any) -> str:
    """Today "09:12", else the day before it: "昨天 09:12", "11月30日 09:12"."""
    moment = as_moment(value)
    if moment is None:
        return ""
    today = timezone.localdate()
    clock = moment.strftime("%H:%M")
    return clock if moment.date() == today else f"{_day_of(moment, today)} {clock}"


def span_words(seconds: float) -> str:
    """A span in its largest unit: "3 分钟", "5 小时", "2 天"."""
    seconds = abs(seconds)
    if seconds < _HOUR:
        n = max(1, int(seconds // _MINUTE))
        return ngettext("%(n)d 分钟", "%(n)d 分钟", n) % {"n": n}
    if seconds < 2 * _DAY:
        n = int(seconds // _HOUR)
        return ngettext("%(n)d 小时", "%(n)d 小时", n) % {"n": n}
    n = int(seconds // _DAY)
    return ngettext("%(n)d 天", "%(n)d 天", n) % {"n": n}


def ago_words(value: Any) -> str:
    """ "刚刚", "3 分钟前"; from twenty hours on, the clock."""
    moment = as_moment(value)
    if moment is None:
        return ""
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < _MINUTE:
        return _("刚刚")
    return _("%(span)s前") % {"span": span_words(seconds)} if seconds < 20 * _HOUR else clock_words(moment)


def left_words(value: Any) -> str:
    """ "还剩 3 小时" or "已超时 2 天". A minute that has begun is still left, and so is most of a day."""
    moment = as_moment(value)
    if moment is None:
        return ""
    seconds = (moment - timezone.now()).total_seconds()
    if seconds <= 0:
        return _("已超时 %(span)s") % {"span": span_words(seconds)}
    begun = _DAY / 2 if seconds >= 2 * _DAY else _MINUTE - 1
    return _("还剩 %(span)s") % {"span": span_words(seconds + begun)}


def minutes_words(minutes: float) -> str:
    """A span with one decimal where it helps: "12 分钟", "3.5 小时", "2.1 天"."""
    if minutes < 60:
        n = max(1, round(minutes))
        return ngettext("%(n)d 分钟", "%(n)d 分钟", n) % {"n": n}
    if minutes < 48 * 60:
        return _("%(n).1f 小时") % {"n": minutes / 60}
    return _("%(n).1f 天") % {"n": minutes / 1440}
