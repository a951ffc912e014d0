"""A report as one person sees it: the contract's section 6, for the API and for the pages alike."""

from datetime import datetime
from typing import Any

from accounts.text import home_text
from reports.models import Category, Report, ReportEvent, Tag
from reports.people import person, person_name
from reports.policies import Viewer

from .media import show_media

Shape = dict[str, Any]


def report_shape(report: Report, viewer: Viewer, *, events: bool) -> Shape:
    """The report as `viewer` may see it: in full, or a glimpse for who only follows it.

    `report` comes from `Report.objects.for_view(user)`, with `.with_events()` where `events` is true; no query is made
    here. Times are ISO 8601 with zone, ids are strings.
    """
    if not viewer.may_read(report):
        return glimpse_shape(report, viewer, events=events)
    outsider = viewer.is_outsider(report)
    shape = _head(report) | {
        "tags": [_named(tag) for tag in report.tags.all()],
        "description": report.description,
        "address": "" if outsider and _is_home(report) else report.address,
        "location": None if outsider else _location(report),
        "reporter": None if outsider else _reporter(report, phone=viewer.may_see_phone(report)),
        "claimed_by": person(report.claimed_by) if report.claimed_by else None,
        "claimed_at": _time(report.claimed_at),
        "media": [show_media(attachment) for attachment in report.own_media],
        "rating": _rating(report),
        "due_at": _time(report.due_at),
        "overdue": report.is_overdue(viewer.now),
        **_standing(report, viewer),
        "created_at": _time(report.created_at),
        "updated_at": _time(report.updated_at),
    }
    if events:
        hidden = report.reporter_id if outsider else None
        shape["events"] = [_event(event, hide=hidden) for event in report.events.all()]
    return shape


def card_shape(report: Report, viewer: Viewer) -> Shape:
    """For the lists of pages: `report_shape` without events, `on_show`, and for who reads all of it `claim_due_at`."""
    shape = report_shape(report, viewer, events=False)
    until = {"claim_due_at": report.claim_due_at} if "due_at" in shape else {}
    return shape | {"on_show": report.on_show, **until}


def glimpse_shape(report: Report, viewer: Viewer, *, events: bool) -> Shape:
    """What a neighbour learns of a private report by following it: what it is and how far it has come."""
    shape = _head(report) | {"building": report.building.name if report.building else None, **_standing(report, viewer)}
    if events:
        steps = [event for event in report.events.all() if event.to_status is not None]
        shape["events"] = [_step(event) for event in steps]
    return shape


def similar_shape(report: Report) -> Shape:
    """No more than this of a report that may be another resident's private one."""
    return {
        "id": str(report.pk),
        "number": report.number,
        "category": _named(report.category),
        "title": report.title,
        "building": report.building.name if report.building else None,
        "status": report.status,
    }


def category_shape(category: Category) -> Shape:
    return {
        **_named(category),
        "tags": [_named(tag) for tag in category.tags.all()],
        "public": category.public,
        "claimable": category.claimable,
    }


def _head(report: Report) -> Shape:
    return {
        "id": str(report.pk),
        "number": report.number,
        "community": {"slug": report.community.slug, "name": report.community.name},
        "category": _named(report.category),
        "title": report.title,
        "status": report.status,
    }


def _standing(report: Report, viewer: Viewer) -> Shape:
    return {
        "following": report.following_,
        "followers": report.followers_,
        "allowed_actions": viewer.allowed_actions(report),
    }


def _named(thing: Category | Tag) -> dict[str, str]:
    return {"slug": thing.slug, "name": thing.name}


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _location(report: Report) -> Shape | None:
    if report.latitude is None or report.longitude is None:
        return None
    return {"latitude": report.latitude, "longitude": report.longitude, "name": report.location_name}


def _is_home(report: Report) -> bool:
    """An address left empty is filled with the home of the reporter or caller, which would say who reported it."""
    caller_home = (report.caller or {}).get("home")
    homes = {str(report.reporter_home or ""), home_text(caller_home) if caller_home else ""}
    return report.address in homes - {""}


def _reporter(report: Report, *, phone: bool) -> Shape | None:
    """Who reported it: a person here, or one whom only the roster knows (the caller, then with a home), or nobody."""
    caller = report.caller or {}
    reporter = report.reporter
    if reporter is not None and reporter.erased_at is not None:
        return {"display_name": person_name(reporter), "home": None, "phone": None}
    if reporter is None:
        return _caller(caller, phone=phone) if caller.get("name") and report.reporter_home else None
    return {
        "display_name": person_name(reporter),
        "home": report.reporter_home.as_dict() if report.reporter_home else None,
        "phone": (reporter.phone or caller.get("phone") or None) if phone else None,
    }


def caller_shape(report: Report, viewer: Viewer) -> Shape | None:
    """Who telephoned, in a reporter's shape and as whoever filed it wrote them down; for pages, to ring back."""
    caller = report.caller or {}
    if not caller.get("name") or viewer.is_outsider(report):
        return None
    return _caller(caller, phone=viewer.may_see_phone(report))


def _caller(caller: Shape, *, phone: bool) -> Shape:
    home = caller.get("home")
    return {
        "display_name": caller["name"],
        "home": {part: home.get(part, "") for part in ("building", "unit", "room")} if home else None,
        "phone": (caller.get("phone") or None) if phone else None,
    }


def _rating(report: Report) -> Shape | None:
    rating = getattr(report, "rating", None)
    return {"score": rating.score, "comment": rating.comment} if rating else None


def _event(event: ReportEvent, *, hide: Any) -> Shape:
    """One step of the timeline; `hide`: whose own steps are shown without their name."""
    actor = event.actor if event.actor_id != hide else None
    return {
        "kind": event.kind,
        "at": _time(event.at),
        "actor": {"display_name": person_name(actor), "role": event.actor_role} if actor else None,
        "from": event.from_status,
        "to": event.to_status,
        "note": event.note,
        "media": [show_media(attachment) for attachment in event.attachments.all()],
    }


def _step(event: ReportEvent) -> Shape:
    return {
        "kind": event.kind,
        "at": _time(event.at),
        "actor": None,
        "from": event.from_status,
        "to": event.to_status,
        "note": "",
        "media": [],
    }
