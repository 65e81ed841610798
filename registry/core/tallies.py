"""Keeps the counters of repositories in step with their images, inside the transaction that changes the images."""

from collections.abc import Iterable

from django.db.models import F

from registry.models import Image, Repository


def add(repository_id: int, images: Iterable[Image]) -> None:
    """Count images that came."""
    _change(repository_id, list(images), 1)


def take(repository_id: int, images: Iterable[Image]) -> None:
    """Count images that go."""
    _change(repository_id, list(images), -1)


def _change(repository_id: int, images: list[Image], sign: int) -> None:
    """An index has no bytes of its own: its `size` is that of its largest child, which is counted for itself."""
    size = sum(image.size for image in images if image.kind != Image.Kind.INDEX)
    Repository.objects.filter(id=repository_id).update(
        image_count=F("image_count") + sign * len(images), stored_size=F("stored_size") + sign * size
    )
