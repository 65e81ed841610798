"""Steps of a pass about rows: deleted images and repositories beyond undeleting, and manifests that nobody has."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.db import models, transaction
from django.db.models import Exists, OuterRef

from registry.core import uploads
from registry.core.collecting.sweep import Sweep, drain, in_batches, window
from registry.models import BlobLink, Image, ImageBlob, Manifest, PullCount, Repository
from registry.values import PUBLIC


def images(sweep: Sweep, after: str) -> str | None:
    """Purge images that were deleted too long ago to be brought back, and those of such repositories."""
    rows, upto = window(Image.objects.all(), after)
    by_repository: defaultdict[int, list[int]] = defaultdict(list)
    going = rows.filter(sweep.going()).values_list("id", "repository_id", "digest", "repository__name")
    for image_id, repository_id, digest, name in going:
        by_repository[repository_id].append(image_id)
        if sweep.is_dry:
            sweep.add("images", f"{name}@{digest}")
    if not sweep.is_dry:
        for repository_id, ids in by_repository.items():
            drain(PullCount.objects.filter(image_id__in=ids, image__in=Image.objects.filter(sweep.going())))
            for batch in in_batches(ids, 20):
                _purge(sweep, repository_id, batch)
    return upto


def _purge(sweep: Sweep, repository_id: int, ids: Sequence[int]) -> None:
    """Remove images for good, unless somebody brought them back meanwhile."""
    with transaction.atomic():
        repository = Repository.objects.select_for_update(no_key=True).filter(id=repository_id).first()
        if repository is None:
            return
        going = list(Image.objects.filter(sweep.going(), id__in=ids))
        if not repository.deleted_at:
            _keep_a_while(sweep, repository, going)
        Image.objects.filter(id__in=[image.id for image in going]).delete()
    for image in going:
        sweep.add("images", f"{repository.name}@{image.digest}")


def _keep_a_while(sweep: Sweep, repository: Repository, going: Iterable[Image]) -> None:
    """A client may have been told, just before an image was deleted, that its blobs are here: they keep a grace."""
    for image in going:
        end = cast(Any, image.deleted_at) + sweep.grace
        if end > sweep.now:
            its = ImageBlob.objects.filter(image=image).values("blob_id")
            links = BlobLink.objects.filter(repository=repository, blob_id__in=its)
            links.filter(keep_until__lt=end).update(keep_until=end)


def repositories(sweep: Sweep, after: str) -> str | None:
    """Purge deleted private repositories. Deleted public ones stay as rows: their names are still answered "gone"."""
    rows, upto = window(Repository.objects.all(), after)
    for repository in rows.filter(deleted_at__lt=sweep.deleted_before).exclude(region=PUBLIC):
        if sweep.is_dry or _remove(sweep, repository):
            sweep.add("repositories", f"{repository.account_id}/{repository.name}")
    return upto


def _remove(sweep: Sweep, repository: Repository) -> bool:
    """Remove the row, and before it, a few at a time, what hangs on it; False while its images or blobs are there."""
    has_content = Image.objects.filter(repository=repository), BlobLink.objects.filter(repository=repository)
    if any(rows.exists() for rows in has_content):
        return False
    for upload_id in repository.uploads.values_list("id", flat=True):
        with sweep.storing(f"upload {upload_id}"):
            uploads.remove(upload_id)
    for relation in Repository._meta.related_objects:
        model: type[models.Model] = cast(Any, relation.related_model)
        drain(model._base_manager.filter(**{relation.field.name: repository}))
    with transaction.atomic():
        row = Repository.objects.select_for_update().filter(id=repository.id, deleted_at__lt=sweep.deleted_before)
        if not row.exists() or any(rows.exists() for rows in has_content):
            return False
        repository.delete()
    return True


def manifests(sweep: Sweep, after: str) -> str | None:
    """Remove the bytes of manifests that no image has."""
    rows, upto = window(Manifest.objects.all(), after)
    having = Image.objects.filter(manifest=OuterRef("pk"))
    if sweep.is_dry:
        having = having.exclude(sweep.going())
    unused = list(rows.filter(~Exists(having)).values_list("digest", flat=True))
    if sweep.is_dry:
        for digest in unused:
            sweep.add("manifests", digest)
        return upto
    for batch in in_batches(unused):
        for digest in remove_manifests(batch):
            sweep.add("manifests", digest)
    return upto


def remove_manifests(digests: Iterable[str]) -> list[str]:
    """Remove those that no image has, and return them. Whoever pushes one of them holds its row or makes a new one."""
    with transaction.atomic():
        held = Manifest.objects.select_for_update().filter(digest__in=set(digests)).order_by("digest")
        there = set(held.values_list("digest", flat=True))
        there -= set(Image.objects.filter(manifest__in=there).values_list("manifest_id", flat=True))
        Manifest.objects.filter(digest__in=there).delete()
    return sorted(there)
