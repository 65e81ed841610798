"""Search results, suggestions while typing, and rows of listings with their pull commands."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.console.asking import wants_part
from gallery.models import Listing
from gallery.pages import commands, context
from gallery.search import query, questions
from gallery.search.facets import Question
from gallery.search.query import Results
from gallery.search.questions import BadQuestion


@require_safe
@vary_on_headers("HX-Request")
def search(request: HttpRequest) -> HttpResponse:
    """Results for a query; the part that changes alone, if htmx asks for it."""
    status = 200
    try:
        question = questions.parse(request.GET)
    except BadQuestion:
        question, status = Question(request.GET.get("q", "").strip()[: questions.LONGEST]), 400
    results = query.find(question)
    values = answered(request, question, results) | {"title_page": results.page if results.page > 1 else 0}
    is_part = wants_part(request)
    template = "gallery/results.html" if is_part else "gallery/search.html"
    return render(request, template, values | {"is_part": is_part}, status=status)


def answered(request: HttpRequest, question: Question, results: Results) -> dict[str, Any]:
    """What a page of results shows."""
    return paged(request, results) | {
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
    for name in question.active[:4]:
        total = query.find(question.without(name)).total
        if total and (best is None or total > best.count):
            names = ", ".join(str(questions.name_of(name, value)) for value in question.chosen[name])
            best = questions.Chip(questions.TITLES[name], names, questions.address(question, **{name: ()}), total)
    return best


@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """What to go to at once, below the search box."""
    found = query.suggestions(request.GET.get("q", ""))
    return render(request, "gallery/suggestions.html", {"suggestions": found})


def paged(request: HttpRequest, results: Results) -> dict[str, Any]:
    """The rows with their pull commands, and what the pager needs."""
    host = context.host(request)
    rows = [(row, pull_command(row, host)) for row in results.rows]
    return {"results": results, "rows": rows, "previous_page": results.page - 1, "next_page": results.page + 1}


def pull_command(listing: Listing, host: str) -> str:
    """The command that pulls a listing's newest tag; empty before the first push."""
    if not listing.newest_tag:
        return ""
    return commands.pull(listing.kind, f"{host}/{listing.alias}/{listing.name}", listing.newest_tag)
