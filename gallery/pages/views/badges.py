"""Pictures of a repository that others show: badges for READMEs, and the card of a link that is shared."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.http import require_safe

from gallery.models import Listing
from gallery.pages import cards, context
from gallery.pages.badges import badge as drawn
from gallery.pages.context import repository_page
from gallery.search import query
from registry.core import describing
from registry.core.describing import ImageId
from registry.errors import ImageNotFound
from registry.templatetags.kho import short_count, size


@require_safe
@repository_page
def badge(request: HttpRequest, alias: str, name: str, kind: str) -> HttpResponse:
    """A badge: pulls, version, size or platforms. In English, as READMEs are."""
    listing = _listing(request, alias, name)
    with translation.override("en"):
        match kind:
            case "pulls":
                said = drawn("pulls", short_count(listing.pull_count))
            case "version":
                said = drawn("version", listing.newest_tag or "none", "accent" if listing.newest_tag else "quiet")
            case "size":
                said = drawn("size", size(_size(request, listing)), "quiet")
            case _:
                said = drawn("platforms", ", ".join(listing.platforms[:4]) or "none", "quiet")
    return _picture(said.encode(), "image/svg+xml")


@require_safe
@repository_page
def card(request: HttpRequest, alias: str, name: str) -> HttpResponse:
    """The picture that chats and social sites show beside a link: OpenGraph's 1200 by 630 pixels."""
    listing = _listing(request, alias, name)
    with translation.override("en"):
        facts = (f"{short_count(listing.pull_count)} pulls", *listing.platforms[:4])
        drawn_card = cards.card(alias, name, listing.get_kind_display(), facts, listing.newest_tag)
    return _picture(drawn_card, "image/png")


def _listing(request: HttpRequest, alias: str, name: str) -> Listing:
    """The listing of a repository that the reader may see. Http404 without one."""
    context.repository_of(request, context.address_of(alias, name), f"{alias}/{name}")
    listing = query.get(alias, name)
    if listing is None:
        raise Http404
    return listing


def _size(request: HttpRequest, listing: Listing) -> int:
    """Bytes of the newest tag's image (of an index: of its largest platform); 0 if it has gone a moment ago."""
    if not listing.newest_tag:
        return 0
    address = context.address_of(listing.alias, listing.name)
    try:
        [found] = describing.named(context.reader(request), address, [ImageId(tag=listing.newest_tag)])
    except ImageNotFound:
        return 0
    return found.image.size


def _picture(content: bytes, content_type: str) -> HttpResponse:
    headers = {
        "Cache-Control": "public, max-age=300",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return HttpResponse(content, content_type=content_type, headers=headers)
