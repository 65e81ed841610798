"""Deletes images as people mean it, with what only they name and what is attached to them; tells before what goes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import images, repositories
from registry.errors import ImageNotFound
from registry.models import Blob, Image, ImageBlob, ImageChild, ImageTag, Repository
from registry.values import Address, Digest

RECENTLY: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Effects:
    """What is lost: the chosen images, platform images that only they name, what is attached to any of these.

    `freed` is what no other image of the account needs, in bytes; `pulled` how many were pulled in the last 7 days.
    """

    chosen: list[Image]
    children: int
    attached: int
    tags: list[str]
    freed: int
    pulled: int

    @property
    def count(self) -> int:
        """How many images go in all."""
        return len(self.chosen) + self.children + self.attached


def effects(caller: Caller, address: Address, digests: Sequence[str]) -> Effects:
    """Tell what `delete` would take away. ImageNotFound."""
    repository = repositories.authorized(caller, address, Action.BATCH_DELETE_IMAGE)
    chosen = _chosen(repository, digests)
    children, attached = _with_them(repository, chosen)
    going = Image.objects.filter(id__in=[image.id for image in (*chosen, *children, *attached)])
    return Effects(
        chosen=chosen,
        children=len(children),
        attached=len(attached),
        tags=list(ImageTag.objects.filter(image__in=going).order_by("name").values_list("name", flat=True)),
        freed=_freed(repository, going),
        pulled=going.filter(last_recorded_pull_time__gte=timezone.now() - RECENTLY).count(),
    )


def delete(caller: Caller, address: Address, digests: Sequence[str]) -> int:
    """Delete images with what only they name and what is attached; return how many went.

    Raises ImageNotFound, ImageIsReferenced while another index names one of them.
    """
    repository = repositories.authorized(caller, address, Action.BATCH_DELETE_IMAGE)
    with transaction.atomic():
        repositories.lock(repository)
        chosen = _chosen(repository, digests)
        children, attached = _with_them(repository, chosen)
        going = [Digest.parse(image.digest) for image in (*chosen, *children, *attached)]
        images.delete_many(caller, address, going)
    return len(going)


def _chosen(repository: Repository, digests: Sequence[str]) -> list[Image]:
    wanted = list(dict.fromkeys(digests))
    found = {image.digest: image for image in _live(repository).filter(digest__in=wanted)}
    for digest in wanted:
        if digest not in found:
            raise ImageNotFound(digest, repository.name, repository.account_id)
    return [found[digest] for digest in wanted]


def _with_them(repository: Repository, chosen: list[Image]) -> tuple[list[Image], list[Image]]:
    """Images without a tag that only the chosen indexes name, and what is attached to any image that goes."""
    going = {image.digest: image for image in chosen}
    named = ImageChild.objects.filter(parent__repository=repository, parent__deleted_at=None)
    children: list[Image] = []
    parents = [image.id for image in chosen]
    while parents:
        digests = set(named.filter(parent_id__in=parents).values_list("digest", flat=True)) - going.keys()
        others = named.exclude(parent_id__in=[image.id for image in going.values()])
        digests -= set(others.filter(digest__in=digests).values_list("digest", flat=True))
        its = list(_live(repository).filter(digest__in=digests, tags=None))
        going |= {image.digest: image for image in its}
        children += its
        parents = [image.id for image in its]
    attached: list[Image] = []
    subjects: Iterable[str] = list(going)
    while subjects:
        its = [row for row in _live(repository).filter(subject_digest__in=subjects) if row.digest not in going]
        going |= {image.digest: image for image in its}
        attached += its
        subjects = [image.digest for image in its]
    return children, attached


def _freed(repository: Repository, going: QuerySet[Image]) -> int:
    """Bytes of blobs that no image of the account needs beside those that go; what other accounts have is not told."""
    needed = ImageBlob.objects.filter(image__repository__account_id=repository.account_id, image__deleted_at=None)
    needed = needed.filter(image__repository__deleted_at=None).exclude(image__in=going)
    own = set(ImageBlob.objects.filter(image__in=going).values_list("blob_id", flat=True))
    alone = own - set(needed.filter(blob_id__in=own).values_list("blob_id", flat=True))
    return int(Blob.objects.filter(id__in=alone).aggregate(size=Sum("size", default=0))["size"])


def _live(repository: Repository) -> QuerySet[Image]:
    return Image.objects.filter(repository=repository, deleted_at=None)
