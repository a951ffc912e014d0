"""Pictures of a notice: in order, through the pipeline of the reports' pictures, for who may read the notice."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TestCase
from PIL import Image

from accounts.models import User
from community_report.site.erasure import erase_person
from dispatch.models import Delivery, Outbox
from dispatch.services import media
from notices.models import Notice
from notices.services import withdraw_notice
from reports.files import absolute
from reports.models import Attachment
from reports.services.uploads import store_upload
from tests.conftest import ApiClient
from tests.dispatch.ledger import route_all
from tests.dispatch.pushing import logged_in
from tests.factories import Cast
from tests.media import makers
from tests.notices.test_notices import body
from tests.pages.opening import browser_of, open_page

pytestmark = pytest.mark.django_db


def upload(user: User, content: bytes, kind: str = "image") -> str:
    return str(store_upload(actor=user, kind=kind, size=len(content), chunks=[content]).pk)


def photo(tmp_path: Path, width: int = 300) -> bytes:
    return makers.photo(tmp_path / "photo.jpg", width=width, height=200).read_bytes()


def publish(cast: Cast, *uploads: str, **changes: Any) -> Notice:
    pictures = [{"upload_id": key} for key in uploads]
    status, answer = ApiClient(cast.manager).post("notices", body(pictures=pictures, **changes))
    assert status == 201, answer
    assert "pictures" not in answer  # the shape of a notice is fixed
    return Notice.objects.get(pk=answer["id"])


def fetch_all() -> None:
    for pk in Attachment.objects.filter(status="pending").values_list("pk", flat=True):
        media.download(pk)


def keys(notice: Notice) -> list[str]:
    return [str(row.attachment_id) for row in notice.pictures.all()]


def test_they_are_stored_without_metadata_and_shown_in_order(cast: Cast, tmp_path: Path) -> None:
    notice = publish(cast, *(upload(cast.manager, photo(tmp_path, width)) for width in (300, 500)))
    assert "图片接收中" in open_page(cast.resident, f"notices/{notice.pk}").words
    fetch_all()
    page = open_page(cast.resident, f"notices/{notice.pk}").html
    first, second = keys(notice)
    assert page.index(f"/media/{first}/thumb.jpg") < page.index(f"/media/{second}/thumb.jpg")
    stored = absolute(Attachment.objects.get(pk=first).path)
    assert b"Secret" not in stored.read_bytes()
    with Image.open(stored) as picture:
        assert picture.size == (200, 300)  # upright
        assert not picture.getexif()
    shown = ApiClient(cast.resident).get(f"notices/{notice.pk}/extras")[1]["pictures"]
    assert [row["url"] for row in shown] == [f"/media/{key}/image.jpg" for key in (first, second)]


def test_they_are_for_who_may_read_the_notice(cast: Cast, tmp_path: Path) -> None:
    notice = publish(cast, upload(cast.manager, photo(tmp_path)), audience={"roles": ["cleaner"], "buildings": []})
    fetch_all()
    (key,) = keys(notice)

    def status(user: User | None) -> int:
        return logged_in(user).get(f"/media/{key}/thumb.jpg").status_code

    everybody = (cast.cleaner, cast.manager, cast.resident, cast.other_manager, cast.stranger, None)
    assert [status(user) for user in everybody] == [200, 200, 404, 404, 404, 404]
    withdraw_notice(actor=cast.manager, notice_id=notice.pk)
    assert [status(user) for user in everybody] == [404, 200, 404, 404, 404, 404]


def test_an_edit_puts_them_in_another_order_and_takes_one_away(cast: Cast, tmp_path: Path) -> None:
    notice = publish(cast, *(upload(cast.manager, photo(tmp_path, width)) for width in (300, 400, 500)))
    fetch_all()
    first, second, third = keys(notice)
    gone = absolute(Attachment.objects.get(pk=second).path)
    new = {"upload_id": upload(cast.manager, photo(tmp_path))}
    wanted = [{"id": third}, new, {"id": first}]
    with TestCase.captureOnCommitCallbacks(execute=True):
        status, answer = ApiClient(cast.manager).patch(f"notices/{notice.pk}", {"pictures": wanted})
    assert status == 200, answer
    assert [keys(notice)[0], keys(notice)[2]] == [third, first]
    assert len(keys(notice)) == 3
    assert not Attachment.objects.filter(pk=second).exists()
    assert gone.exists() is False
    assert ApiClient(cast.manager).patch(f"notices/{notice.pk}", {"title": "改了"})[0] == 200
    assert len(keys(notice)) == 3


def test_what_is_no_picture_of_ones_own_is_refused_and_nothing_is_written(cast: Cast, tmp_path: Path) -> None:
    used = upload(cast.manager, photo(tmp_path))
    other = publish(cast, used)
    own = upload(cast.manager, photo(tmp_path))
    wrong: list[Any] = [
        "x",
        ["x"],
        [{}],
        [{"upload_id": own, "media_id": "m"}],
        [{"upload_id": own}, {"upload_id": own}],
        [{"upload_id": used}],
        [{"upload_id": upload(cast.neighbour, photo(tmp_path))}],
        [{"upload_id": upload(cast.manager, b"#!AMR\n", kind="voice")}],
        [{"id": keys(other)[0]}],
        [{"id": "x"}],
        [{"media_id": f"m{n}"} for n in range(10)],
    ]
    for pictures in wrong:
        status, answer = ApiClient(cast.manager).post("notices", body(pictures=pictures))
        assert (status, list(answer["fields"])) == (400, ["pictures"]), pictures
    assert Notice.objects.count() == 1
    text = SimpleUploadedFile("photo.jpg", b"<script>alert(1)</script>")
    assert browser_of(cast.manager).post("/api/v1/uploads", {"file": text}).status_code == 415


def test_a_broken_one_is_not_shown_to_people_and_its_author_is_asked_again(cast: Cast) -> None:
    notice = publish(cast, upload(cast.manager, b"\xff\xd8\xff\xe0" + b"broken" * 50))
    Outbox.objects.all().delete()
    fetch_all()
    assert Attachment.objects.get().reason == "broken"
    assert "图片" not in open_page(cast.resident, f"notices/{notice.pk}").words
    assert "图片没有收到" in open_page(cast.manager, f"notices/{notice.pk}").words
    route_all()
    told = Delivery.objects.get()
    assert (told.user, told.path) == (cast.manager, f"/h5/notices/{notice.pk}/edit")
    assert (
        '<script id="pictures" type="application/json">[]</script>'
        in open_page(cast.manager, f"notices/{notice.pk}/edit").html
    )


def test_they_stay_when_their_author_is_erased(cast: Cast, tmp_path: Path) -> None:
    notice = publish(cast, upload(cast.manager, photo(tmp_path)))
    fetch_all()
    erase_person(cast.manager)
    (key,) = keys(notice)
    assert Attachment.objects.get(pk=key).uploader is None
    assert logged_in(cast.resident).get(f"/media/{key}/image.jpg").status_code == 200
