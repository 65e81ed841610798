"""GitHub's alerts: a quote whose first line is `[!NOTE]`, or another of KINDS, becomes a box with that title. Pure.

https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#alerts
"""

import re
from collections.abc import Sequence
from typing import Final

from markdown_it.token import Token

KINDS: Final = ("note", "tip", "important", "warning", "caution")
CLASSES: Final = ("alert", "alert-title", *(f"alert-{kind}" for kind in KINDS))
MARK: Final = re.compile(rf"\[!({'|'.join(KINDS)})\][ \t]*", re.IGNORECASE)
"""The whole first line."""
BREAKS: Final = frozenset({"softbreak", "hardbreak"})


def boxed(tokens: Sequence[Token]) -> list[Token]:
    """The tokens with boxes instead of such quotes.

    As on GitHub, a quote inside something else stays one, and so does one that says nothing more.
    """
    found: list[Token] = []
    is_box = False
    index = 0
    while index < len(tokens):
        token = tokens[index]
        kind = _kind(tokens, index)
        if kind:
            is_box, token.tag = True, "div"
            token.attrSet("class", f"alert alert-{kind}")
            found += [token, _title(kind)]
            index += 1 if _without_mark(tokens[index + 2]) else 4
            continue
        if is_box and token.type == "blockquote_close" and token.level == 0:
            is_box, token.tag = False, "div"
        found.append(token)
        index += 1
    return found


def _kind(tokens: Sequence[Token], index: int) -> str:
    """The kind of alert that begins here; empty if none does."""
    if tokens[index].type != "blockquote_open" or tokens[index].level:
        return ""
    if [token.type for token in tokens[index + 1 : index + 3]] != ["paragraph_open", "inline"]:
        return ""
    first, _, rest = tokens[index + 2].content.partition("\n")
    mark = MARK.fullmatch(first)
    if mark is None or (not rest and tokens[index + 4].type == "blockquote_close"):
        return ""
    return mark[1].lower()


def _without_mark(line: Token) -> bool:
    """Take the first line away; whether there are others."""
    children = line.children or []
    end = next((place for place, child in enumerate(children) if child.type in BREAKS), None)
    if end is None:
        return False
    line.children = children[end + 1 :]
    return True


def _title(kind: str) -> Token:
    """The title is English on every page, and says so: the word is the publisher's, who wrote it in English.

    GitHub does the same, and what is rendered is kept for readers of all languages.
    """
    said = f'<p class="alert-title" lang="en">{kind.capitalize()}</p>\n'
    return Token("html_block", "", 0, content=said)
