"""What the gallery knows, in the shapes of its JSON API."""

import json
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

from gallery.api.reading import origin_of
from gallery.models import Listing
from gallery.search.publishers import Entry, Publisher
from registry.core import addresses

if TYPE_CHECKING:
    from registry.models import CatalogData, Image, TagEvent


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


def image(row: "Image") -> dict[str, Any]:
    """An image."""
    return {
        "digest": row.digest,
        "media_type": row.media_type,
        "artifact_type": row.artifact_type,
        "kind": row.kind,
        "platform": row.platform,
        "size": row.size,
        "pushed_at": row.pushed_at,
        "pull_count": row.pull_count,
    }


def detail(row: "Image", tags: list[str], referrers: list["Image"], content: bytes) -> dict[str, Any]:
    """One image with its manifest, which was checked to be JSON when it was pushed."""
    attached = [
        {
            "digest": each.digest,
            "media_type": each.media_type,
            "artifact_type": each.artifact_type,
            "size": each.manifest_size,
        }
        for each in referrers
    ]
    return image(row) | {"tags": tags, "referrers": attached, "manifest": json.loads(content)}


def event(row: "TagEvent") -> dict[str, Any]:
    """Something that happened to a tag."""
    return {
        "at": row.at,
        "tag": row.tag,
        "kind": row.kind,
        "old_digest": row.old_digest,
        "new_digest": row.new_digest,
    }
