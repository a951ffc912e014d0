"""Writing down what has to be told, in the transaction that causes it."""

from collections.abc import Iterable
from typing import Any

from accounts.models import Membership, User
from dispatch.kinds import Kind
from dispatch.models import InboundMessage, Outbox
from dispatch.occasions import OCCASIONS
from dispatch.signals import outbox_written
from notices.models import Notice, NoticePicture
from reports.models import Attachment, BoardMessage, Draft, Report, ReportEvent


def write(rows: Iterable[Outbox]) -> None:
    """Insert rows (a key that is there already is left alone) and say so: a worker routes them after the commit."""
    rows = list(rows)
    if not rows:
        return
    Outbox.objects.bulk_create(rows, ignore_conflicts=True)
    # Routing twice does nothing, so who inserted does not matter here.
    unrouted = Outbox.objects.filter(key__in=[row.key for row in rows], routed_at=None)
    outbox_written.send(Outbox, ids=list(unrouted.values_list("pk", flat=True)))


def tell_event(report: Report, event: ReportEvent) -> None:
    """Everything that one event of a report tells. `event` is the one just written; the report is as it left it."""
    data = {"occasion": event.kind, "event": event.pk, "claimant": _key(report.claimed_by_id), **_facts(event)}
    write(
        Outbox(
            key=f"event:{event.pk}:{telling.kind}",
            kind=telling.kind,
            community_id=report.community_id,
            report=report,
            actor_id=event.actor_id,
            data=data,
        )
        for telling in OCCASIONS.get(event.kind, ())
        if telling.when(report, event)
    )


def _facts(event: ReportEvent) -> dict[str, Any]:
    return {name: event.data[name] for name in ("assignee", "previous", "score") if event.data.get(name)}


def _key(pk: object) -> str | None:
    return str(pk) if pk else None


def tell_notice(notice: Notice) -> None:
    """A notice is out: to its audience, its author included (who published it sees what people see)."""
    write(
        [
            Outbox(
                key=f"notice:{notice.pk}",
                kind=Kind.NOTICE,
                community_id=notice.community_id,
                notice=notice,
                data={"occasion": "notice_published"},
            )
        ]
    )


def tell_notice_again(notice: Notice) -> None:
    """Who has not read a notice is told of it once more."""
    write(
        [
            Outbox(
                key=f"notice:{notice.pk}:remind:{notice.reminders}",
                kind=Kind.NOTICE,
                community_id=notice.community_id,
                notice=notice,
                data={"occasion": "notice_reminded"},
            )
        ]
    )


def tell_binding(
    occasion: str, membership: Membership, *, people: Iterable[User] = (), actor: User | None = None
) -> None:
    """Something about a binding: `occasion` is a key of OCCASIONS; `people` are told where it names them."""
    write(
        Outbox(
            key=f"binding:{membership.pk}:{membership.status}:{occasion}",
            kind=telling.kind,
            community_id=membership.community_id,
            membership=membership,
            actor=actor or (membership.user if people else None),
            data={"occasion": occasion, "people": [str(person.pk) for person in people], "status": membership.status},
        )
        for telling in OCCASIONS[occasion]
    )


def tell_board_message(message: BoardMessage, to: User) -> None:
    """Somebody wrote about a board post: the other of the two is told."""
    asked = message.author_id == message.neighbour_id
    write(
        [
            Outbox(
                key=f"board:{message.pk}",
                kind=Kind.PROGRESS,
                community_id=message.report.community_id,
                report=message.report,
                actor_id=message.author_id,
                data={"occasion": "board_asked" if asked else "board_answered", "person": str(to.pk)},
            )
        ]
    )


def tell_media_failed(attachment: Attachment) -> None:
    """Ask who sent a picture or voice message that cannot be had to send it again."""
    if attachment.uploader_id is None:
        return
    report = attachment.report
    draft = attachment.draft
    picture = NoticePicture.objects.filter(attachment=attachment).first()
    write(
        [
            Outbox(
                key=f"attachment:{attachment.pk}",
                kind=Kind.PROGRESS,
                community_id=report.community_id if report else draft.community_id if draft else None,
                report=report,
                data={
                    "occasion": "media_failed",
                    "person": str(attachment.uploader_id),
                    "media": attachment.kind,
                    "draft": _key(attachment.draft_id),
                    "notice": _key(picture.notice_id if picture else None),
                },
            )
        ]
    )


def tell_message(occasion: str, message: InboundMessage, person: User, draft: Draft | None) -> None:
    """What became of a message in the chat that could not be dealt with when it came."""
    write(
        [
            Outbox(
                key=f"inbound:{message.pk}:{occasion}",
                kind=Kind.PROGRESS,
                community_id=draft.community_id if draft else None,
                data={"occasion": occasion, "person": str(person.pk), "draft": _key(draft.pk if draft else None)},
            )
        ]
    )
