"""Every text has its Vietnamese, and the compiled file says what the written one says."""

import ast
import gettext
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
FOLDER = PROJECT / "locale" / "vi" / "LC_MESSAGES"
LITERAL = r'"(?:[^"\\]|\\.)*"'
ENTRY = re.compile(
    rf"(?P<comments>(?:#[^~\n][^\n]*\n)*)(?:msgctxt (?P<context>{LITERAL})\n)?msgid (?P<id>{LITERAL}(?:\n{LITERAL})*)\n"
    rf"(?:msgid_plural (?P<plural>{LITERAL}(?:\n{LITERAL})*)\n)?msgstr(?:\[0\])? (?P<text>{LITERAL}(?:\n{LITERAL})*)"
)


def joined(literals: str | None) -> str:
    """The text of a row of quoted pieces."""
    return "".join(ast.literal_eval(piece) for piece in re.findall(LITERAL, literals or ""))


def entries(text: str = "") -> list[re.Match[str]]:
    """The entries of the written file (or of a text like it), without its head."""
    found = ENTRY.finditer(text or (FOLDER / "django.po").read_text("utf-8"))
    return [entry for entry in found if joined(entry["id"])]


def faults(found: list[re.Match[str]]) -> list[str]:
    """What is not translated, or what nobody has checked."""
    empty = [f"not translated: {joined(entry['id'])}" for entry in found if not joined(entry["text"])]
    guessed = [entry for entry in found if re.search(r"^#,.*\bfuzzy\b", entry["comments"], re.MULTILINE)]
    return empty + [f"not checked: {joined(entry['id'])}" for entry in guessed]


def test_every_text_is_translated() -> None:
    assert len(entries()) > 200
    assert faults(entries()) == []


MADE_UP = """# fuzzy is what this comment calls the next one
#: templates/one.html
#, python-format
msgid "Good %(a)s"
msgstr "Tốt %(a)s"

#, fuzzy
msgid "Plain guess"
msgstr "x"

#. for translators
#, fuzzy, python-format
#| msgid "Before %(n)s"
msgid "Guess with a former text %(n)s"
msgstr "x %(n)s"

#, fuzzy
#| msgctxt "verb"
#| msgid ""
#| "Two "
#| "lines"
msgctxt "noun"
msgid ""
"Guess of "
"two lines"
msgstr "x"

#, fuzzy
#| msgid "%(n)s row"
#| msgid_plural "%(n)s rows"
msgid "%(n)s guess"
msgid_plural "%(n)s guesses"
msgstr[0] "x"

msgid "Empty"
msgstr ""

#, fuzzy
#~ msgid "Gone"
#~ msgstr "x"

msgid "fuzzy"
msgstr "mờ"
"""
"""What makemessages writes."""


def test_it_finds_what_is_not_translated_or_not_checked() -> None:
    assert faults(entries(MADE_UP)) == [
        "not translated: Empty",
        "not checked: Plain guess",
        "not checked: Guess with a former text %(n)s",
        "not checked: Guess of two lines",
        "not checked: %(n)s guess",
    ]


def test_placeholders_are_kept() -> None:
    for entry in entries():
        wanted = set(re.findall(r"%\(\w+\)s", joined(entry["plural"] or entry["id"])))
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
        for _, text, _ in re.findall(
            r"""\{% translate (["'])(.+?)\1(?: context (["'])[^"']+\3)?(?: as \w+)? %\}""", template.read_text("utf-8")
        ):
            assert text in known, f"{template.name}: {text} (run make messages)"
