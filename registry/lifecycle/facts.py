"""Rows of a repository's images -> what policies look at."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from registry.lifecycle.evaluation import ImageFacts
from registry.lifecycle.grammar import ARCHIVE, STANDARD
from registry.models import Image, ImageChild

COLUMNS: Final = (
    *("id", "digest", "pushed_at", "image_status", "last_recorded_pull_time"),
    *("last_archived_at", "last_activated_at", "subject_digest", "kind", "size"),
    *("tags__name", "tags__updated_at"),
)
CHUNK: Final = 2000


def of_repository(repository_id: int) -> list[ImageFacts]:
    """Return all live images of a repository: two queries, whatever their number."""
    return _made({"repository": repository_id}, {"parent__repository": repository_id}, {})


def with_sizes(repository_id: int) -> tuple[list[ImageFacts], dict[str, int]]:
    """Return all live images of a repository, and their bytes by digest; an index has none of its own."""
    sizes: dict[str, int] = {}
    return _made({"repository": repository_id}, {"parent__repository": repository_id}, sizes), sizes


def of_images(repository_id: int, digests: Collection[str]) -> dict[str, ImageFacts]:
    """Return those of the images that are there, by digest."""
    some = {"repository": repository_id, "digest__in": digests}
    naming = {"parent__repository": repository_id, "parent__digest__in": digests}
    return {image.digest: image for image in _made(some, naming, {})}


def without_pulls(images: Iterable[ImageFacts]) -> list[ImageFacts]:
    """The same images, but for when they were pulled."""
    return [replace(image, pulled_at=None) for image in images]


def _made(images: dict[str, Any], children: dict[str, Any], sizes: dict[str, int]) -> list[ImageFacts]:
    """Images with their tags first: an index that comes meanwhile is seen rather than missed. Fills `sizes`."""
    live = Image.objects.filter(deleted_at=None, **images).order_by("id", "tags__name")
    rows: dict[int, tuple[Any, ...]] = {}
    names: dict[int, list[str]] = {}
    tagged: dict[int, datetime] = {}
    for image_id, *row, name, at in live.values_list(*COLUMNS).iterator(chunk_size=CHUNK):
        rows[image_id] = tuple(row)
        if name is not None:
            names.setdefault(image_id, []).append(name)
            tagged[image_id] = max(at, tagged.get(image_id, at))
    named: dict[int, list[str]] = {}
    entries = ImageChild.objects.filter(parent__deleted_at=None, **children).order_by("parent_id", "position")
    for parent_id, digest in entries.values_list("parent_id", "digest").iterator(chunk_size=CHUNK):
        named.setdefault(parent_id, []).append(digest)
    found = []
    for image_id, row in rows.items():
        digest, pushed_at, status, pulled_at, archived_at, activated_at, subject, kind, size = row
        sizes[digest] = 0 if kind == Image.Kind.INDEX else size
        found.append(
            ImageFacts(
                digest=digest,
                pushed_at=pushed_at,
                tags=tuple(names.get(image_id, ())),
                storage_class=ARCHIVE if status == Image.Status.ARCHIVED else STANDARD,
                pulled_at=pulled_at,
                tagged_at=tagged.get(image_id),
                transitioned_at=archived_at,
                activated_at=activated_at,
                children=tuple(named.get(image_id, ())),
                subject=subject,
            )
        )
    return found
