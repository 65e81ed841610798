"""Search results, suggestions while typing, and rows of listings with their pull commands."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.console.asking import wants_part
from gallery.models import Listing
from gallery.pages import commands, context
from gallery.search import matching, query, questions, references
from gallery.search.facets import Question
from gallery.search.query import Results
from gallery.search.questions import BadQuestion
from registry.scanning import summaries


@require_safe
@vary_on_headers("HX-Request")
def search(request: HttpRequest) -> HttpResponse:
    """Results for a query; the part that changes alone, if htmx asks for it."""
    status, asked = 200, _asked(request)
    try:
        question = questions.parse(asked)
    except BadQuestion:
        question, status = Question(asked.get("q", "").strip()[: questions.LONGEST]), 400
    results = query.find(question)
    values = answered(request, question, results) | {"title_page": results.page if results.page > 1 else 0}
    values["is_unknown"] = status == 400
    is_part = wants_part(request)
    template = "gallery/results.html" if is_part else "gallery/search.html"
    return render(request, template, values | {"is_part": is_part}, status=status)


def _asked(request: HttpRequest) -> QueryDict:
    """What is asked; of a pull command or reference of this site that was pasted, the repository that it names."""
    path = references.repository_in(request.GET.get("q", "")[: questions.LONGEST], context.host(request))
    if not path:
        return request.GET
    asked = request.GET.copy()
    asked["q"] = path
    return asked


def answered(request: HttpRequest, question: Question, results: Results) -> dict[str, Any]:
    """What a page of results shows."""
    return paged(request, results, question.q) | {
        "q": question.q,
        "question": question,
        "sort": question.sort,
        "facets": questions.shown(question, results),
        "chips": questions.chips(question),
        "rescue": _rescue(question, results),
        "active_total": sum(len(values) for values in question.chosen.values()) + question.deprecated,
    }


def _rescue(question: Question, results: Results) -> questions.Chip | None:
    """The filter whose removal gives most results, if there are none."""
    if results.total or not question.active:
        return None
    best = None
    for name, total in query.totals_without(question).items():
        if total and (best is None or total > best.count):
            names = ", ".join(str(questions.name_of(name, value)) for value in question.chosen[name])
            best = questions.Chip(questions.TITLES[name], names, questions.address(question, **{name: ()}), total)
    return best


@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """What to go to at once, below the search box."""
    found = query.suggestions(request.GET.get("q", ""))
    return render(request, "gallery/suggestions.html", {"suggestions": found})


def paged(request: HttpRequest, results: Results, q: str = "") -> dict[str, Any]:
    """The rows with their pull commands, and what the pager needs.

    Names come in pieces, those that were asked for marked. Scans are of the newest tags.
    """
    words = matching.words_of(q)
    scans = summaries.of_tags({row.repository_id: row.newest_tag for row in results.rows if row.newest_tag})
    rows = [
        (
            row,
            pull_command(request, row),
            matching.pieces(row.alias, words),
            matching.pieces(row.name, words),
            scans.get(row.repository_id),
        )
        for row in results.rows
    ]
    return {"results": results, "rows": rows, "previous_page": results.page - 1, "next_page": results.page + 1}


def pull_command(request: HttpRequest, listing: Listing) -> str:
    """The command that pulls a listing's newest tag with the reader's client; empty before the first push."""
    if not listing.newest_tag:
        return ""
    place = f"{context.host(request)}{listing.path}"
    client = context.client_of(request, listing.kind)
    return commands.pull(listing.kind, place, listing.newest_tag, client, is_plain=not request.is_secure())
