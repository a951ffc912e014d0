"""After a fault: is everything settled, and do the three books agree – what was acknowledged, the database, WeChat?

An answer that never came is a "maybe": the report or message may be there or not, but never twice.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from devtools.faults.registry import Scene

#: What a page or a call may answer while something is broken.
FINE = {200, 201, 202, 204, 403, 404, 409, 503}


@dataclass
class Books:
    """What the checker found: problems (none, where all is well) and figures for the log."""

    problems: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)


def unsettled(since: datetime) -> dict[str, int]:
    """What still waits of everything since then: rows that a worker has to deal with, by kind."""
    from django.db import connection
    from django.db.models import Q
    from django.utils import timezone

    from dispatch.models import Delivery, GroupMessage, InboundMessage, Outbox, RobotPost
    from reports.models import Attachment

    connection.close()  # the fault may have broken it
    soon = timezone.now()
    waiting = {
        "unrouted": Outbox.objects.filter(routed_at=None, attempts__lt=100, created_at__gte=since),
        "deliveries": Delivery.objects.filter(
            Q(due_at__lte=soon) | Q(failed_at__isnull=False), status="pending", created_at__gte=since
        ),
        "lists": GroupMessage.objects.filter(
            Q(status="pending") | Q(settled_at=None) & ~Q(result={}), created_at__gte=since
        ),
        "posts": RobotPost.objects.filter(status="pending", robot__active=True, created_at__gte=since),
        "media": Attachment.objects.filter(status="pending", created_at__gte=since),
        "callbacks": InboundMessage.objects.filter(handled_at=None, error="", received_at__gte=since),
    }
    return {name: number for name, rows in waiting.items() if (number := rows.count())}


def reconcile(scene: Scene) -> Books:
    """Compare the books of everything since the fault began."""
    books = Books()
    for part in (_reports, _pushes, _lists, _posts, _callbacks, _web, _media):
        books.problems += part(scene, books.figures)
    return books


def _reports(scene: Scene, figures: dict[str, Any]) -> Iterator[str]:
    from reports.models import Report

    asked = scene.ledger.reports()
    rows = {str(row.hashed_id): str(row.pk) for row in Report.objects.filter(created_at__gte=scene.since)}
    taken = {answer.hashed_id: str(answer.body["id"]) for answer in asked if answer.took_it}
    figures["reports acknowledged"] = len(taken)
    figures["maybe"] = len({answer.hashed_id for answer in asked if not answer.took_it} - set(taken))
    for hashed_id, pk in taken.items():
        if rows.get(hashed_id) != pk:
            yield f"report {hashed_id} was acknowledged as {pk}; the database has {rows.get(hashed_id)}"
    for hashed_id in set(rows) - {answer.hashed_id for answer in asked}:
        yield f"report {hashed_id} was filed by nobody"


def _pushes(scene: Scene, figures: dict[str, Any]) -> Iterator[str]:
    """Each delivery reached WeChat at least once; a template is seen once, a text again where its answer was lost."""
    from dispatch.models import Delivery

    made = list(Delivery.objects.filter(created_at__gte=scene.since).select_related("user"))
    seen = _seen(scene)
    wanted: Counter[tuple[str, str]] = Counter()
    by_list: Counter[tuple[str, str]] = Counter()
    for row in made:
        if row.status in ("sent", "delivered"):
            wanted[str(row.user.openid), row.path] += 1
            by_list[str(row.user.openid), row.path] += row.channel == "mass"
        elif row.code not in scene.may_end_with:
            yield f"delivery {row.pk} ({row.kind} to {row.user}) is {row.status} {row.code}"
    figures["pushes"] = sum(wanted.values())
    for key, number in wanted.items():
        if sum(seen[key].values()) < number:
            yield f"{key} was recorded as sent {number} times and shown {dict(seen[key])}"
        if (copies := seen[key]["template"] - number) > 0:
            yield f"{key}: {copies} templates too many"
        if (copies := seen[key]["mass"] - by_list[key]) > 0:
            yield f"{key}: {copies} group messages too many"
        figures["texts again"] = figures.get("texts again", 0) + max(0, seen[key]["custom"] - number)
    if figures.get("texts again") and not scene.texts_may_repeat:
        yield f"{figures['texts again']} texts were shown again"
    yield from _told(scene, {(str(row.report_id), row.user.openid) for row in made if row.kind == "new_report"})


def _seen(scene: Scene) -> dict[tuple[str, str], Counter[str]]:
    """How many messages each phone shows for each page, by channel."""
    shown: dict[tuple[str, str], Counter[str]] = {}
    base = scene.stage.web_url
    for entry in scene.sandbox.messages(after=scene.journal_from, limit=100_000):
        text = f"{entry.get('url', '')} {entry.get('text', '')}"
        path = text.partition(base)[2].split('"')[0].split(" ")[0]
        shown.setdefault((entry.get("openid", ""), path), Counter())[entry["channel"]] += 1
    return _Missing(shown)


class _Missing(dict[tuple[str, str], Counter[str]]):
    def __missing__(self, key: tuple[str, str]) -> Counter[str]:
        return Counter()


def _lists(scene: Scene, figures: dict[str, Any]) -> Iterator[str]:
    """Everybody of a list that WeChat took is counted as reached by it; a list that it refused is no surprise."""
    from dispatch.models import GroupMessage

    for message in GroupMessage.objects.filter(created_at__gte=scene.since):
        figures["lists"] = figures.get("lists", 0) + 1
        reached = message.deliveries.filter(status__in=("sent", "delivered"), channel="mass").count()
        if message.status == "sent" and reached != message.people:
            yield f"list {message.pk} was taken for {message.people} people; {reached} deliveries are sent by it"
        if message.status != "sent" and message.code not in scene.may_end_with:
            yield f"list {message.pk} is {message.status} {message.code}"


def _posts(scene: Scene, figures: dict[str, Any]) -> Iterator[str]:
    """Each post stands in its group, once; again where its answer was lost."""
    from dispatch.models import RobotPost

    rows = list(RobotPost.objects.filter(created_at__gte=scene.since))
    shown = [
        entry["text"] for entry in scene.sandbox.messages(after=scene.journal_from, limit=100_000, channel="robot")
    ]
    figures["posts"] = len(rows)
    for row in rows:
        copies = sum(f"{row.text}\n{scene.stage.web_url}{row.path}" in text for text in shown)
        figures["posts again"] = figures.get("posts again", 0) + max(0, copies - 1)
        if row.status != "sent" and row.code not in scene.may_end_with:
            yield f"post {row.pk} is {row.status} {row.code}"
        if row.status == "sent" and copies == 0:
            yield f"post {row.pk} was recorded as sent and stands in no group"
    if figures.get("posts again") and not scene.texts_may_repeat:
        yield f"{figures['posts again']} posts stand in a group again"


def _told(scene: Scene, told: set[tuple[str, str | None]]) -> Iterator[str]:
    """Every report that there is was told to everybody who clears it up."""
    from reports.models import Report

    for report in Report.objects.filter(created_at__gte=scene.since, category__slug="hygiene"):
        for host in scene.staff:
            if (str(report.pk), scene.town.openid(host)) not in told:
                yield f"report {report.pk} has no delivery to {host}"


def _callbacks(scene: Scene, figures: dict[str, Any]) -> Iterator[str]:
    """What WeChat was answered is stored, once; what a person wrote stands in one draft, once."""
    from community_report.wechat.inbound import read
    from dispatch.models import InboundMessage
    from reports.models import Draft

    entries = scene.sandbox.journal(after=scene.journal_from, limit=100_000, kind="callback")
    answered = {read(entry["xml"].encode()): entry for entry in entries if entry["tries"][-1].get("status") == 200}
    figures["callbacks answered"] = len(answered)
    figures["callbacks unanswered"] = len(entries) - sum(1 for e in entries if e["tries"][-1].get("status") == 200)
    figures["slowest callback"] = max((t["seconds"] for e in entries for t in e["tries"]), default=0.0)
    keys = [message.dedupe_key for message in answered]
    stored = dict(InboundMessage.objects.filter(key__in=keys).values_list("key", "error"))
    said = Counter("\n".join(Draft.objects.values_list("description", flat=True)).split("\n"))
    for message, entry in answered.items():
        if message.dedupe_key not in stored:
            yield f"callback {entry['id']} ({entry['event']}) was answered and is not stored"
        elif stored[message.dedupe_key]:
            yield f"callback {entry['id']} ended with {stored[message.dedupe_key]}"
        if message.kind == "text" and said[message.content] != 1:
            yield f"the text {message.content} stands in drafts {said[message.content]} times"
    for text, number in said.items():
        if text and number > 1:
            yield f"the text {text} stands in drafts {number} times"


def _web(scene: Scene, figures: dict[str, Any]) -> Iterator[str]:
    answers = scene.ledger.answers
    figures["requests"] = len(answers)
    figures["503"] = sum(1 for answer in answers if answer.status == 503)
    figures["slowest"] = round(max((answer.seconds for answer in answers), default=0.0), 2)
    for answer in answers:
        if answer.status == 0 and not scene.web_is_killed:
            yield f"{answer.what} got no answer ({answer.body}) after {answer.seconds:.1f} s"
        if answer.status not in FINE | {0} or not answer.clear:
            yield f"{answer.what} was answered {answer.status} {str(answer.body)[:200]}"


def _media(scene: Scene, figures: dict[str, Any]) -> Iterator[str]:
    """A stored file is there and whole; nothing else lies where files are shown from."""
    from reports.models import Attachment

    rows = list(Attachment.objects.filter(created_at__gte=scene.since))
    root = Path(scene.stage.home / "media")
    if rows:
        figures["media"] = dict(Counter(f"{row.status} {row.reason}".strip() for row in rows))
    for row in rows:
        if row.status == "failed" and not scene.media_may_fail:
            yield f"attachment {row.pk} failed: {row.reason}"
        if row.status == "stored" and (not row.path or (root / row.path).stat().st_size != row.size):
            yield f"attachment {row.pk} is stored and its file is not whole"
