"""`drafts/<id>`: its owner's alone, until it is filed or thrown away."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils.dateparse import parse_datetime

from community_report.core.errors import NotFound
from reports.models import Attachment, Draft, Report
from reports.services.attachments import MediaItem, Stored, mark_stored
from reports.services.drafts import Addition, Place, add_to_draft
from tests.factories import Cast

Api = Callable[..., Any]


def draft_of(cast: Cast) -> Draft:
    draft, _ = add_to_draft(owner=cast.resident, community=None, addition=Addition(text="漏水了。厨房里都是"))
    add_to_draft(owner=cast.resident, community=None, addition=Addition(place=Place(31.5, 121.25, "6幢")))
    add_to_draft(owner=cast.resident, community=None, addition=Addition(media=MediaItem("image", media_id="m1")))
    return draft


def test_its_owner_reads_it(cast: Cast, api: Api) -> None:
    draft = draft_of(cast)
    status, body = api(cast.resident).get(f"drafts/{draft.pk}")
    (attachment,) = Attachment.objects.all()
    assert status == 200
    assert parse_datetime(body.pop("created_at")) == draft.created_at
    assert body == {
        "id": str(draft.pk),
        "category": {"slug": "repair", "name": "水电报修"},
        "title": "漏水了",
        "description": "漏水了。厨房里都是",
        "location": {"latitude": 31.5, "longitude": 121.25, "name": "6幢"},
        "media": [
            {
                "id": str(attachment.pk),
                "kind": "image",
                "status": "pending",
                "url": None,
                "thumbnail_url": None,
                "duration": None,
                "transcript": "",
            }
        ],
    }


def test_an_empty_one_says_null(cast: Cast, api: Api) -> None:
    draft, _ = add_to_draft(owner=cast.resident, community=None, addition=Addition(text="灯"))
    _, body = api(cast.resident).get(f"drafts/{draft.pk}")
    assert (body["category"], body["location"], body["media"]) == (None, None, [])


def test_stored_media_have_addresses(cast: Cast, api: Api) -> None:
    draft = draft_of(cast)
    attachment = Attachment.objects.get()
    mark_stored(attachment.pk, Stored(path="a", content_type="image/jpeg", size=1, thumbnail_path="b"))
    _, body = api(cast.resident).get(f"drafts/{draft.pk}")
    assert body["media"][0]["url"] == f"/media/{attachment.pk}/image.jpg"
    assert body["media"][0]["thumbnail_url"] == f"/media/{attachment.pk}/thumb.jpg"


@pytest.mark.parametrize("who", ["neighbour", "cleaner", "manager", "stranger"])
def test_nobody_else_knows_of_it(cast: Cast, api: Api, who: str) -> None:
    draft = draft_of(cast)
    client = api(getattr(cast, who))
    assert client.get(f"drafts/{draft.pk}")[0] == client.delete(f"drafts/{draft.pk}")[0] == 404
    assert Draft.objects.filter(pk=draft.pk).exists()


def test_anonymous_and_unknown(cast: Cast, api: Api) -> None:
    assert api(None).get(f"drafts/{draft_of(cast).pk}")[0] == 401
    assert api(cast.resident).get(f"drafts/{uuid.uuid4()}")[0] == 404
    status, body = api(cast.resident).get("drafts/1")
    assert (status, body["code"]) == (404, "not_found")


def test_its_owner_throws_it_away_with_its_files(
    cast: Cast, api: Api, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    draft = draft_of(cast)
    kept = Path(settings.MEDIA_ROOT) / "2026" / "image.jpg"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"picture")
    mark_stored(Attachment.objects.get().pk, Stored(path="2026/image.jpg", content_type="image/jpeg", size=7))
    with django_capture_on_commit_callbacks(execute=True):
        assert api(cast.resident).delete(f"drafts/{draft.pk}")[0] == 204
    assert (Draft.objects.count(), Attachment.objects.count(), kept.exists()) == (0, 0, False)
    assert api(cast.resident).delete(f"drafts/{draft.pk}")[0] == 404


def test_its_owner_takes_one_picture_out(cast: Cast, api: Api) -> None:
    draft = draft_of(cast)
    picture = Attachment.objects.get(draft=draft).pk
    path = f"drafts/{draft.pk}/media/{picture}"
    assert api(cast.neighbour).delete(path)[0] == api(cast.resident).delete(f"{path[:-36]}{uuid.uuid4()}")[0] == 404
    assert api(cast.resident).delete(path)[0] == 204
    assert api(cast.resident).get(f"drafts/{draft.pk}")[1]["media"] == []
    assert api(cast.resident).delete(path)[0] == 404


def test_filing_takes_its_media_along_and_ends_it(cast: Cast, api: Api) -> None:
    draft = draft_of(cast)
    report = cast.report(draft=draft.pk, media=[MediaItem("image", media_id="m2")])
    media = Attachment.objects.filter(report=report, draft=None)
    assert [(attachment.media_id, attachment.position) for attachment in media] == [("m1", 0), ("m2", 1)]
    assert api(cast.resident).get(f"drafts/{draft.pk}")[0] == 404
    with pytest.raises(NotFound):
        cast.report(draft=draft.pk)


def test_a_foreign_draft_is_not_filed(cast: Cast) -> None:
    draft = draft_of(cast)
    with pytest.raises(NotFound):
        cast.report(by=cast.neighbour, draft=draft.pk)
    assert (Report.objects.count(), draft.attachments.count()) == (0, 1)
