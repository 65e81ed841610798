"""GitHub Markdown -> HTML that is safe to show: what publishers write about their repositories, and READMEs of charts.

CommonMark with GitHub's tables, strikethrough, task lists, footnotes, alerts and bare links. Pictures are not loaded
from other sites: they become links, so that no reader's address is told to a stranger. Pure.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from registry.content import markdown_alerts
from registry.content.markdown_work import CountingMarkdown, TooMuch

LONGEST: Final = 100_000
"""Characters of a text; a README of a chart may be longer than what ECR Public takes (25,600)."""
DEEPEST: Final = 20
"""Quotes and lists inside each other."""
PREFIX: Final = "text-"
"""Of every id, so that none clashes with the page's own."""
IN_LINK: Final = "in_link"
TOC_FROM: Final = 4
"""Headings that make a table of contents worth its place."""
TAGS: Final = frozenset(
    """
    a abbr b blockquote br code dd del details div dl dt em h2 h3 h4 h5 h6 hr i img input ins kbd label li ol p pre q s
    samp section span strong sub summary sup table tbody td tfoot th thead tr ul var
    """.split()  # noqa: SIM905 - a list of forty quoted words is harder to read
)
ATTRIBUTES: Final[dict[str, set[str]]] = {
    "a": {"href", "title", "id"},
    "img": {"alt"},
    "input": {"type", "checked", "disabled"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan"},
    **{f"h{level}": {"id"} for level in range(2, 7)},
    "li": {"id"},
    "div": {"class", "tabindex", "role", "aria-label"},
    "p": {"class", "lang"},
    "pre": {"tabindex"},
    "section": {"class"},
    "sup": {"class"},
    "code": {"class"},
}
PICTURE: Final = re.compile(r'<img(?: alt="([^"]*)")?>')
"""As it is when everything else of it was taken away."""
CLASSES: Final = re.compile(
    rf"(?:language-[\w+#.-]{{1,40}}|scroll|footnotes|footnote-ref|{'|'.join(markdown_alerts.CLASSES)})"
)


@dataclass(frozen=True, slots=True)
class Heading:
    """An entry of the table of contents; `level` is 2 for the highest."""

    level: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """HTML to put into a page as it is, and its headings if they are enough for a table of contents.

    `is_plain` if the text would have taken too much work to be read as Markdown.
    """

    html: "SafeHtml"
    contents: tuple[Heading, ...] = ()
    is_plain: bool = False


class SafeHtml(str):
    """Text that templates do not escape: Django's protocol for that, which does not need Django here."""

    __slots__ = ()

    def __html__(self) -> str:
        """The text itself."""
        return self


@lru_cache(maxsize=128)
def render(text: str, title: str = "") -> Rendered:
    """Render a text of at most LONGEST characters; more is cut, and said. Headings begin at h2.

    A text that takes too much work is shown as it is written.

    The first heading is dropped if it says what the page's own does (`title`).
    """
    is_cut = len(text) > LONGEST
    shown = text[:LONGEST].replace("\x00", "\N{REPLACEMENT CHARACTER}")
    try:
        tokens = _parser().parse(shown)
    except TooMuch:
        return Rendered(SafeHtml(f'<pre tabindex="0">{html.escape(shown)}{"…" if is_cut else ""}</pre>'), is_plain=True)
    tokens = markdown_alerts.boxed(_without_title(tokens, title))
    headings = _shifted(tokens)
    _mark_pictures(tokens)
    made = _parser().renderer.render(tokens, _parser().options, {})
    safe = _words_of_pictures(_sanitised(_in_scroll_regions(made)))
    if is_cut:
        safe += "<p>…</p>"
    return Rendered(SafeHtml(safe), tuple(headings) if len(headings) >= TOC_FROM else ())


@cache
def _parser() -> MarkdownIt:
    parser = CountingMarkdown("gfm-like", {"html": True, "linkify": True, "maxNesting": DEEPEST})
    parser.use(footnote_plugin).use(tasklists_plugin, label=True)
    parser.add_render_rule("image", _link_of_picture)
    return parser


def _link_of_picture(self: object, tokens: Sequence[Token], index: int, options: object, env: object) -> str:
    """A picture as a link that names what it shows; inside a link, as most badges are, as the words of that link."""
    token = tokens[index]
    source, alt = str(token.attrs.get("src", "")), token.content
    words = html.escape(alt or source)
    if token.meta.get(IN_LINK):
        return words
    return f'<a href="{html.escape(source)}">{words}</a>'


def _mark_pictures(tokens: Sequence[Token]) -> None:
    """Let pictures know whether they are inside a link."""
    for token in tokens:
        depth = 0
        for child in token.children or ():
            depth += child.nesting if child.type in {"link_open", "link_close"} else 0
            if child.type == "image":
                child.meta[IN_LINK] = depth > 0


def _words_of_pictures(safe: str) -> str:
    """What was made safe with the words of pictures that are written as HTML in their places."""
    return PICTURE.sub(lambda found: html.escape(html.unescape(found[1] or ""), quote=False), safe)


def _without_title(tokens: list[Token], title: str) -> list[Token]:
    """The tokens without a first heading that repeats the page's own."""
    if len(tokens) < 3 or tokens[0].type != "heading_open":
        return tokens
    if tokens[0].tag == "h1" and title and tokens[1].content.strip().casefold() == title.casefold():
        return tokens[3:]
    return tokens


def _shifted(tokens: list[Token]) -> list[Heading]:
    """Let headings begin at h2 whatever the highest was, and give each an id; return them."""
    levels = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    down = 2 - min(levels, default=2)
    found: list[Heading] = []
    taken: dict[str, int] = {}
    for index, token in enumerate(tokens):
        if token.type not in {"heading_open", "heading_close"}:
            continue
        level = min(6, int(token.tag[1]) + down)
        token.tag = f"h{level}"
        if token.type == "heading_open":
            text = "".join(child.content for child in tokens[index + 1].children or () if child.type != "html_inline")
            slug = re.sub(r"[^\w-]+", "-", text.casefold()).strip("-")[:80] or "section"
            number = taken[slug] = taken.get(slug, 0) + 1
            ident = f"{PREFIX}{slug}" if number == 1 else f"{PREFIX}{slug}-{number}"
            token.attrSet("id", ident)
            found.append(Heading(level, ident, text))
    return found


def _in_scroll_regions(made: str) -> str:
    """Wide tables scroll by themselves, and can be reached by keyboard."""
    opened = '<div class="scroll" tabindex="0" role="region" aria-label="table"><table>'
    return made.replace("<table>", opened).replace("</table>", "</table></div>")


def _sanitised(made: str) -> str:
    """What is harmless of the HTML; addresses lead to the web or into the page, and nowhere else."""
    return nh3.clean(
        made,
        tags=set(TAGS),
        clean_content_tags={"script", "style", "iframe", "object", "svg", "math", "template", "noscript", "textarea"},
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto"},
        # Long lines of code scroll, and can be reached by keyboard.
        set_tag_attribute_values={"input": {"type": "checkbox", "disabled": "disabled"}, "pre": {"tabindex": "0"}},
        link_rel="nofollow noopener noreferrer",
        strip_comments=True,
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    """The value that an attribute may have; None takes it away."""
    if name == "class":
        known = [word for word in value.split() if CLASSES.fullmatch(word)]
        return " ".join(known) or None
    if name == "id":
        return value if value.startswith(PREFIX) else f"{PREFIX}{value}"
    if name == "href" and value.startswith("#"):
        return f"#{PREFIX}{value[1:]}" if not value.startswith(f"#{PREFIX}") else value
    if name == "lang":
        return value if value == "en" else None
    if tag == "input" and name == "type":
        return "checkbox"
    if name in {"tabindex", "role", "aria-label"}:
        return {"tabindex": "0", "role": "region", "aria-label": "table"}[name]
    return value
