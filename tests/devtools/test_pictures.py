"""The pictures of the README and of docs/pages.md: all there, all shown, small enough for git."""

from pathlib import Path

from PIL import Image

from devtools import contact_sheets
from devtools.pictures import MOST_BYTES, MOST_BYTES_IN_ALL, PHONES

ROOT = Path(__file__).parents[2]
SHEETS = (*contact_sheets.SHEETS, contact_sheets.DESK_SHEET)


def test_the_pictures_are_shown_and_small() -> None:
    files = sorted((ROOT / "docs" / "screenshots").iterdir())
    assert {file.name for file in files} == {f"{name}.webp" for name in (*PHONES, "phones", "dashboard", *SHEETS)}
    assert sum(file.stat().st_size for file in files) <= MOST_BYTES_IN_ALL
    readme, pages = (ROOT / "README.md").read_text(), (ROOT / "docs" / "pages.md").read_text()
    for file in files:
        sheet = file.stem in SHEETS
        assert file.stat().st_size <= (contact_sheets.MOST_BYTES if sheet else MOST_BYTES), file.name
        assert f"screenshots/{file.name}" in (pages if sheet else readme)
        with Image.open(file) as picture:
            assert min(picture.size) > 600
