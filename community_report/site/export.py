"""Everything that is held on a person, as JSON: one collector for each app, each table as plain rows."""

from typing import Any

from django.db.models import Q
from django.utils import timezone

from accounts.models import Invitation, Membership, Record, RosterEntry, Shift, User
from accounts.policies import standing_of
from dispatch.models import Contact, Delivery, InboundMessage
from notices.models import Notice, NoticeRead
from reports.models import (
    Attachment,
    BoardMessage,
    Claim,
    Draft,
    Follow,
    Ignore,
    InternalNote,
    Rating,
    Report,
    ReportEvent,
    Upload,
)

Rows = list[dict[str, Any]]


def export_person(user: User) -> dict[str, Any]:
    """JSON-ready but for dates and UUIDs, which DjangoJSONEncoder writes; times are ISO 8601 with zone."""
    return {
        "exported_at": timezone.now(),
        **_accounts(user),
        **_reports(user),
        **_notices(user),
        **_messages(user),
    }


def _accounts(user: User) -> dict[str, Any]:
    profile = (
        *("id", "openid", "username", "display_name", "phone", "language", "quiet_hours", "muted_kinds"),
        *("created_at", "last_login"),
    )
    own = Membership.objects.filter(user=user).for_view().order_by("created_at")
    standing = standing_of(user)
    return {
        "profile": {name: getattr(user, name) for name in profile},
        "memberships": [_membership(membership) for membership in own],
        "permissions": {
            m.community.slug: sorted(standing.permissions.get(m.community_id, ())) for m in own if m.status == "active"
        },
        "roster": [
            {"home": entry.home.as_dict(), "name": entry.name, "phone": entry.phone}
            for entry in RosterEntry.objects.filter(memberships__in=own).select_related("home__building").distinct()
        ],
        "rota": _rows(Shift.objects.filter(user=user), "role__slug", "weekday", "starts", "ends"),
        "records": _rows(
            Record.objects.filter(actor=user).order_by("id"), "at", "action", "subject", "detail", "path", "address"
        ),
        "invitations": _rows(
            Invitation.objects.filter(Q(used_by=user) | Q(created_by=user)).order_by("created_at"),
            *("community__slug", "role__slug", "created_at", "expires_at", "used_at"),
        ),
    }


def _membership(membership: Membership) -> dict[str, Any]:
    fields = ("id", "status", "name", "phone", "automatic", "on_duty", "created_at", "decided_at", "reason")
    return {
        **{name: getattr(membership, name) for name in fields},
        "community": membership.community.slug,
        "role": membership.role.slug,
        "home": membership.home.as_dict() if membership.home and membership.status == "active" else None,
        "stated_home": membership.stated_home,
    }


def _reports(user: User) -> dict[str, Any]:
    files = ("kind", "status", "content_type", "size", "duration", "transcript", "created_at")
    return {
        "reports": [_report(report, user) for report in _own_reports(user)],
        "events": _rows(
            ReportEvent.objects.filter(actor=user).order_by("id"),
            *("report__number", "kind", "at", "from_status", "to_status", "note", "data"),
        ),
        "claims": _rows(
            Claim.objects.filter(staff=user), "report__number", "claimed_at", "resolved_at", "ended_at", "outcome"
        ),
        "ratings": _rows(Rating.objects.filter(user=user), "report__number", "score", "comment", "created_at"),
        "follows": _rows(Follow.objects.filter(user=user), "report__number", "created_at"),
        "ignored": _rows(Ignore.objects.filter(user=user), "report__number", "created_at"),
        "board_messages": _rows(BoardMessage.objects.filter(author=user), "report__number", "text", "created_at"),
        "internal_notes": _rows(InternalNote.objects.filter(author=user), "report__number", "at", "text"),
        "drafts": _rows(
            Draft.objects.filter(owner=user),
            *("id", "title", "description", "latitude", "longitude", "location_name", "created_at", "ended_at"),
        ),
        "attachments": _rows(
            Attachment.objects.filter(Q(uploader=user) | Q(draft__owner=user)).order_by("created_at"),
            *("id", "report__number", *files),
        ),
        "uploads": _rows(Upload.objects.filter(user=user), "id", "kind", "created_at", "used_at"),
    }


def _own_reports(user: User) -> list[Report]:
    own = Report.objects.filter(Q(reporter=user) | Q(filed_by=user))
    return list(own.select_related("community", "category", "reporter_home__building").order_by("created_at"))


def _report(report: Report, user: User) -> dict[str, Any]:
    fields = (
        *("id", "number", "title", "description", "address", "latitude", "longitude", "location_name", "status"),
        *("created_at", "updated_at"),
    )
    return {
        **{name: getattr(report, name) for name in fields},
        "community": report.community.slug,
        "category": report.category.slug,
        "home": report.reporter_home.as_dict() if report.reporter_home and report.reporter_id == user.pk else None,
        "filed_for_somebody_else": report.filed_by_id == user.pk,
    }


def _notices(user: User) -> dict[str, Any]:
    return {
        "notices_read": _rows(NoticeRead.objects.filter(user=user), "notice__title", "read_at"),
        "notices_written": _rows(Notice.objects.filter(author=user), "title", "body", "created_at"),
    }


def _messages(user: User) -> dict[str, Any]:
    return {
        "inbox": _rows(
            Delivery.objects.filter(user=user).order_by("created_at"),
            *("id", "kind", "text", "path", "status", "channel", "created_at", "sent_at", "delivered_at", "read_at"),
        ),
        "contact": _rows(
            Contact.objects.filter(user=user),
            *("subscribed", "subscription_changed_at", "last_message_at", "last_action_at"),
        ),
        "messages_sent": _rows(
            InboundMessage.objects.filter(openid=user.openid or "nobody").order_by("received_at"),
            *("kind", "event", "payload", "received_at"),
        ),
    }


def _rows(queryset: Any, *names: str) -> Rows:
    """The named columns, a related one under the name of what it is related to ("report__number" → "report")."""
    return [{name.split("__")[0]: value for name, value in row.items()} for row in queryset.values(*names)]
