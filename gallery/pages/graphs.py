"""Bars for graphs: where each stands and how high it is, so that a template only has to draw them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")

HEIGHT: Final = 100
WIDTH: Final = 1000


@dataclass(frozen=True, slots=True)
class Bar(Generic[T]):
    """One bar: of what, how much, and its place in a picture of WIDTH by HEIGHT, as text for SVG."""

    of: T
    count: int
    x: str
    y: str
    width: str
    height: str


def bars(counts: Sequence[tuple[T, int]]) -> list[Bar[T]]:
    """Return a bar for each count, the highest as high as the picture; what is not nothing can be seen."""
    most = max((count for _, count in counts), default=0)
    step = WIDTH / max(1, len(counts))
    made = []
    for place, (of, count) in enumerate(counts):
        height = max(1.0, HEIGHT * count / most) if count else 0.0
        x, y = place * step + step * 0.1, HEIGHT - height
        made.append(Bar(of, count, f"{x:.2f}", f"{y:.2f}", f"{step * 0.8:.2f}", f"{height:.2f}"))
    return made
