"""What crawlers ask for: robots.txt, and the sitemap of publishers and public repositories."""

from typing import TYPE_CHECKING, Final

from django.contrib.sitemaps import Sitemap
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from gallery.search import publishers, query

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from gallery.models import Listing

HIDDEN: Final = (
    *(f"/{word}{end}" for word in ("console", "account", "staff", "sign-in", "sign-up") for end in ("$", "/", "?")),
    *("/admin/", "/search?", "/v2/", "/token/"),
)
"""Whole segments: `/account` alone would hide the publisher `accountants` too."""


class Repositories(Sitemap):  # type: ignore[type-arg]  # only the stubs know that it is generic
    """Every public repository's page."""

    limit = 10_000

    def items(self) -> "QuerySet[Listing]":
        """The listings, in an order that does not change."""
        return query.all_listings()

    def location(self, item: "Listing") -> str:
        """The page is the pull path."""
        return f"/{item.alias}/{item.name}"

    def lastmod(self, item: "Listing") -> "datetime | None":
        """When an image was last pushed."""
        return item.pushed_at


class Publishers(Sitemap):  # type: ignore[type-arg]  # only the stubs know that it is generic
    """Every publisher's page."""

    limit = 10_000

    def items(self) -> list[str]:
        """The aliases that publishers go by."""
        return publishers.aliases_in_order()

    def location(self, item: str) -> str:
        """The page of the alias."""
        return f"/{item}"


SITEMAPS: Final = {"repositories": Repositories, "publishers": Publishers}


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """The gallery may be read; what belongs to somebody, and the protocols, may not."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in HIDDEN), ""]
    lines.append(f"Sitemap: {request.build_absolute_uri('/sitemap.xml')}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
