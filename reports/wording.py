"""Sentences about a report for the people who read its page: where it stands, what is next, what happened."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from community_report.core.when import clock_words, day_words, left_words

from .models import Report, ReportEvent
from .people import person_name
from .policies import BOARD_FOR, Viewer
from .states import Action, Party, Status, rule_for

Shape = dict[str, Any]
SENTENCE_ENDS = "。！？；!?;.~…"


@dataclass(frozen=True)
class Standpoint:
    """`headline` says where it stands, `following` what comes next and by when (or is empty); `late`: that is past."""

    headline: str
    following: str = ""
    late: bool = False


def standpoint(report: Report, viewer: Viewer) -> Standpoint:
    """Where a report stands, said to this person."""
    parties = viewer.parties(report)
    return _SAY[Status(report.status)](report, parties, viewer)


def _submitted(report: Report, parties: set[Party], viewer: Viewer) -> Standpoint:
    if report.asked_at is not None and is_asked(report, viewer):
        until = report.asked_at + BOARD_FOR
        return Standpoint(_("还需要继续展示吗？"), _("%(day)s 前没有回答将自动了结") % {"day": day_words(until)})
    if report.on_show:
        return Standpoint(_("已发布，邻居们都能看到"), _("物归原主后，由发布的人点“确认完成”"))
    by = _("应在 %(time)s 前有人接单") % {"time": clock_words(report.claim_due_at)} if report.claim_due_at else ""
    late = bool(report.claim_due_at and report.claim_due_at <= viewer.now)
    if late:
        by = _("超时没人接单，请您指派") if Party.MANAGER in parties else _("等得有点久了，已提醒物业管理人员")
    if Party.REPORTER in parties:
        return Standpoint(_("已提交，等待%(roles)s接单") % {"roles": receivers(report)}, by, late)
    return Standpoint(_("等待%(roles)s接单") % {"roles": receivers(report)}, by, late)


def is_asked(report: Report, viewer: Viewer) -> bool:
    """Does a board post wait for this person, its author, to say whether it still stands?"""
    asked = report.asked_at is not None and report.status == Status.SUBMITTED
    return asked and Party.REPORTER in viewer.parties(report)


def receivers(report: Report) -> str:
    """Names of the roles that its tags lead to."""
    names = {role.name: None for tag in report.tags.all() for role in tag.roles.all()}
    return _("、").join(names) or _("物业管理人员")


def _claimed(report: Report, parties: set[Party], viewer: Viewer) -> Standpoint:
    due, late = _due(report, viewer.now), report.is_overdue(viewer.now)
    last = _last_of(report, _OF_THE_CLAIM)
    how = last.kind if last else ""
    if Party.CLAIMANT in parties:
        begun = {
            "assign": _("已交给您，处理好后请提交结果"),
            "reopen": _("上报人反映没有解决，请继续处理"),
        }
        return Standpoint(begun.get(how) or _("您已接单，处理好后请提交结果"), due, late)
    if not viewer.may_read(report) or report.claimed_by is None:
        return Standpoint(_("已有师傅接单，正在处理"))
    name = person_name(report.claimed_by)
    if Party.STAFF in parties:
        words = {"name": name, "time": clock_words(report.claimed_at)}
        return Standpoint(_("这条已由%(name)s在 %(time)s 接单") % words, _not_yours())
    own = last is not None and last.actor_id == viewer.user.pk
    said = {
        "assign": _("已交给%(name)s处理"),
        "reopen": _("您反映没有解决，%(name)s会继续处理") if own else _("上报人反映没有解决，%(name)s会继续处理"),
    }
    return Standpoint((said.get(how) or _("%(name)s已接单，正在处理")) % {"name": name}, due, late)


#: How a claim came about, and what its holder has said since.
_OF_THE_CLAIM = frozenset({"claim", "assign", "reopen", "progress"})
#: What who urged was waiting for.
_ANSWERS = frozenset({"claim", "assign", "release", "progress", "resolve"})


def _last_of(report: Report, kinds: frozenset[str]) -> ReportEvent | None:
    return next((event for event in reversed(list(report.events.all())) if event.kind in kinds), None)


def _not_yours() -> str:
    """To a staff member whom a pushed link led to what has gone on without them."""
    return _("您不用再处理，谢谢")


def _is_colleagues(parties: set[Party]) -> bool:
    return Party.STAFF in parties and not parties & {Party.CLAIMANT, Party.REPORTER, Party.MANAGER}


def _due(report: Report, now: datetime) -> str:
    if report.due_at is None:
        return ""
    words = {"time": clock_words(report.due_at), "left": left_words(report.due_at)}
    return _("应在 %(time)s 前解决，%(left)s") % words


def _resolved(report: Report, parties: set[Party], viewer: Viewer) -> Standpoint:
    until = report.status_since + timedelta(days=report.community.auto_confirm_days)
    if Party.REPORTER in parties and Party.FILER not in parties:
        return Standpoint(_("请确认处理结果"), _("请在 %(day)s 前确认，否则将自动完成") % {"day": day_words(until)})
    ends = _("%(day)s 前没有回应将自动完成") % {"day": day_words(until)}
    if _is_colleagues(parties) and report.claimed_by is not None:
        return Standpoint(_("%(name)s已处理，等待上报人确认") % {"name": person_name(report.claimed_by)}, _not_yours())
    return Standpoint(_("已处理，等待上报人确认"), ends)


def _closed(report: Report, parties: set[Party], viewer: Viewer) -> Standpoint:
    until = (report.closed_at or report.status_since) + timedelta(days=report.community.reopen_days)
    if Party.REPORTER in parties and viewer.now <= until:
        return Standpoint(_("已完成"), _("如果问题又出现，%(day)s 前可以重新打开") % {"day": day_words(until)})
    if _is_colleagues(parties) and report.claimed_by is not None and report.claimed_by != viewer.user:
        return Standpoint(_("%(name)s已处理完成") % {"name": person_name(report.claimed_by)}, _not_yours())
    return Standpoint(_("已完成"))


def _dismissed(report: Report, parties: set[Party], viewer: Viewer) -> Standpoint:
    if Party.REPORTER in parties:
        return Standpoint(_("物业驳回了这条上报"), _("原因见下方；有疑问请联系物业"))
    return Standpoint(_("这条上报被驳回了"), _not_yours() if _is_colleagues(parties) else "")


def _withdrawn(report: Report, parties: set[Party], viewer: Viewer) -> Standpoint:
    if Party.REPORTER in parties:
        return Standpoint(_("您已撤回"))
    return Standpoint(_("上报人已撤回"), _not_yours() if _is_colleagues(parties) else "")


def _merged(report: Report, parties: set[Party], viewer: Viewer) -> Standpoint:
    return Standpoint(_("和另一条相同的报单合并处理"), _("之后的进展，请看合并后的报单"))


_SAY = {
    Status.SUBMITTED: _submitted,
    Status.CLAIMED: _claimed,
    Status.RESOLVED: _resolved,
    Status.CLOSED: _closed,
    Status.DISMISSED: _dismissed,
    Status.WITHDRAWN: _withdrawn,
    Status.MERGED: _merged,
}


def urged_words(report: Report, viewer: Viewer) -> str:
    """To who urged lately and has got no answer yet: that it was heard, and from when they may again. Else empty."""
    again = viewer.urge_again(report)
    rule = rule_for(report.status, Action.URGE)
    if again is None or rule is None or not viewer.parties(report) & rule.parties:
        return ""
    answer = _last_of(report, _ANSWERS)
    if answer and report.urged_at and answer.at > report.urged_at:
        return ""
    words = {"time": clock_words(report.urged_at), "again": clock_words(again)}
    return _("已在 %(time)s 催过，会有人看到；如果还没动静，%(again)s 后可以再催一次") % words


def timeline(report: Report, shape: Shape) -> list[Shape]:
    """The shape's events, newest first, each with a `title` that says what happened."""
    told = [event for event in report.events.all() if "description" in shape or event.to_status is not None]
    pairs = zip(told, shape["events"], strict=True)
    staff = _assigned(told)
    return [{**step, "title": _title(event, step["actor"], staff)} for event, step in pairs][::-1]


def _assigned(events: list[ReportEvent]) -> dict[str, str]:
    """Names of the people whom managers gave the report to, by id."""
    given = {event.data["assignee"] for event in events if event.kind == "assign"}
    return {str(user.pk): person_name(user) for user in User.objects.filter(pk__in=given)} if given else {}


def _title(event: ReportEvent, actor: Shape | None, staff: dict[str, str]) -> str:
    """`actor` as this person may know them; None: the clock, or somebody who is not named here."""
    titles = _by_somebody() if actor else _by_nobody()
    title = titles.get(event.kind) or _by_nobody().get(event.kind) or event.kind
    assignee = staff.get(str(event.data.get("assignee")), "")
    return title % {"name": actor["display_name"] if actor else "", "staff": assignee}


def beyond_title(shape: Shape) -> str:
    """The description, unless the title says all of it: made from the first sentence, it often does."""
    description = str(shape.get("description", "")).strip()
    return "" if description.rstrip(SENTENCE_ENDS) == shape["title"].rstrip(SENTENCE_ENDS) else description


def _by_somebody() -> dict[str, str]:
    return {
        "submitted": _("%(name)s上报"),
        "claim": _("%(name)s接单"),
        "release": _("%(name)s退回，重新等待接单"),
        "progress": _("%(name)s更新进展"),
        "resolve": _("%(name)s提交了处理结果"),
        "assign": _("%(name)s交给%(staff)s处理"),
        "dismiss": _("%(name)s驳回"),
        "recategorize": _("%(name)s改了分类"),
        "merge": _("%(name)s合并了相同的报单"),
        "restore": _("%(name)s恢复了报单"),
        "confirm": _("%(name)s确认完成"),
        "reopen": _("%(name)s反映问题没有解决"),
        "withdraw": _("%(name)s撤回"),
        "urge": _("%(name)s催了一下"),
        "comment": _("%(name)s补充说明"),
        "rate": _("%(name)s评价"),
        "ignore": _("%(name)s表示不归自己处理"),
    }


def _by_nobody() -> dict[str, str]:
    return {
        "submitted": _("邻居上报"),
        "claim": _("已接单"),
        "release": _("已退回，重新等待接单"),
        "progress": _("有新的进展"),
        "resolve": _("提交了处理结果"),
        "assign": _("已指派处理人"),
        "dismiss": _("已驳回"),
        "recategorize": _("已改分类"),
        "merge": _("合并了相同的报单"),
        "restore": _("已恢复"),
        "confirm": _("确认完成"),
        "reopen": _("反映问题没有解决，重新打开"),
        "withdraw": _("已撤回"),
        "urge": _("催了一下"),
        "comment": _("补充说明"),
        "rate": _("已评价"),
        "expire": _("长时间没有进展，重新等待接单"),
        "removed": _("处理人已离岗，重新等待接单"),
        "close": _("到期没有回应，自动完成"),
        "unclaimed": _("超过时限无人接单，已提醒管理人员"),
        "unclaimed_again": _("仍然无人接单，已再次提醒管理人员"),
        "claim_soon": _("快到接单时限，已提醒工作人员"),
        "overdue": _("超过解决时限，已提醒管理人员"),
        "overdue_again": _("仍然没有解决，已再次提醒管理人员"),
        "due_soon": _("快到解决时限，已提醒处理的人"),
        "lease": _("有一阵没有进展，已提醒处理人"),
        "ignored": _("没有人能处理，已告诉管理人员"),
        "still_there": _("已询问发布的人是否仍有效"),
    }
