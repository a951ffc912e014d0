"""Pictures come out upright, small, and without anything about who took them where."""

import re
from pathlib import Path

import pytest
from PIL import Image

from dispatch.media import MediaRefused
from dispatch.media.images import process_image
from tests.media import makers

SECRETS = [b"SecretMaker", b"SecretComment", b"SecretXmp", b"Exif", b"http://ns.adobe.com"]


def convert(source: Path) -> tuple[Path, Path]:
    target, thumbnail = source.parent / "out.jpg", source.parent / "small.jpg"
    process_image(source, target, thumbnail)
    return target, thumbnail


def colour(picture: Image.Image, x: float, y: float) -> str:
    red, _, blue = picture.getpixel((int(picture.width * x), int(picture.height * y)))
    return "red" if red > 128 > blue else "blue"


def test_twelve_megapixels_come_out_upright_and_small(tmp_path: Path) -> None:
    source = makers.photo(tmp_path / "photo.jpg")
    info = process_image(source, tmp_path / "out.jpg", tmp_path / "small.jpg")
    assert (info.width, info.height, info.content_type) == (1536, 2048, "image/jpeg")
    with Image.open(tmp_path / "out.jpg") as picture:
        assert picture.size == (1536, 2048)
        # Orientation 6: the camera's left edge is the scene's top, so its top left corner is the scene's top right.
        assert [colour(picture, x, y) for x, y in [(0.9, 0.1), (0.1, 0.1), (0.1, 0.9)]] == ["red", "blue", "blue"]
    with Image.open(tmp_path / "small.jpg") as picture:
        assert picture.size == (300, 400)


def test_nothing_of_the_metadata_is_left(tmp_path: Path) -> None:
    source = makers.photo(tmp_path / "photo.jpg", width=800, height=600)
    assert all(secret in source.read_bytes() for secret in SECRETS)
    for written in convert(source):
        assert [secret for secret in SECRETS if secret in written.read_bytes()] == []
        with Image.open(written) as picture:
            assert dict(picture.getexif()) == {}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned(tmp_path: Path, orientation: int) -> None:
    # Where the camera's top left corner is in the scene: EXIF 2.3, table 6.
    corners = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}
    source = makers.photo(tmp_path / "photo.jpg", width=320, height=200, orientation=orientation)
    with Image.open(convert(source)[0]) as picture:
        assert picture.size == ((320, 200) if orientation < 5 else (200, 320))
        red = [(x, y) for x in (0, 1) for y in (0, 1) if colour(picture, 0.1 + 0.8 * x, 0.1 + 0.8 * y) == "red"]
        assert red == [corners[orientation]]


@pytest.mark.parametrize(
    ("name", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("PNG", "I;16"), ("GIF", "P"), ("WEBP", "RGB")]
)
def test_other_formats_become_jpeg(tmp_path: Path, name: str, mode: str) -> None:
    source = tmp_path / "picture"
    Image.new(mode, (500, 300)).save(source, name)
    with Image.open(convert(source)[0]) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (500, 300))


def test_heic_of_an_iphone_becomes_jpeg(tmp_path: Path) -> None:
    with Image.open(convert(makers.heic(tmp_path / "photo.heic"))[0]) as picture:
        assert (picture.format, picture.size) == ("JPEG", (640, 480))
        assert colour(picture, 0.1, 0.1) == "red"


def test_transparency_becomes_white(tmp_path: Path) -> None:
    source = tmp_path / "clear.png"
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(source)
    with Image.open(convert(source)[0]) as picture:
        assert picture.getpixel((25, 25)) == (255, 255, 255)


def test_printing_colours_become_screen_colours(tmp_path: Path) -> None:
    source = tmp_path / "print.jpg"
    Image.new("CMYK", (50, 50), (0, 255, 255, 0)).save(source, "JPEG")
    with Image.open(convert(source)[0]) as picture:
        assert picture.mode == "RGB"
        assert colour(picture, 0.5, 0.5) == "red"


def test_a_small_picture_is_not_enlarged(tmp_path: Path) -> None:
    target, thumbnail = convert(makers.photo(tmp_path / "photo.jpg", width=120, height=80, orientation=1))
    for written in (target, thumbnail):
        with Image.open(written) as picture:
            assert picture.size == (120, 80)


@pytest.mark.parametrize(
    "content",
    [
        b"just some words",
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<html><script>alert(1)</script></html>",
        b"BM" + bytes(100),
        b"%PDF-1.7\n",
    ],
)
def test_what_is_no_picture_is_refused_whatever_its_name(tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "renamed.jpg"
    source.write_bytes(content)
    with pytest.raises(MediaRefused, match="not_an_image"):
        convert(source)


def test_a_page_hidden_in_a_picture_does_not_survive(tmp_path: Path) -> None:
    source = tmp_path / "polyglot.gif"
    Image.new("P", (40, 40)).save(source, "GIF", comment=b"<script>alert(1)</script>")
    source.write_bytes(source.read_bytes() + b"<html><script>alert(2)</script></html>")
    for written in convert(source):
        assert re.search(rb"script|html", written.read_bytes()) is None


@pytest.mark.parametrize("keep", [0.02, 0.5, 0.95])
def test_a_cut_picture_is_broken(tmp_path: Path, keep: float) -> None:
    source = makers.photo(tmp_path / "photo.jpg", width=1600, height=1200)
    whole = source.read_bytes()
    source.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(MediaRefused, match="broken"):
        convert(source)


def test_fifty_megapixels_are_the_limit(tmp_path: Path) -> None:
    with pytest.raises(MediaRefused, match="too_many_pixels"):
        convert(makers.png_bomb(tmp_path / "bomb.png", side=7072))


def test_a_full_disk_is_not_the_pictures_fault(tmp_path: Path) -> None:
    source = makers.photo(tmp_path / "photo.jpg", width=200, height=200)
    with pytest.raises(OSError, match="No space left"):
        process_image(source, Path("/dev/full"), tmp_path / "small.jpg")
