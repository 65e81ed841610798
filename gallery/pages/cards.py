"""The card of a repository for links that are shared, drawn as PNG with Pillow's own font. Pure."""

import io
from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

SIZE: Final = (1200, 630)
PAPER, INK, MUTED, RULE, ACCENT = "#fbfaf7", "#1d1c1a", "#5c584f", "#d8d4c9", "#0b5b61"
MARGIN: Final = 80
ROOF: Final = ((16, 3), (29, 11), (29, 29), (3, 29), (3, 11))
SHELVES: Final = (14, 19, 24)


@lru_cache(maxsize=256)
def card(alias: str, name: str, kind: str, facts: tuple[str, ...], tag: str) -> bytes:
    """Return a PNG that names a repository: `alias/name`, its kind, newest tag and a few facts, all in ASCII."""
    picture = Image.new("RGB", SIZE, PAPER)
    pen = ImageDraw.Draw(picture)
    _mark(pen, MARGIN, 70, 3)
    pen.text((MARGIN + 120, 84), "Kho", fill=INK, font=_font(56))
    pen.text((MARGIN, 230), f"{alias} /", fill=MUTED, font=_fitting(pen, f"{alias} /", 44))
    pen.text((MARGIN, 290), name, fill=INK, font=_fitting(pen, name, 84))
    pen.line((MARGIN, 440, SIZE[0] - MARGIN, 440), fill=INK, width=4)
    line = "   ".join([kind, *([f":{tag}"] if tag else []), *facts])
    pen.text((MARGIN, 470), line, fill=ACCENT, font=_fitting(pen, line, 36))
    pen.line((MARGIN, 560, SIZE[0] - MARGIN, 560), fill=RULE, width=2)
    made = io.BytesIO()
    picture.save(made, "PNG", optimize=True)
    return made.getvalue()


def _mark(pen: ImageDraw.ImageDraw, left: int, top: int, scale: int) -> None:
    """The warehouse: a roof and three shelves."""
    pen.polygon([(left + x * scale, top + y * scale) for x, y in ROOF], fill=ACCENT)
    for shelf in SHELVES:
        box = (left + 8 * scale, top + shelf * scale, left + 24 * scale, top + (shelf + 3) * scale - scale)
        pen.rectangle(box, fill=PAPER)


def _fitting(pen: ImageDraw.ImageDraw, text: str, points: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font at the largest size up to `points` at which the text stays between the margins."""
    while points > 16 and pen.textlength(text, font=_font(points)) > SIZE[0] - 2 * MARGIN:
        points -= 4
    return _font(points)


@lru_cache(maxsize=64)
def _font(points: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(points)
