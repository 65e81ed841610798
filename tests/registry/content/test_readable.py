"""Text of anybody."""

import pytest

from registry.content.readable import decoded, readable, web_link


def test_it_keeps_what_people_read() -> None:
    assert readable("Kho hàng\n\t→ ✓", 100) == "Kho hàng\n\t→ ✓"
    assert readable("a\r\nb", 100) == "a\nb"
    assert readable("abcdef", 3) == "abc…"
    assert decoded("\ufeffà".encode(), 10) == "à"


@pytest.mark.parametrize("bad", ["\x00", "\x1b", "\x7f", "\x9b", "\u202e", "\u2066", "\ud800"])
def test_it_replaces_what_deceives(bad: str) -> None:
    assert readable(f"a{bad}b", 10) == "a\N{REPLACEMENT CHARACTER}b"


def test_what_is_no_text_is_empty() -> None:
    nothing: list[object] = [None, 1, [], {}]
    assert [readable(value, 10) for value in nothing] == [""] * 4
    assert decoded(b"\xff\xfe", 10) == "\N{REPLACEMENT CHARACTER}" * 2


@pytest.mark.parametrize("text", ["https://example.com/a?b=c#d", "http://example.com"])
def test_links_that_may_be_followed(text: str) -> None:
    assert web_link(f" {text}\n") == text


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "https:///", "https://a b", "//a", "ftp://a", "https://a\\@b", "https://\u202ea", None, 3],
)
def test_it_refuses_other_links(text: object) -> None:
    assert web_link(text) == ""
