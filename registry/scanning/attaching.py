"""The list of packages of an image that was scanned, attached to it: CycloneDX, by the OCI referrers API.

It is attached where KHO_SBOM_REFERRERS says so. The same packages make the same bytes, in every repository.
"""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from django.conf import settings

from accounts import caller as callers
from accounts.errors import AccessDenied
from registry.core import generated
from registry.errors import ImageNotFound, QuotaExceeded, TakenDown
from registry.models import Image, ImageScan, Repository
from registry.scanning import documents, sboms
from registry.scanning.results import NO_REFERRERS as OFF

log = structlog.get_logger(__name__)

FORM: Final = "cdx"
SERVICE: Final = "scanning"
ANNOTATIONS: Final = {
    generated.TITLE: "sbom.cdx.json",
    "org.opencontainers.image.vendor": "Kho",
}
ALL: Final = "all"


def packages_listed(payload: Mapping[str, Any]) -> None:
    """Attach what a scan has listed, unless it is attached. Started by PackagesListed; may run twice."""
    scans = ImageScan.objects.select_related("sbom", "image__repository")
    scan = scans.filter(id=payload["scan"], sbom__isnull=False).first()
    if scan is None or scan.sbom is None or not _is_wanted(scan.image):
        return
    repository = scan.image.repository
    there = generated.of(scan.image)
    if there is not None and there.pushed_at >= scan.sbom.created_at:
        return
    found = sboms.unpacked(bytes(scan.sbom.content))
    made = documents.cyclonedx(found, scan.image.digest, None)
    content = "".join(documents.written(made)).encode()
    caller = callers.service(repository.account_id, SERVICE, region=repository.region)
    try:
        generated.put(caller, scan.image, documents.CONTENT_TYPES[FORM], content, ANNOTATIONS)
    except (AccessDenied, ImageNotFound, QuotaExceeded, TakenDown) as error:
        log.warning("an SBOM could not be attached", digest=scan.image.digest, error=type(error).__name__)


def _is_wanted(image: Image) -> bool:
    """Whether the image is there, and of a repository whose images have their SBOMs attached."""
    repository: Repository = image.repository
    if image.deleted_at is not None or repository.deleted_at is not None:
        return False
    if settings.SBOM_REFERRERS == OFF or image.image_status != Image.Status.ACTIVE:
        return False
    return settings.SBOM_REFERRERS == ALL or repository.is_public
