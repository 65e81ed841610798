"""VEX documents that are pushed as referrers: read by a task worker, once each, and followed where they are trusted.

A document speaks of its subject alone, in the repository that both are in. What can't be read is noted with the reason,
and never tried again: the same bytes would say the same.
"""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts import outbox
from registry import events
from registry.core import layer_files, registries
from registry.core.layer_files import LayerFile
from registry.core.storable import storable
from registry.errors import BlobNotFound, VexInvalid
from registry.models import AttachedVex, Image, ImageChild, ImageScan, Repository, Suppression
from registry.scanning import suppressing, vex, vex_envelopes, vex_referrers
from registry.scanning.products import Subject
from registry.scanning.vex import Document, Said
from registry.scanning.vex_envelopes import NotVex
from registry.values import RegistryId

log = structlog.get_logger(__name__)

MOST_STATEMENTS: Final = 2_000
"""Of one document."""
MOST_DOCUMENTS: Final = 20
"""About one image."""
BATCH: Final = 500


def pushed(image: Image) -> None:
    """Have a document read, or followed once more, if what was pushed holds or is the subject of one."""
    if image.subject_digest and vex_envelopes.may_be(image.artifact_type) and not image.is_generated:
        with transaction.atomic():
            outbox.announce(events.VexAttached(image.id))
    if image.kind == Image.Kind.INDEX and _is_subject(image):
        _follow(image.repository, image.digest)


def attached(payload: Mapping[str, Any]) -> None:
    """Read a document, unless that was done, and let findings follow. Started by VexAttached; may run twice."""
    rows = Image.objects.select_related("repository", "manifest")
    image = rows.filter(id=payload["image"], deleted_at=None, repository__deleted_at=None).first()
    if image is None:
        return
    if not AttachedVex.objects.filter(referrer=image).exists():
        try:
            _keep(image, _read(image))
        except NotVex:
            return
        except VexInvalid as error:
            log.warning("an attached VEX document could not be read", digest=image.digest, error=str(error))
            AttachedVex.objects.get_or_create(referrer=image, defaults={"problem": storable(str(error))[:1000]})
    _follow(image.repository, image.subject_digest)


def image_deleted(payload: Mapping[str, Any]) -> None:
    """Let findings come back that a document has hidden, which is gone, or its index. Started by ImageDeleted."""
    gone = Image.objects.select_related("repository").filter(
        repository=payload["repository"], digest=payload["digest"], deleted_at__isnull=False
    )
    image = gone.filter(Q(vex__isnull=False) | Q(kind=Image.Kind.INDEX)).order_by("-id").first()
    if image is None:
        return
    if image.kind != Image.Kind.INDEX:
        _follow(image.repository, image.subject_digest)
    elif _is_subject(image):
        _follow(image.repository, image.digest)


def trust_changed(payload: Mapping[str, Any]) -> None:
    """Let the findings of a registry follow its setting. Started by VexTrustChanged; may run twice.

    Documents that were attached before there was anything to read them are read once the registry trusts them.
    """
    registry = RegistryId(payload["account"], payload["region"])
    live = Image.objects.filter(
        repository__account_id=registry.account_id,
        repository__region=registry.region,
        repository__deleted_at=None,
        deleted_at=None,
    )
    read = set(live.filter(vex__problem="").values_list("repository", "subject_digest"))
    repositories = Repository.objects.in_bulk({repository_id for repository_id, _ in read})
    for repository_id, subject in sorted(read):
        suppressing.follow(_scans(repositories[repository_id], subject))
    if registries.of(registry).trusts_attached_vex:
        _read_older(live)


def _read_older(live: QuerySet[Image]) -> None:
    """Have those read that nobody has looked at."""
    of_type = Q()
    for each in vex_envelopes.TYPES:
        of_type |= Q(artifact_type__istartswith=each)
    older = live.filter(of_type, vex=None, is_generated=False).exclude(subject_digest="")
    ids = list(older.values_list("id", flat=True))
    for start in range(0, len(ids), BATCH):
        with transaction.atomic():
            outbox.announce(*map(events.VexAttached, ids[start : start + BATCH]))


def _read(image: Image) -> Document:
    """The document in an artifact. NotVex, VexInvalid, and what the storage raises."""
    is_vex = vex_envelopes.says_so(image.artifact_type, image.annotations)
    layer, is_marked = _layer(image, is_vex=is_vex)
    if layer.open is None:
        raise VexInvalid("The document is kept elsewhere.")
    try:
        with layer.open() as file:
            content = file.read(vex_envelopes.LARGEST + 1)
    except BlobNotFound as error:
        raise VexInvalid("The document is missing or damaged.") from error
    value = vex_envelopes.opened(content, image.subject_digest, is_vex=is_vex or is_marked)
    read = vex.of_value(value, Subject(image.subject_digest, image.repository.name.rpartition("/")[2]))
    if len(read.suppressed) > MOST_STATEMENTS:
        raise VexInvalid(f"The document has more than {MOST_STATEMENTS} statements.")
    return read


def _layer(image: Image, *, is_vex: bool) -> tuple[LayerFile, bool]:
    """The layer that holds the document, and whether it says so itself; attestations may be several in one artifact."""
    layers = layer_files.of_image(image)
    marked, others = [], 0
    for each in layers:
        try:
            marked += [each] if vex_envelopes.says_so("", each.annotations) else []
        except NotVex:
            others += 1
    if others and not marked:
        raise NotVex
    found = marked or layers
    if len(found) == 1:
        return found[0], bool(marked)
    if is_vex or marked:
        raise VexInvalid(f"The artifact has {len(found)} layers that may hold the document; it has to be one.")
    raise NotVex


def _keep(image: Image, read: Document) -> None:
    """Write down what a document says. VexInvalid if there are too many about the image."""
    known = {"document": read.id, "format": read.format, "open": read.open, "left_out": list(read.left_out)}
    with transaction.atomic():
        # Others that read the same wait here; it may be gone since.
        row = Image.objects.select_for_update().filter(id=image.id, deleted_at=None).first()
        if row is None or AttachedVex.objects.filter(referrer=row).exists():
            return
        there = vex_referrers.attached_to(image.repository, image.subject_digest).filter(problem="")
        if there.count() >= MOST_DOCUMENTS:
            raise VexInvalid(f"An image may have {MOST_DOCUMENTS} VEX documents.")
        made = AttachedVex.objects.create(referrer=image, count=len(read.suppressed), **known)
        rows = [_statement(image, made, each) for each in read.suppressed]
        Suppression.objects.bulk_create(rows, batch_size=BATCH)


def _statement(image: Image, document: AttachedVex, said: Said) -> Suppression:
    product = said.product
    return Suppression(
        account_id=image.repository.account_id,
        region=image.repository.region,
        vulnerability=said.vulnerability,
        justification=said.justification,
        reason=said.reason,
        package=product.package,
        package_type=product.package_type,
        version=product.version,
        repository=image.repository.name,
        image_digest=product.image_digest or image.subject_digest,
        document=document.document,
        attached=document,
        created_by=image.pushed_by,
    )


def _follow(repository: Repository, subject: str) -> None:
    """Let findings and numbers of an image, or of those that an index names, be as the documents say now."""
    if registries.trusts_attached_vex(repository):
        suppressing.follow(_scans(repository, subject))


def _is_subject(index: Image) -> bool:
    """Whether documents speak of an index: those of the images that it names are about to follow it."""
    return vex_referrers.attached_to(index.repository, index.digest).exists()


def _scans(repository: Repository, subject: str) -> list[int]:
    """The scans of the image of a digest, and of those that an index of it names or named."""
    children = ImageChild.objects.filter(parent__repository=repository, parent__digest=subject)
    digests = {subject, *children.values_list("digest", flat=True)}
    scans = ImageScan.objects.filter(image__repository=repository, image__digest__in=digests, image__deleted_at=None)
    return list(scans.order_by("-id").values_list("id", flat=True))
