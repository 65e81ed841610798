"""Every text has its Vietnamese, and the compiled file says what the written one says."""

import ast
import gettext
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
FOLDER = PROJECT / "locale" / "vi" / "LC_MESSAGES"
LITERAL = r'"(?:[^"\\]|\\.)*"'
ENTRY = re.compile(
    rf"(?P<flags>#,[^\n]*\n)?(?:msgctxt (?P<context>{LITERAL})\n)?msgid (?P<id>{LITERAL}(?:\n{LITERAL})*)\n"
    rf"(?:msgid_plural (?P<plural>{LITERAL}(?:\n{LITERAL})*)\n)?msgstr(?:\[0\])? (?P<text>{LITERAL}(?:\n{LITERAL})*)"
)


def joined(literals: str | None) -> str:
    """The text of a row of quoted pieces."""
    return "".join(ast.literal_eval(piece) for piece in re.findall(LITERAL, literals or ""))


def entries() -> list[re.Match[str]]:
    """The entries of the written file, without its head."""
    return [entry for entry in ENTRY.finditer((FOLDER / "django.po").read_text("utf-8")) if joined(entry["id"])]


def test_every_text_is_translated() -> None:
    assert len(entries()) > 200
    for entry in entries():
        assert joined(entry["text"]), f"not translated: {joined(entry['id'])}"
        assert "fuzzy" not in (entry["flags"] or ""), f"not checked: {joined(entry['id'])}"


def test_placeholders_are_kept() -> None:
    for entry in entries():
        wanted = set(re.findall(r"%\(\w+\)s", joined(entry["id"])))
        assert set(re.findall(r"%\(\w+\)s", joined(entry["text"]))) == wanted, joined(entry["id"])


def test_the_compiled_file_is_up_to_date() -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for entry in entries():
        text, key = joined(entry["text"]), joined(entry["id"])
        if entry["plural"]:
            assert compiled.ngettext(key, joined(entry["plural"]), 2) == text
        elif entry["context"]:
            assert compiled.pgettext(joined(entry["context"]), key) == text
        else:
            assert compiled.gettext(key) == text


def test_every_text_of_the_templates_is_in_the_file() -> None:
    known = {joined(entry["id"]) for entry in entries()}
    for template in sorted((PROJECT / "templates").rglob("*.html")):
        for _, text in re.findall(
            r"""\{% translate (["'])(.+?)\1(?: context "\w+")?(?: as \w+)? %\}""", template.read_text("utf-8")
        ):
            assert text in known, f"{template.name}: {text} (run make messages)"
