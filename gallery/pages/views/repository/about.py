"""What a repository is, and how to use what is in it: in the publisher's words, or in ours if they gave none."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gallery.catalog.categories import CATEGORIES
from gallery.pages import commands, context
from gallery.pages.context import reader, repository_page
from registry.content import markdown
from registry.image_pages import charts


@require_safe
@repository_page
def about(request: HttpRequest, alias: str, name: str) -> HttpResponse:
    """A repository's first page: the publisher's text, and facts beside it."""
    address = context.address_of(alias, name)
    values = context.of_repository(request, alias, name, address, "about")
    case = values["case"]
    text = markdown.render(case.catalog.about_text, title=name)
    if not text.html and case.image is not None and case.image.kind == "chart":
        text = charts.readme(reader(request), address, case.image) or text
        values["is_of_chart"] = True
    values |= {
        "text": text,
        "home_link": context.link(str(case.facts.get("url", ""))),
        "categories": [(slug, CATEGORIES[slug]) for slug in case.catalog.categories if slug in CATEGORIES],
    }
    return render(request, "gallery/about.html", values)


@require_safe
@repository_page
def usage(request: HttpRequest, alias: str, name: str) -> HttpResponse:
    """How to use it."""
    address = context.address_of(alias, name)
    values = context.of_repository(request, alias, name, address, "usage")
    case = values["case"]
    values["text"] = markdown.render(case.catalog.usage_text, title=name)
    if case.image is not None:
        place = f"{values['host']}/{alias}/{name}"
        kind, digest = case.image.kind, case.image.digest
        values |= {
            "steps": commands.steps(kind, place, case.tag, digest, is_plain=not request.is_secure()),
            "service": name.rpartition("/")[2],
            "reference": f"{place}:{case.tag}" if kind in {"image", "index"} else "",
        }
    return render(request, "gallery/usage.html", values)
