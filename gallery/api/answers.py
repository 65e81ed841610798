"""What the gallery knows of repositories and publishers, in the shapes of its JSON API."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

from gallery.api import scan_answers
from gallery.api.reading import origin_of
from gallery.models import Listing
from gallery.search.publishers import Entry, Publisher
from registry.core import addresses
from registry.scanning import summaries

if TYPE_CHECKING:
    from registry.core.statistics import Statistics
    from registry.core.tag_history import EventRow
    from registry.models import CatalogData


def listings(rows: Sequence[Listing], request: HttpRequest | Request) -> list[dict[str, Any]]:
    """The repositories of a list, each with what scans say of its newest tag."""
    found = summaries.of_tags({row.repository_id: row.newest_tag for row in rows if row.newest_tag})
    scans = [scan_answers.of_image(found.get(row.repository_id)) for row in rows]
    return [listing(row, request) | {"newest_scan": scan} for row, scan in zip(rows, scans, strict=True)]


def listing(row: Listing, request: HttpRequest | Request) -> dict[str, Any]:
    """A repository in a list."""
    origin = origin_of(request)
    host = addresses.public_host(addresses.client_host(request.get_host()))
    return {
        "alias": row.alias,
        "name": row.name,
        "reference": f"{host}/{row.alias}/{row.name}",
        "url": f"{settings.PUBLIC_URL or origin}{row.path}",
        "publisher": row.publisher,
        "is_verified": row.is_verified,
        "description": row.description,
        "logo_url": logo(row.logo, request),
        "kind": row.kind,
        "newest_tag": row.newest_tag,
        "platforms": row.platforms,
        "operating_systems": row.operating_systems,
        "architectures": row.architectures,
        "categories": row.categories,
        "licence": row.licence,
        "is_signed": row.is_signed,
        "has_sbom": row.has_sbom,
        "is_deprecated": row.is_deprecated,
        "tag_count": row.tag_count,
        "pull_count": row.pull_count,
        "recent_pull_count": row.recent_pull_count,
        "updated_at": row.updated_at,
    }


def logo(digest: str, request: HttpRequest | Request) -> str | None:
    """Where a logo is."""
    return f"{settings.PUBLIC_URL or origin_of(request)}/media/logos/{digest}.png" if digest else None


def repository(row: Listing, said: "CatalogData", created_at: Any, request: Request) -> dict[str, Any]:
    """Everything about a repository."""
    return listing(row, request) | {
        "about_text": said.about_text,
        "usage_text": said.usage_text,
        "source_url": said.source_url,
        "replacement": said.replacement,
        "created_at": created_at,
    }


def entry(row: Entry) -> dict[str, Any]:
    """A publisher in a list."""
    return {
        "alias": row.alias,
        "name": row.name,
        "is_verified": row.is_verified,
        "repositories": row.repositories,
        "pulls": row.pulls,
    }


def publisher(found: Publisher, request: Request) -> dict[str, Any]:
    """Everything about a publisher."""
    return {
        "alias": found.alias,
        "name": found.name,
        "description": found.description,
        "website": found.website,
        "logo_url": logo(found.logo, request),
        "is_verified": found.is_verified,
        "verified_at": found.verified_at,
        "joined_at": found.joined_at,
        "other_aliases": found.other_aliases,
        "repositories": found.repositories,
        "pulls": found.pulls,
    }


def event(row: "EventRow") -> dict[str, Any]:
    """Something that happened to a tag."""
    said = row.event
    return {
        "at": said.at,
        "tag": said.tag,
        "kind": said.kind,
        "old_digest": said.old_digest,
        "new_digest": said.new_digest,
        "old_size": row.old_size,
        "new_size": row.new_size,
    }


def statistics(found: "Statistics") -> dict[str, Any]:
    """Pulls and pushes over time."""
    return {
        "days": len(found.days),
        "total": found.total,
        "by_day": [{"day": day, "pulls": count} for day, count in found.days],
        "by_tag": _counts(found.tags),
        "other_tags": found.other_tags,
        "by_platform": _counts(found.platforms),
        "by_client": _counts(found.clients),
        "pushes_by_month": [{"month": month, "pushes": count} for month, count in found.pushes],
    }


def _counts(counts: list[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"name": name, "pulls": count} for name, count in counts]
