"""A Markdown parser that counts its steps and gives up after some, so that no text keeps a server busy. Pure."""

import re
from collections.abc import MutableMapping
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.parser_block import ParserBlock
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

MOST_STEPS: Final = 40_000
"""Tokens that are made or looked past; a long README takes some ten thousand."""
MOST: Final = (
    (re.compile(r"\S\.\w|://|@"), 3000, "what may be a bare link"),
    (re.compile(r"\]\("), 3000, "links and pictures"),
    (re.compile(r"<[A-Za-z]"), 4000, "tags of HTML"),
    (re.compile(r"\[\^|\^\["), 500, "footnotes and what refers to them"),
    (re.compile(r"^[ \t>]*(?:[-*+]|\d+[.)])[ \t]+\[[ xX]\]", re.MULTILINE), 1000, "tasks"),
)
"""What takes longer the more of it there is, and how often it may be in a text."""

Env = MutableMapping[str, Any]


class TooMuch(Exception):
    """The text takes more work than a text may."""


class WorkBlock(StateBlock):
    """Counts the tokens of blocks."""

    def push(self, *token: Any, **more: Any) -> Token:
        """Make a token."""
        spend(self.env)
        return super().push(*token, **more)


class WorkInline(StateInline):
    """Counts the tokens of lines."""

    def push(self, *token: Any, **more: Any) -> Token:
        """Make a token."""
        spend(self.env)
        return super().push(*token, **more)


class _Blocks(ParserBlock):
    def parse(self, src: str, md: MarkdownIt, env: Env, outTokens: list[Token]) -> list[Token] | None:  # noqa: N803 - the parser's
        if not src:
            return None
        state = WorkBlock(src, md, env, outTokens)
        self.tokenize(state, state.line, state.lineMax)
        return state.tokens


class _Lines(ParserInline):
    def parse(self, src: str, md: MarkdownIt, env: Env, tokens: list[Token]) -> list[Token]:
        state = WorkInline(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens

    def skipToken(self, state: StateInline) -> None:  # noqa: N802 - the parser's name
        spend(state.env)
        super().skipToken(state)


class CountingMarkdown(MarkdownIt):
    """The parser; its `parse` raises TooMuch."""

    def __init__(self, preset: str, options: dict[str, Any]) -> None:
        super().__init__("zero")
        self.block, self.inline = _Blocks(), _Lines()
        self.configure(preset, options_update=options)

    def parse(self, src: str, env: Env | None = None) -> list[Token]:
        """Return the tokens of a text. TooMuch."""
        for pattern, most, _ in MOST:
            if sum(1 for _ in pattern.finditer(src)) > most:
                raise TooMuch
        return super().parse(src, {} if env is None else env)


def spend(env: Env) -> None:
    """Count one step. TooMuch."""
    env["steps"] = env.get("steps", 0) + 1
    if env["steps"] > MOST_STEPS:
        raise TooMuch
