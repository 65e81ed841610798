"""The documentation: its pictures are there, small, described and used; its links between files lead somewhere."""

import re
from pathlib import Path

import pytest
from PIL import Image

PROJECT = Path(__file__).resolve().parent.parent.parent
TEXTS = sorted([PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")])
PICTURES = sorted((PROJECT / "docs" / "pictures").glob("*"))
MOST = 16
LARGEST = 150 * 1024


def shown() -> dict[Path, list[str]]:
    """Picture -> the texts in its place."""
    found: dict[Path, list[str]] = {}
    for text in TEXTS:
        for words, target in re.findall(r"!\[([^\]]*)\]\((?!https?:)([^)\s]+)\)", text.read_text("utf-8")):
            found.setdefault((text.parent / target).resolve(), []).append(words)
    return found


def test_every_picture_is_there_used_and_described() -> None:
    assert set(shown()) == set(PICTURES)
    for picture, texts in shown().items():
        assert all(len(words) > 15 for words in texts), picture.name


@pytest.mark.parametrize("picture", PICTURES, ids=lambda each: each.name)
def test_pictures_are_small(picture: Path) -> None:
    assert len(PICTURES) <= MOST
    assert picture.stat().st_size < LARGEST
    with Image.open(picture) as opened:
        assert (opened.format, opened.width) == ("PNG", 1280)


@pytest.mark.parametrize("text", TEXTS, ids=lambda each: str(each.relative_to(PROJECT)))
def test_links_lead_to_files_and_headings(text: Path) -> None:
    for target in re.findall(r"(?<!!)\]\((?!https?:|mailto:)([^)\s]+)\)", text.read_text("utf-8")):
        name, _, anchor = target.partition("#")
        file = (text.parent / name).resolve() if name else text
        assert file.exists(), f"{text.name}: {target}"
        if anchor:
            assert anchor in headings(file), f"{text.name}: {target}"


def headings(file: Path) -> set[str]:
    """The anchors that GitHub makes of a file's headings."""
    lines = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}
