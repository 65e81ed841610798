"""Which live indexes of a repository name an image, looked up from the digest: quick in a repository of any size."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet

from registry.models import Image, ImageChild, Repository


def of(repository: Repository, digests: Iterable[str], **parents: object) -> QuerySet[ImageChild]:
    """Return the entries of live indexes that name one of the digests; `parents` says what the indexes have to be."""
    live = Image.objects.filter(id=OuterRef("parent_id"), repository=repository, deleted_at=None, **parents)
    return ImageChild.objects.filter(Exists(live), digest__in=list(digests))
