"""Texts that are made to keep a server busy: how many steps they take, not how long."""

import pytest
from markdown_it.token import Token

from registry.content import markdown, markdown_work
from registry.content.markdown import render

LETTERS = markdown.LONGEST
HOSTILE = {
    "quotes and lists": ("> " * 10 + "- " * 10 + "a\n") * (LETTERS // 42),
    "list in list": "- " * (LETTERS // 2),
    "flat list": "- a\n" * (LETTERS // 4),
    "open brackets": "[" * LETTERS,
    "nested brackets": "[" * (LETTERS // 2) + "]" * (LETTERS // 2),
    "open links": "[a](" * (LETTERS // 4),
    "open pictures": "![a](" * (LETTERS // 5),
    "references": "".join(f"[a{number}]: /u\n" for number in range(8000)),
    "emphasis": "**a *b " * (LETTERS // 7),
    "stars": "a**b" * (LETTERS // 4),
    "backticks": "".join("`" * number + " " for number in range(440)),
    "many cells": "|a" * 200 + "|\n" + "|-" * 200 + "|\n" + ("|b" * 200 + "|\n") * 240,
    "wide table": "|a" * 16000 + "|\n" + "|-" * 16000 + "|\n|b|\n",
    "cells that are left out": "|a" * 5000 + "|\n" + "|-" * 5000 + "|\n" + "|\n" * 40000,
    "bare links": "http://a." * (LETTERS // 9),
    "hosts": "a.com " * (LETTERS // 6),
    "mail addresses": "a@a." * (LETTERS // 4),
    "notes": "[^1]: a\n\n" + "[^1]" * (LETTERS // 5),
    "notes in notes": "^[" * (LETTERS // 2),
    "tasks": "- [ ] a\n" * (LETTERS // 8),
    "tags": "<div>" * (LETTERS // 5),
    "alerts": "> [!NOTE]\n> a\n\n" * (LETTERS // 15),
    "alerts in alerts": "> [!NOTE]\n" * (LETTERS // 10),
    "entities": "&amp;" * (LETTERS // 5),
}


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The steps that parsing has taken, by text."""
    taken: list[int] = []
    parse = markdown_work.CountingMarkdown.parse

    def counted(self: markdown_work.CountingMarkdown, src: str, env: markdown_work.Env | None = None) -> list[Token]:
        own = {} if env is None else env
        try:
            return parse(self, src, own)
        finally:
            taken.append(own.get("steps", 0))

    monkeypatch.setattr(markdown_work.CountingMarkdown, "parse", counted)
    render.cache_clear()
    return taken


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_more_than_so_many_steps(steps: list[int], name: str) -> None:
    found = render(HOSTILE[name])
    assert len(steps) == 1 and steps[0] <= markdown_work.MOST_STEPS + 1
    tokens = found.html.count("<")
    assert tokens <= 2 * markdown_work.MOST_STEPS
    if found.is_plain:
        assert tokens == 2 and found.html.startswith("<pre") and found.contents == ()


@pytest.mark.parametrize("name", ["wide table", "cells that are left out", "bare links", "tasks", "notes", "tags"])
def test_what_takes_too_long_is_shown_as_it_is_written(name: str) -> None:
    assert render(HOSTILE[name]).is_plain


def test_plain_texts_are_escaped() -> None:
    found = render("<script>alert(1)</script>\n" + "- [ ] a\n" * 2000)
    assert found.is_plain
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in found.html and "<script" not in found.html


def test_a_long_readme_is_no_problem(steps: list[int]) -> None:
    rows = "".join(
        f"| `image.key{number}` | What the key is for, see [there](#there) | `{{}}` |\n" for number in range(900)
    )
    text = f"# chart\n\n## Values\n\n| Key | Text | Default |\n|---|---|---|\n{rows}\n" + "- [x] done\n" * 100
    found = render(text)
    assert not found.is_plain and "<table>" in found.html
    assert steps[0] < markdown_work.MOST_STEPS


def test_steps_grow_with_the_text_and_no_faster(steps: list[int]) -> None:
    for times in (1, 2):
        render("Some *words* with a [link](https://example.com) and `code`.\n\n" * 100 * times)
    assert steps[1] <= 2 * steps[0] + 10
