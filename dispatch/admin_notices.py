"""What became of a notice, in the back office's list of notices: to how many it was sent, what arrived, who read it."""

from collections.abc import Sequence

from django.contrib import admin
from django.db import connection
from django.utils.translation import gettext_lazy as _

from community_report.core.admin import ADDED_COLUMNS, ADDED_FIGURES
from notices.models import Notice

#: Each person once, however often they were told. Written out: three distinct counts would sort every row thrice.
_FIGURES = """
SELECT told.notice_id, count(*) FILTER (WHERE told.sent), count(*) FILTER (WHERE told.delivered),
       count(*) FILTER (WHERE seen.id IS NULL)
FROM (SELECT notice_id, user_id, bool_or(status IN ('sent', 'delivered')) AS sent,
             bool_or(status = 'delivered') AS delivered
      FROM dispatch_delivery WHERE notice_id = ANY(%(keys)s) GROUP BY notice_id, user_id) AS told
LEFT JOIN notices_noticeread AS seen
    ON seen.notice_id = told.notice_id AND seen.user_id = told.user_id AND seen.notice_id = ANY(%(keys)s)
GROUP BY told.notice_id
"""


def fill(rows: Sequence[Notice]) -> None:
    """Sets `sent_`, `delivered_` and `unread_`: numbers of people."""
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, {"keys": [row.pk for row in rows]})
        found = {key: figures for key, *figures in cursor.fetchall()}
    for row in rows:
        vars(row).update(zip(("sent_", "delivered_", "unread_"), found.get(row.pk, (0, 0, 0)), strict=True))


@admin.display(description=_("已发送"))
def sent(notice: Notice) -> object:
    return vars(notice)["sent_"]


@admin.display(description=_("已送达"))
def delivered(notice: Notice) -> object:
    return vars(notice)["delivered_"]


@admin.display(description=_("未读"))
def unread(notice: Notice) -> object:
    return vars(notice)["unread_"]


ADDED_FIGURES.setdefault("notices.Notice", []).append(fill)
ADDED_COLUMNS["notices.Notice"] = [sent, delivered, unread]
