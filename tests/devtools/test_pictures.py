"""The pictures of the README: all there, all shown, small enough for git."""

from pathlib import Path

from PIL import Image

from devtools.pictures import MOST_BYTES, MOST_BYTES_IN_ALL, PHONES

ROOT = Path(__file__).parents[2]


def test_the_pictures_are_shown_and_small() -> None:
    files = sorted((ROOT / "docs" / "screenshots").iterdir())
    assert {file.name for file in files} == {f"{name}.webp" for name in (*PHONES, "phones", "dashboard")}
    assert sum(file.stat().st_size for file in files) <= MOST_BYTES_IN_ALL
    readme = (ROOT / "README.md").read_text()
    for file in files:
        assert file.stat().st_size <= MOST_BYTES, file.name
        assert f"docs/screenshots/{file.name}" in readme
        with Image.open(file) as picture:
            assert min(picture.size) > 600
