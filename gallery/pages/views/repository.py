"""A public repository: its first page, tags and history."""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from gallery.pages import commands, context
from gallery.pages.context import reader, repository_page
from gallery.pages.views.search import wants_part
from registry.core import aliases, browsing, image_details
from registry.errors import ImageNotFound, InvalidValue
from registry.values import parse_reference

CLIENT_COOKIE = "kho_client"
SHORT_LIST = 10


@require_safe
@repository_page
def repository(request: HttpRequest, alias: str, name: str) -> HttpResponse:
    """A repository's first page: how to pull it, what it is, its newest tags."""
    address = context.address_of(alias, name)
    if elsewhere := _primary(address.registry.account_id, alias):
        return redirect(f"/{elsewhere}/{name}")
    values = context.of_repository(request, alias, name, address, "about")
    newest = browsing.tag_page(reader(request), address, limit=SHORT_LIST)
    tag = request.GET.get("tag") or browsing.newest_tag(reader(request), address)
    try:
        detail = image_details.get(reader(request), address, parse_reference(tag)) if tag else None
    except (ImageNotFound, InvalidValue):
        detail = None
    client = request.GET.get("client") or request.COOKIES.get(CLIENT_COOKIE, "")
    if detail:
        kind = detail.image.kind
        known = commands.clients(kind)
        choices = [row.name for row in newest.rows]
        values |= {
            "image": detail.image,
            "facts": detail.facts | ({"description": values["listing"].description} if values["listing"] else {}),
            "platforms": detail.platforms,
            "source_link": _link(detail.facts.get("source", "")),
            "home_link": _link(detail.facts.get("url", "")),
            "tag": tag,
            "tag_choices": choices if tag in choices else [tag, *choices],
            "clients": list(known),
            "client": client if client in known else next(iter(known)),
            "pull": commands.pull(kind, f"{values['host']}/{alias}/{name}", tag, client),
        }
    answer = render(request, "gallery/repository.html", values | {"newest": newest})
    if request.GET.get("client"):
        answer.set_cookie(CLIENT_COOKIE, client[:40], max_age=365 * 24 * 3600, samesite="Lax", httponly=True)
    return answer


def _link(text: str) -> str:
    """A link that a browser may follow, or nothing."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in {"http", "https"} and parts.netloc else ""


def _primary(account_id: str, alias: str) -> str:
    """The name to go to, if the page was asked for under another one of the publisher."""
    primary = aliases.primary(account_id)
    return primary if primary != alias else ""


@require_safe
@vary_on_headers("HX-Request")
@repository_page
def tags(request: HttpRequest, alias: str, name: str) -> HttpResponse:
    """A repository's tags, page by page."""
    address = context.address_of(alias, name)
    values = context.of_repository(request, alias, name, address, "tags")
    sort = request.GET.get("sort", "")
    show_attached = request.GET.get("attached") == "1"
    contains = request.GET.get("contains", "").strip()[:128]
    values |= {
        "page": browsing.tag_page(
            reader(request),
            address,
            contains=contains,
            sort="name" if sort == "name" else "pushed",
            show_attached=show_attached,
            after=request.GET.get("after", "")[:300],
        ),
        "contains": contains,
        "sort": sort,
        "show_attached": show_attached,
        "hidden_total": browsing.attached_tag_count(reader(request), address),
    }
    return render(request, "gallery/tag_results.html" if wants_part(request) else "gallery/tags.html", values)


@require_safe
@repository_page
def history(request: HttpRequest, alias: str, name: str) -> HttpResponse:
    """What happened to a repository's tags; events, not people."""
    address = context.address_of(alias, name)
    values = context.of_repository(request, alias, name, address, "history")
    page = browsing.tag_history(reader(request), address, after=request.GET.get("after", ""))
    return render(request, "gallery/history.html", values | {"page": page})
