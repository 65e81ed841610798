"""The list of packages of an image that was scanned, attached to it: CycloneDX, by the OCI referrers API.

It is attached where KHO_SBOM_REFERRERS says so. The same packages make the same bytes, in every repository.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from accounts import caller as callers
from accounts.errors import AccessDenied
from registry.core import generated
from registry.errors import ImageNotFound, QuotaExceeded, TakenDown
from registry.models import Image, ImageScan, Repository
from registry.scanning import documents, sboms
from registry.scanning.results import NO_REFERRERS as OFF
from registry.values import PUBLIC

log = structlog.get_logger(__name__)

FORM: Final = "cdx"
SERVICE: Final = "scanning"
ANNOTATIONS: Final = {
    generated.TITLE: "sbom.cdx.json",
    "org.opencontainers.image.vendor": "Kho",
}
ALL: Final = "all"
BATCH: Final = 100
MOST: Final = 1000
"""Images that one pass attaches to; the next one goes on."""


def packages_listed(payload: Mapping[str, Any]) -> None:
    """Attach what a scan has listed, unless it is attached. Started by PackagesListed; may run twice."""
    scans = ImageScan.objects.select_related("sbom", "image__repository")
    scan = scans.filter(id=payload["scan"], sbom__isnull=False).first()
    if scan is None or not _is_wanted(scan.image):
        return
    try:
        _attach(scan)
    except (AccessDenied, ImageNotFound, QuotaExceeded, TakenDown) as error:
        log.warning("an SBOM could not be attached", digest=scan.image.digest, error=type(error).__name__)


def attach_missing() -> int:
    """Attach what could not be attached when it was listed, and return how many there are now.

    An account whose quota is used up, and a repository that refuses, is asked once. What somebody has deleted stays
    away.
    """
    full, refusing = set[str](), set[int]()
    count = 0
    for scan in _missing():
        repository = scan.image.repository
        if repository.account_id in full or repository.id in refusing:
            continue
        try:
            count += _attach(scan)
        except QuotaExceeded:
            full.add(repository.account_id)
        except AccessDenied:
            refusing.add(repository.id)
        except (ImageNotFound, TakenDown):
            continue
        if count >= MOST:
            break
    return count


def _missing() -> Iterator[ImageScan]:
    """Scans whose list of packages is wanted at their image, and is not there, nor was deleted by hand."""
    if settings.SBOM_REFERRERS == OFF:
        return
    made = Image.objects.filter(
        repository=OuterRef("image__repository"),
        subject_digest=OuterRef("image__digest"),
        is_generated=True,
        pushed_at__gte=OuterRef("sbom__created_at"),
    )
    deleted = Q(deleted_at__gte=OuterRef("image__pushed_at")) & ~Q(deleted_by="")
    rows = ImageScan.objects.filter(
        ~Exists(made.filter(deleted_at=None)),
        ~Exists(made.filter(deleted)),
        sbom__isnull=False,
        image__deleted_at=None,
        image__image_status=Image.Status.ACTIVE,
        image__repository__deleted_at=None,
    )
    if settings.SBOM_REFERRERS != ALL:
        rows = rows.filter(image__repository__region=PUBLIC)
    last = 0
    while some := list(rows.filter(id__gt=last).select_related("sbom", "image__repository").order_by("id")[:BATCH]):
        yield from some
        last = some[-1].id


def _attach(scan: ImageScan) -> bool:
    """Attach a scan's list of packages; False if it is attached. What `generated.put` raises, and TakenDown."""
    assert scan.sbom is not None  # noqa: S101 - by the filters of both that ask
    there = generated.of(scan.image)
    if there is not None and there.pushed_at >= scan.sbom.created_at:
        return False
    repository = scan.image.repository
    made = documents.cyclonedx(sboms.unpacked(bytes(scan.sbom.content)), scan.image.digest, None)
    content = "".join(documents.written(made)).encode()
    caller = callers.service(repository.account_id, SERVICE, region=repository.region)
    generated.put(caller, scan.image, documents.CONTENT_TYPES[FORM], content, ANNOTATIONS)
    return True


def _is_wanted(image: Image) -> bool:
    """Whether the image is there, and of a repository whose images have their SBOMs attached."""
    repository: Repository = image.repository
    if image.deleted_at is not None or repository.deleted_at is not None:
        return False
    if settings.SBOM_REFERRERS == OFF or image.image_status != Image.Status.ACTIVE:
        return False
    return settings.SBOM_REFERRERS == ALL or repository.is_public
