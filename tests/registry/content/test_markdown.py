"""Publishers' Markdown: what GitHub's readers expect, and nothing that acts on a page."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.content import markdown
from registry.content.markdown import Heading, render

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href=\"vbscript:x\" onclick='x()'>x</a>",
    "![x](javascript:alert(1))",
    "<iframe src='https://example.com'></iframe>",
    "<style>*{display:none}</style><p style='position:fixed'>x</p>",
    "<form action='https://example.com'><input name=a><button>x</button></form>",
    "<base href='https://example.com'><meta http-equiv=refresh content='0;url=x'>",
    "<details open ontoggle=alert(1)>x</details>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<div class='bar' id='content' hx-get='/console' data-copy='x'>x</div>",
    "<!--><img src=x onerror=alert(1)>-->",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "# <img src=x onerror=alert(1)>",
    "> [!NOTE]\n> <script>alert(1)</script> [x](javascript:alert(1))",
    "<p class='alert-title bar' lang='vi' style='x' id='content'>Note</p><div class='alert banner'>x</div>",
]


class Seen(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def check(text: str) -> None:
    """Nothing of the result acts, loads, or pretends to be of the page."""
    seen = Seen()
    seen.feed(render(text).html)
    assert seen.tags <= markdown.TAGS
    for tag, name, value in seen.attributes:
        assert name in markdown.ATTRIBUTES.get(tag, set()) | {"rel"}, (tag, name)
        if name == "href":
            assert re.match(r"(https?:|mailto:|#text-|[^:]*$)", value), value
        if name == "id":
            assert value.startswith("text-")
        if name == "class":
            assert all(markdown.CLASSES.fullmatch(word) for word in value.split())


def test_it_works_as_on_github() -> None:
    html = render(
        "**bold** ~~gone~~ https://example.com\n\n|a|b|\n|-|-|\n|1|2|\n\n- [x] done\n\nnote[^1]\n\n[^1]: foot\n"
    ).html
    assert "<strong>bold</strong> <s>gone</s>" in html
    assert '<a href="https://example.com" rel="nofollow noopener noreferrer">' in html
    assert '<div class="scroll" tabindex="0" role="region" aria-label="table"><table>' in html
    assert '<pre tabindex="0"><code>code\n</code></pre>' in render("    code\n").html
    assert 'type="checkbox"' in html and "disabled" in html and "checked" in html
    assert 'id="text-fn1"' in html and 'href="#text-fn1"' in html


def test_headings_begin_at_the_second_level_and_make_a_table_of_contents() -> None:
    rendered = render("# App\n\n# One\n\n## Two *more*\n\n# One\n\n###### Six\n", "app")
    assert "App" not in rendered.html
    assert rendered.contents == (
        Heading(2, "text-one", "One"),
        Heading(3, "text-two-more", "Two more"),
        Heading(2, "text-one-2", "One"),
        Heading(6, "text-six", "Six"),
    )
    assert render("### a\n\n#### b").html.startswith('<h2 id="text-a">a</h2>')
    assert not render("# a\n\n# b\n\n# c").contents


@pytest.mark.parametrize("kind", ["note", "tip", "important", "warning", "caution"])
def test_alerts_are_boxes_with_a_title(kind: str) -> None:
    title = f'<div class="alert alert-{kind}">\n<p class="alert-title" lang="en">{kind.capitalize()}</p>\n'
    for mark in (kind.upper(), kind):
        html = render(f"> [!{mark}]\n> Read **this**.\n>\n> - a\n\nrest").html
        assert html.startswith(f"{title}<p>Read <strong>this</strong>.</p>\n<ul>"), html
        assert html.endswith("</ul>\n</div>\n<p>rest</p>\n") and "[!" not in html
    for rest in ("  \n> b", "\n>\n> b", "\nb", f"\n> b\n\n[!{kind}]: /x"):
        assert render(f"> [!{kind}]{rest}").html == f"{title}<p>b</p>\n</div>\n", rest


def test_quotes_in_alerts_and_headings_stay_what_they_are() -> None:
    html = render("> [!TIP]\n> # One\n> > two\n\n> three").html
    assert '<h2 id="text-one">One</h2>' in html and html.count("<blockquote>") == html.count("</blockquote>") == 2
    assert html.count("<div") == html.count("</div>") == 1


@pytest.mark.parametrize(
    "text",
    [
        "> [!NOTE]",
        "> [!NOTE] text",
        "> [!OTHER]\n> text",
        "> text\n> [!NOTE]",
        "> \\[!NOTE]\n> text",
        "- > [!NOTE]\n  > text",
        "> > [!NOTE]\n> > text",
        "[!NOTE]\ntext",
    ],
)
def test_other_quotes_stay_quotes(text: str) -> None:
    html = render(text).html
    assert "alert" not in html and "[!" in html


def test_pictures_are_links_so_that_nothing_is_loaded() -> None:
    html = render("![The logo](https://example.com/a.png) ![](https://example.com/b.png)").html
    assert "<img" not in html and ">The logo</a>" in html and ">https://example.com/b.png</a>" in html


def test_pictures_inside_links_and_html_are_their_words() -> None:
    html = render("[![build](https://img.example/b.svg)](https://ci.example) [![](https://img.example/c.svg)](/x)").html
    assert re.findall(r"<a href=\"(.*?)\".*?>(.*?)</a>", html) == [
        ("https://ci.example", "build"),
        ("/x", "https://img.example/c.svg"),
    ]
    logo = render(
        "<p align=center><img src='x.png' width=9 alt=\"The 'big' <b> logo\"></p>\n\n`<img alt=\"code\">`"
    ).html
    assert "<img" not in logo and "<p>The 'big' &lt;b&gt; logo</p>" in logo
    assert '<code>&lt;img alt="code"&gt;</code>' in logo
    assert "<script" not in render("<img alt='<script>alert(1)</script>' src=x> <img src=x alt>").html


@pytest.mark.parametrize("text", HOSTILE)
def test_it_refuses_what_acts(text: str) -> None:
    check(text)


@given(st.lists(st.sampled_from([*"<>\"'&/=[]()!`*_#-|~:;. \n\tabjsx", "> [!TIP]\n"]), max_size=200).map("".join))
@settings(max_examples=300, deadline=None)
def test_it_refuses_what_acts_whatever_is_written(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    "piece", [">", "[", "![[", "- ", "*", "_a", "`", "<", "&", "[a](", "|a", "1. ", "http://", "\x00"]
)
def test_it_works_for_huge_and_broken_texts(piece: str) -> None:
    """They come back, and are bounded."""
    html = render(piece * (60_000 // len(piece))).html
    assert len(html) < 2_000_000


def test_it_says_that_a_text_is_cut() -> None:
    assert render("a " * 60_000).html.endswith("<p>…</p>")
