"""What became of a notice, in the back office's list of notices: to how many it was sent, what arrived, who read it."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from community_report.core.admin import ADDED_COLUMNS, ADDED_FIGURES
from notices.models import Notice, NoticeRead

from .models import Delivery

_STATUS = Delivery.Status


def _people(condition: Q) -> Coalesce:
    """How many people's messages about the notice meet the condition; each person once."""
    rows = Delivery.objects.filter(condition, notice=OuterRef("pk")).order_by().values("notice")
    counted = rows.annotate(n=Count("user", distinct=True)).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


_READ = Exists(NoticeRead.objects.filter(notice=OuterRef("notice"), user=OuterRef("user")))
FIGURES = {
    "sent_": _people(Q(status__in=(_STATUS.SENT, _STATUS.DELIVERED))),
    "delivered_": _people(Q(status=_STATUS.DELIVERED)),
    "unread_": _people(~Q(_READ)),
}


def _figure(notice: Notice, name: str) -> Any:
    return vars(notice)[name]


@admin.display(description=_("已发送"))
def sent(notice: Notice) -> object:
    return _figure(notice, "sent_")


@admin.display(description=_("已送达"))
def delivered(notice: Notice) -> object:
    return _figure(notice, "delivered_")


@admin.display(description=_("未读"))
def unread(notice: Notice) -> object:
    return _figure(notice, "unread_")


ADDED_FIGURES["notices.Notice"] = FIGURES
ADDED_COLUMNS["notices.Notice"] = [sent, delivered, unread]
