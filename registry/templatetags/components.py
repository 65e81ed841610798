"""How pages show components, and those that take some reckoning: icons, heads of sorted columns, graphs, code.

`/help/components` shows each file of `templates/components/` in every state.
"""

import base64
import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registry.templatetags.kho import query

register = template.Library()

GRAPH_HEIGHT: Final = 100
BAR_WIDTH: Final = 8
BAR_STEP: Final = 10


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture from `static/img/icons.svg`; words always stand beside it or in the control's label."""
    return format_html(
        '<svg class="icon" width="16" height="16" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        static("img/icons.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def component(context: template.Context, part: str, **values: object) -> SafeString:
    """A part of a page, `templates/components/<part>.html`, which knows the given values and nothing else."""
    return _render(context, part, values)


@register.simple_block_tag(takes_context=True)
def frame(context: template.Context, content: str, part: str, **values: object) -> SafeString:
    """A component around a content, as `{% frame "tabs" label=… %}…{% endframe %}`."""
    return _render(context, part, values | {"content": content})


def _render(context: template.Context, part: str, values: dict[str, object]) -> SafeString:
    """Only what is given reaches a component: a page's own `name` or `form` never slips into a button."""
    if context.template is None:
        raise template.TemplateSyntaxError(f"the component {part} is shown outside a template")
    kept = {key: context[key] for key in ("request", "csrf_token") if key in context}
    return context.template.engine.get_template(f"components/{part}.html").render(context.new(kept | values))


@register.simple_tag
def csv_link(given: Mapping[str, str] | None = None, **more: str) -> str:
    """The address of a file with one row, which is in the page itself: secrets are in no URL of the server."""
    columns = {**(given or {}), **more}
    text = io.StringIO()
    csv.writer(text).writerows([[name.replace("_", " ") for name in columns], columns.values()])
    return f"data:text/csv;base64,{base64.b64encode(text.getvalue().encode()).decode()}"


@register.inclusion_tag("components/sort_header.html", takes_context=True)
def sort_header(
    context: template.Context,
    label: str,
    value: str,
    *,
    reverse: str = "",
    current: str | None = None,
    is_default: bool = False,
    is_descending: bool = False,
    is_number: bool = False,
    parameter: str = "sort",
) -> dict[str, object]:
    """The head of a column that can be sorted by: a link with `aria-sort`.

    `value` is what the parameter has when the table is sorted by this column (the default one is left out of
    addresses), `is_descending` how that goes; `reverse` is the value for the other way round, if there is one.
    """
    now = context["request"].GET.get(parameter, "") if current is None else current
    is_current = now == value or (is_default and not now)
    is_reversed = bool(reverse) and now == reverse
    target = reverse if is_current and reverse else "" if is_default else value
    downwards = is_descending != is_reversed
    return {
        "label": label,
        "url": query(context, **{parameter: target, "after": None, "page": None}),
        "order": ("descending" if downwards else "ascending") if is_current or is_reversed else "",
        "is_number": is_number,
    }


@register.simple_tag
def page_numbers(page: int, pages: int) -> list[int]:
    """The numbers that a pager shows: first, last and those around the present one; 0 stands for a gap."""
    shown = sorted({1, pages, *range(max(1, page - 2), min(pages, page + 2) + 1)})
    numbers: list[int] = []
    for number in shown:
        if numbers and number == numbers[-1] + 2:
            numbers.append(number - 1)
        elif numbers and number > numbers[-1] + 1:
            numbers.append(0)
        numbers.append(number)
    return numbers


@register.inclusion_tag("components/bar_graph.html")
def bar_graph(
    points: Sequence[tuple[object, int]], *, title: str, label: str, unit: str, is_headed: bool = False
) -> dict[str, object]:
    """Bars, and the same figures as a table: `points` are (label, count); `label` and `unit` head the columns.

    `is_headed` where a heading says the title already.
    """
    most = max((count for _, count in points), default=0)
    bars = [
        {
            "x": str(place * BAR_STEP + (BAR_STEP - BAR_WIDTH) // 2),
            "y": str(GRAPH_HEIGHT - height),
            "height": str(height),
            "label": name,
            "count": count,
        }
        for place, (name, count) in enumerate(points)
        for height in [max(1, round(count * GRAPH_HEIGHT / most)) if count and most else 0]
    ]
    return {
        "bars": bars,
        "width": str(max(1, len(bars)) * BAR_STEP),
        "bar_width": str(BAR_WIDTH),
        "most": most,
        "total": sum(count for _, count in points),
        "title": title,
        "label": label,
        "unit": unit,
        "is_headed": is_headed,
    }


@register.inclusion_tag("components/severity_graph.html")
def severity_graph(days: Sequence[tuple[object, Mapping[str, int]]], *, title: str) -> dict[str, object]:
    """A bar for each day, the worst severity at the foot; `days` are (date, {severity: count}), in order.

    The table beside it has the days on which something changed.
    """
    most = max((sum(counts.values()) for _, counts in days), default=0)
    levels = [level for level in (days[0][1] if days else ()) if any(counts[level] for _, counts in days)]
    parts, rows, before = [], [], None
    for place, (name, counts) in enumerate(days):
        top = float(GRAPH_HEIGHT)
        for level in levels:
            height = counts[level] * GRAPH_HEIGHT / most
            top -= height
            if height:
                x = str(place * BAR_STEP)
                parts.append({"level": level.lower(), "x": x, "y": f"{top:.2f}", "height": f"{height:.2f}"})
        if counts != before:
            rows.append((name, [counts[level] for level in levels]))
            before = counts
    return {
        "parts": parts,
        "levels": [level.lower() for level in levels],
        "rows": rows,
        "ends": (days[0][0], days[-1][0]) if days else (),
        "width": str(max(1, len(days)) * BAR_STEP),
        "bar_width": str(BAR_STEP),
        "most": most,
        "title": title,
    }


@register.inclusion_tag("components/code.html")
def code(text: str, *, label: str, prefix: str = "L", numbers: bool = True) -> dict[str, object]:
    """A text with line numbers that are not copied; `#L3` leads to a line (two on one page need prefixes)."""
    lines: Iterable[str] = text.removesuffix("\n").split("\n")
    return {"lines": lines, "label": label, "prefix": prefix, "numbers": numbers}


@register.simple_tag(takes_context=True)
def in_language(context: template.Context, language: str) -> str:
    """The whole address of this page in another language, for links and search engines."""
    request = context["request"]
    parameters = request.GET.copy()
    parameters["lang"] = language
    return str(request.build_absolute_uri(f"{request.path}?{parameters.urlencode()}"))
