"""The pictures in the phones' albums, drawn when first wanted: upright scenes stored turned, with EXIF orientation and
a GPS position, as cameras do."""

import io
from collections.abc import Callable
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 1200, 1600
ORIENTATION, GPS = 0x0112, 0x8825
Draw = ImageDraw.ImageDraw


def names() -> list[str]:
    return list(SCENES)


def title(name: str) -> str:
    return SCENES[name][0]


@lru_cache(maxsize=32)
def photo(name: str) -> bytes:
    """A JPEG of 1600 × 1200 stored pixels which EXIF turns upright. Raises KeyError for an unknown name."""
    scene = _grain(_scene(name)).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[ORIENTATION] = "Sandbox", "Phone", 6
    exif.get_ifd(GPS).update({1: "N", 2: (30.0, 17.0, 14.9), 3: "E", 4: (120.0, 9.0, 12.9)})
    out = io.BytesIO()
    scene.save(out, "JPEG", quality=85, exif=exif)
    return out.getvalue()


@lru_cache(maxsize=32)
def thumbnail(name: str) -> bytes:
    """Upright, 300 × 400, for the album."""
    out = io.BytesIO()
    _scene(name).resize((300, 400)).save(out, "JPEG", quality=80)
    return out.getvalue()


@lru_cache(maxsize=8)
def _scene(name: str) -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT))
    SCENES[name][1](ImageDraw.Draw(image))
    return image.filter(ImageFilter.GaussianBlur(1.6))


def _grain(image: Image.Image) -> Image.Image:
    noise = Image.effect_noise(image.size, 24).convert("RGB")
    return Image.blend(image, noise, 0.06)


def _gradient(draw: Draw, top: int, bottom: int, first: tuple[int, ...], last: tuple[int, ...]) -> None:
    for y in range(top, bottom):
        part = (y - top) / max(1, bottom - top)
        color = tuple(round(a + (b - a) * part) for a, b in zip(first, last, strict=True))
        draw.line([(0, y), (WIDTH, y)], fill=color)


def _corridor(draw: Draw) -> None:
    """A stairwell: wall, painted base, tiled floor."""
    _gradient(draw, 0, 900, (238, 234, 222), (222, 216, 200))
    _gradient(draw, 900, 1150, (120, 158, 140), (100, 138, 122))
    _gradient(draw, 1150, HEIGHT, (176, 170, 160), (148, 142, 132))
    draw.rectangle([0, 890, WIDTH, 906], fill=(88, 118, 104))
    for x in range(-600, 1900, 240):
        draw.line([(600 + (x - 600) * 0.4, 1150), (x, HEIGHT)], fill=(132, 126, 118), width=5)
    for y in (1150, 1230, 1340, 1480):
        draw.line([(0, y), (WIDTH, y)], fill=(132, 126, 118), width=5)


def _pipes(draw: Draw) -> None:
    for y in (300, 380):
        draw.rounded_rectangle([-40, y, 1240, y + 52], 24, fill=(150, 156, 162))
        draw.rounded_rectangle([-40, y + 6, 1240, y + 20], 8, fill=(196, 202, 207))
    draw.rounded_rectangle([560, 280, 680, 452], 18, fill=(122, 128, 134))
    draw.rounded_rectangle([575, 290, 600, 442], 10, fill=(168, 174, 180))


def _leak(draw: Draw) -> None:
    _corridor(draw)
    draw.polygon([(470, 452), (770, 452), (860, 900), (400, 900)], fill=(196, 190, 168))
    _pipes(draw)
    for number in range(26):
        x, y = 600 + (number * 37) % 60 - 10, 470 + number * 31
        draw.ellipse([x, y, x + 13, y + 30], fill=(168, 198, 216))
    draw.ellipse([240, 1250, 1010, 1480], fill=(128, 150, 164))
    draw.ellipse([360, 1290, 880, 1430], fill=(160, 184, 198))
    draw.ellipse([520, 1325, 720, 1390], fill=(196, 214, 224))


def _mended(draw: Draw) -> None:
    _corridor(draw)
    _pipes(draw)
    draw.rounded_rectangle([530, 268, 710, 464], 26, fill=(52, 118, 176))
    draw.rounded_rectangle([548, 280, 590, 452], 14, fill=(112, 170, 218))
    for y in (300, 420):
        draw.rounded_rectangle([518, y, 722, y + 24], 10, fill=(206, 210, 214))
    draw.polygon([(820, 1420), (1010, 1420), (960, 1180), (870, 1180)], fill=(240, 188, 48))
    draw.rectangle([880, 1260, 950, 1300], fill=(60, 60, 60))


def _yard(draw: Draw, night: bool = False) -> None:
    """The way between the houses, by day or by night."""
    sky = ((18, 24, 44), (44, 52, 78)) if night else ((150, 194, 228), (222, 236, 240))
    _gradient(draw, 0, 880, *sky)
    wall, window = ((38, 42, 58), (228, 190, 104)) if night else ((214, 200, 184), (140, 164, 180))
    for number, (x, top) in enumerate([(-60, 260), (420, 160), (900, 320)]):
        draw.rectangle([x, top, x + 360, 900], fill=tuple(value - 8 * number for value in wall))
        for row in range(top + 50, 840, 110):
            for column in range(x + 46, x + 320, 100):
                lit = not night or (row // 110 * 7 + column // 100 * 3) % 5 == 0
                draw.rectangle([column, row, column + 56, row + 62], fill=window if lit else (30, 34, 48))
    _gradient(draw, 880, 1080, (40, 60, 48) if night else (126, 160, 104), (34, 50, 42) if night else (104, 140, 88))
    _gradient(
        draw, 1080, HEIGHT, (52, 54, 62) if night else (186, 184, 178), (36, 38, 46) if night else (158, 156, 150)
    )


def _bins(draw: Draw, x: int, color: tuple[int, int, int]) -> None:
    draw.polygon([(x, 800), (x + 280, 800), (x + 250, 1230), (x + 30, 1230)], fill=color)
    draw.rounded_rectangle([x - 18, 760, x + 298, 810], 18, fill=tuple(max(0, value - 24) for value in color))
    draw.ellipse([x + 40, 1205, x + 90, 1255], fill=(40, 40, 40))
    draw.ellipse([x + 190, 1205, x + 240, 1255], fill=(40, 40, 40))


def _rubbish(draw: Draw) -> None:
    _yard(draw)
    _bins(draw, 180, (62, 128, 92))
    _bins(draw, 620, (70, 102, 146))
    for x, y, size, shade in [(90, 1180, 230, 60), (330, 1230, 260, 48), (600, 1200, 220, 72), (820, 1240, 250, 54)]:
        draw.ellipse([x, y, x + size, y + size * 0.85], fill=(shade, shade, shade + 6))
        draw.polygon(
            [(x + size * 0.4, y + 14), (x + size * 0.6, y + 14), (x + size * 0.5, y - 40)], fill=(shade + 20,) * 3
        )
    for x, y, color in [(240, 700, (206, 196, 176)), (380, 680, (70, 70, 76)), (700, 690, (196, 96, 76))]:
        draw.ellipse([x, y, x + 150, y + 120], fill=color)
    draw.polygon([(480, 1420), (690, 1390), (720, 1500), (510, 1530)], fill=(190, 152, 104))


def _tidy(draw: Draw) -> None:
    _yard(draw)
    _bins(draw, 180, (62, 128, 92))
    _bins(draw, 620, (70, 102, 146))
    draw.ellipse([880, 1340, 1080, 1400], fill=(146, 150, 152))


def _lamp(draw: Draw) -> None:
    _yard(draw, night=True)
    draw.rectangle([590, 260, 620, 1300], fill=(74, 78, 88))
    draw.rectangle([604, 250, 860, 274], fill=(74, 78, 88))
    draw.polygon([(790, 274), (900, 274), (930, 330), (760, 330)], fill=(56, 60, 70))
    draw.ellipse([790, 318, 900, 352], fill=(92, 92, 92))
    draw.rectangle([550, 1280, 660, 1330], fill=(62, 66, 76))


def _keys(draw: Draw) -> None:
    _gradient(draw, 0, HEIGHT, (176, 128, 84), (140, 96, 60))
    for y in range(0, HEIGHT, 260):
        draw.rectangle([0, y, WIDTH, y + 12], fill=(96, 64, 40))
    draw.ellipse([420, 420, 720, 720], outline=(208, 212, 216), width=26)
    for x, y, color in [(560, 700, (196, 168, 92)), (440, 690, (176, 180, 186))]:
        draw.ellipse([x - 80, y, x + 80, y + 160], outline=color, width=44)
        draw.rectangle([x - 22, y + 150, x + 22, y + 520], fill=color)
        for step in range(3):
            draw.rectangle([x + 20, y + 300 + step * 70, x + 64, y + 334 + step * 70], fill=color)
    draw.rounded_rectangle([690, 660, 900, 960], 40, fill=(206, 72, 72))
    draw.ellipse([750, 760, 840, 850], fill=(250, 232, 200))


SCENES: dict[str, tuple[str, Callable[[Draw], None]]] = {
    "leak": ("楼道漏水", _leak),
    "rubbish": ("垃圾堆放", _rubbish),
    "lamp": ("路灯不亮", _lamp),
    "keys": ("捡到钥匙", _keys),
    "mended": ("水管修好", _mended),
    "tidy": ("清理干净", _tidy),
}
