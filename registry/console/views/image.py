"""One image or chart of a repository, and two of them compared."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from registry.console import places
from registry.console.membership import console_page, visitor_of
from registry.image_pages import charts, comparison, images
from registry.image_pages.answers import manifest_file
from registry.values import parse_reference


@console_page
@require_safe
def image(
    request: HttpRequest, account_id: str, region: str, name: str, reference: str, section: str = ""
) -> HttpResponse:
    """A page of one image, by tag or digest; for a chart's tag, the chart's first page."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    context = places.of_repository(request, visitor, address, "images")
    context |= images.context(
        visitor.caller, address, parse_reference(reference), section or "overview", request.GET, _root(context)
    )
    if section == "manifest" and "download" in request.GET:
        return manifest_file(context)
    context |= _commands(context, reference)
    return render(request, "console/chart.html" if "chart" in context else "console/image.html", context)


@console_page
@require_safe
def chart(
    request: HttpRequest, account_id: str, region: str, name: str, reference: str, section: str = ""
) -> HttpResponse:
    """A page of one chart's version; the first one has the tag's address."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    context = places.of_repository(request, visitor, address, "images")
    if not section:
        return redirect(charts.url(_root(context), reference, request.GET.get("section", "")))
    context |= charts.context(visitor.caller, address, parse_reference(reference), section, request.GET, _root(context))
    return render(request, "console/chart.html", context | _commands(context, reference))


@console_page
@require_safe
def compare(
    request: HttpRequest, account_id: str, region: str, name: str, before: str = "", after: str = ""
) -> HttpResponse:
    """Two tags or digests beside each other; without them, a form that asks for two."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    context = places.of_repository(request, visitor, address, "images")
    root = _root(context)
    if before:
        context |= comparison.context(visitor.caller, address, before, after, request.GET, root)
        return render(request, "console/compare.html", context)
    question = comparison.question(request.GET)
    if question.is_answered:
        return redirect(f"{root}/compare/{question.before}...{question.after}")
    context |= {"question": question, "root": root}
    return render(request, "console/compare.html", context, status=400 if question.error else 200)


def _root(context: dict[str, Any]) -> str:
    """The address before `/images`, `/tags` and the like."""
    return f"{context['repository_url']}/-"


def _commands(context: dict[str, Any], reference: str) -> dict[str, Any]:
    """How to pull the image, and what the page calls it."""
    is_tag = ":" not in reference
    by_digest = f"{context['uri']}@{context['image'].digest}"
    if context["image"].kind == "chart":
        by_tag = f"helm install my-release oci://{context['uri']} --version {reference.replace('_', '+')}"
        by_digest = f"helm pull oci://{by_digest}"
    else:
        by_tag, by_digest = f"docker pull {context['uri']}:{reference}", f"docker pull {by_digest}"
    return {
        "tag": reference if is_tag else "",
        "deeper": f":{reference}" if is_tag else f"@{reference[:19]}",
        "pull_by_tag": by_tag if is_tag else "",
        "pull_by_digest": by_digest,
        "show_people": True,
        "is_owner": True,
    }
