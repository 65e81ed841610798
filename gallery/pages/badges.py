"""Badges for READMEs: two words side by side as SVG, drawn without a font file. Pure."""

from html import escape
from typing import Final

NARROW: Final = frozenset("fijlrtI.,:;|!'()[] -")
WIDE: Final = frozenset("mwMW@%")
COLOURS: Final = {"accent": "#0b5b61", "quiet": "#5c584f", "ok": "#33691e", "warn": "#7a5a00"}


def width(text: str) -> int:
    """About how many pixels wide a text is at 11 px; the text is stretched to it, so that it always fits."""
    return sum(4 if letter in NARROW else 10 if letter in WIDE else 7 for letter in text)


def badge(label: str, value: str, colour: str = "accent") -> str:
    """Return a badge such as `pulls | 12.3k`; `colour` is one of COLOURS. Contrast is 4.5:1 at least."""
    left, right = width(label) + 14, width(value) + 14
    both, name = left + right, escape(f"{label}: {value}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{both}" height="20" viewBox="0 0 {both} 20" role="img" '
        f'aria-label="{name}"><title>{name}</title>'
        f'<rect width="{both}" height="20" rx="2" fill="#2b2a27"/>'
        f'<path d="M{left} 0h{right - 2}a2 2 0 0 1 2 2v16a2 2 0 0 1-2 2h-{right - 2}z" fill="{COLOURS[colour]}"/>'
        '<g fill="#fff" font-family="DejaVu Sans,Verdana,sans-serif" font-size="11">'
        f"{_text(label, 7)}{_text(value, left + 7)}</g></svg>"
    )


def _text(text: str, at: int) -> str:
    return f'<text x="{at}" y="14" textLength="{width(text)}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
