"""Home, search, publisher, and the pages of a public repository."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.middleware import HtmxDetails

from gallery.models import Listing
from gallery.pages import commands, context
from gallery.pages.context import reader, repository_page
from gallery.search import query
from registry.core import aliases, browsing, catalog
from registry.errors import ImageNotFound, InvalidValue
from registry.values import parse_reference

CLIENT_COOKIE = "kho_client"
SHORT_LIST = 10


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The entrance: search, what is popular, what is new."""
    if request.GET.get("q"):
        return redirect(f"/search?{request.GET.urlencode()}")
    popular = query.popular()
    example = next((row for row in popular if row.kind == Listing.Kind.IMAGE), None) or next(iter(popular), None)
    return render(
        request,
        "gallery/home.html",
        {
            "popular": popular,
            "newest": query.newest(),
            "example": _pull(example, context.host(request)) if example else "",
        },
    )


@require_safe
def logo(request: HttpRequest, digest: str) -> HttpResponse:
    """A publisher's picture; its address changes with it, so it may be kept for ever."""
    content = catalog.logo(digest)
    if content is None:
        raise Http404
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Content-Security-Policy": "sandbox"}
    return HttpResponse(content, content_type="image/png", headers=headers)


@require_safe
@vary_on_headers("HX-Request")
def search(request: HttpRequest) -> HttpResponse:
    """Results for a query; the part that changes alone, if htmx asks for it."""
    kind = request.GET.get("kind", "")
    sort = request.GET.get("sort", "")
    known = kind in {"", *Listing.Kind.values} and sort in {"", *query.SORTS}
    page = request.GET.get("page", "1")
    if not known or not page.isascii() or not page.isdecimal() or len(page) > 6:
        kind, sort, page, status = "", "", "1", 400
    else:
        status = 200
    q = request.GET.get("q", "").strip()[:200]
    results = query.find(q, kind=kind, sort=sort, page=int(page))
    values = _paged(request, results) | {"q": q, "kind": kind, "sort": sort, "kinds": Listing.Kind.choices}
    template = "gallery/results.html" if _wants_part(request) else "gallery/search.html"
    return render(request, template, values, status=status)


def _wants_part(request: HttpRequest) -> bool:
    """Whether htmx will put the answer into a page that is there already."""
    htmx = HtmxDetails(request)
    return bool(htmx) and not htmx.history_restore_request


def _paged(request: HttpRequest, results: query.Results) -> dict[str, object]:
    """The rows with their pull commands, and what the pager needs."""
    host = context.host(request)
    rows = [(row, _pull(row, host)) for row in results.rows]
    return {"results": results, "rows": rows, "previous_page": results.page - 1, "next_page": results.page + 1}


def _pull(listing: Listing, host: str) -> str:
    """The command that pulls a listing's newest tag; empty before the first push."""
    if not listing.newest_tag:
        return ""
    return commands.pull(listing.kind, f"{host}/{listing.alias}/{listing.name}", listing.newest_tag)


@require_safe
def publisher(request: HttpRequest, alias: str) -> HttpResponse:
    """A publisher's repositories."""
    account_id = aliases.find(alias)
    if account_id is None:
        raise context.NoRepository(alias)
    primary = aliases.primary(account_id)
    if primary != alias:
        return redirect(f"/{primary}")
    page = request.GET.get("page", "1")
    results = query.find(alias=alias, page=int(page) if page.isascii() and page.isdecimal() and len(page) < 7 else 1)
    name = results.rows[0].publisher if results.rows else alias
    values = {"alias": alias, "publisher": name, "host": context.host(request)}
    return render(request, "gallery/publisher.html", values | _paged(request, results))


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
        detail = browsing.image_detail(reader(request), address, parse_reference(tag)) if tag else None
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
    return render(request, "gallery/tag_results.html" if _wants_part(request) else "gallery/tags.html", values)


@require_safe
@repository_page
def history(request: HttpRequest, alias: str, name: str) -> HttpResponse:
    """What happened to a repository's tags; events, not people."""
    address = context.address_of(alias, name)
    values = context.of_repository(request, alias, name, address, "history")
    page = browsing.tag_history(reader(request), address, after=request.GET.get("after", ""))
    return render(request, "gallery/history.html", values | {"page": page})


@require_safe
@repository_page
def image(request: HttpRequest, alias: str, name: str, reference: str) -> HttpResponse:
    """One image, by tag or digest."""
    address = context.address_of(alias, name)
    values = context.of_repository(request, alias, name, address, "tags")
    try:
        parsed = parse_reference(reference)
        detail = browsing.image_detail(reader(request), address, parsed)
    except InvalidValue as error:
        raise Http404(reference) from error
    except ImageNotFound as error:
        near = browsing.nearest_tags(reader(request), address, reference)
        raise context.NoImage(alias, name, near) from error
    is_tag = ":" not in reference
    place = f"{values['host']}/{alias}/{name}"
    kind = detail.image.kind
    values |= {
        "detail": detail,
        "image": detail.image,
        "images_url": f"/{alias}/{name}/-/images",
        "manifest": detail.content.decode("utf-8", "replace"),
        "tag": reference if is_tag else "",
        "deeper": f":{reference}" if is_tag else f"@{reference[:19]}",
        "pull_by_tag": commands.pull(kind, place, reference) if is_tag else "",
        "pull_by_digest": commands.pull(kind, place, detail.image.digest),
    }
    return render(request, "gallery/image.html", values)


@require_safe
def pasted(request: HttpRequest, alias: str, name: str, reference: str) -> HttpResponse:
    """A pull reference that somebody pasted into the address bar."""
    section = "images" if ":" in reference else "tags"
    return redirect(f"/{alias}/{name}/-/{section}/{reference}")


@require_safe
def pasted_private(request: HttpRequest, account: str, name: str) -> HttpResponse:
    """A private reference leads to the console, which asks who is there."""
    bare = name.partition("@")[0].partition(":")[0]
    account, _, region = account.partition(".")
    return redirect(f"/console/{account}/{region or settings.HOME_REGION}/repositories/{bare}/-/images")


@require_safe
def without_slash(request: HttpRequest, path: str) -> HttpResponse:
    """Pages have no slash at the end."""
    where = f"/{path.strip('/')}"
    query_string = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(f"{where}?{query_string}" if query_string else where)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 for pages: the same for what is absent and for what may not be seen."""
    return render(request, "404.html", {"near": getattr(exception, "near", [])}, status=404)
