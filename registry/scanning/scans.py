"""Scans: asked for by a push, by hand or by a change of the configuration, and made by a task worker.

A scan that is killed is taken up again by the outbox; one that ends its worker several times is given up.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from registry import events
from registry.core import addresses, layer_files, reading, registries, repositories
from registry.errors import (
    BlobNotFound,
    ImageArchived,
    ImageNotFound,
    ImageTypeUnsupported,
    InvalidValue,
    LimitExceeded,
)
from registry.models import Image, ImageScan, ImageTag, Repository, Sbom
from registry.models.scan import UNDER_WAY
from registry.scanning import contents, following, results, sboms, vex_reading
from registry.scanning.contents import NoSbom
from registry.scanning.engine import EngineKilled
from registry.scanning.matching import Knowledge
from registry.scanning.results import ENHANCED, FOLLOWING, Outcome
from registry.scanning.unpacking import Layer
from registry.values import PUBLIC, Address, Digest
from registry.values import ImageTag as Tag

log = structlog.get_logger(__name__)

Status = ImageScan.Status
AGAIN_AFTER: Final = timedelta(hours=24)
"""How long after a scan of an image another one may be asked for by hand, as in ECR."""
BATCH: Final = 100
MOST_ATTEMPTS: Final = 3
SETTLED: Final = timedelta(hours=1)
"""How old a scan is at least that is looked at for having no work."""


def find_image(repository: Repository, digest: Digest | None, tag: Tag | None) -> Image:
    """Return the image that a digest, a tag or both name. ImageNotFound."""
    found = Image.objects.filter(repository=repository, deleted_at=None)
    if tag is not None:
        named = ImageTag.objects.filter(repository=repository, name=str(tag)).values("image_id")
        found = found.filter(id__in=named)
    if digest is not None:
        found = found.filter(digest=str(digest))
    image = found.first() if digest or tag else None
    if image is None:
        raise ImageNotFound.named(digest, tag, repository.name, repository.account_id)
    return image


def start(caller: Caller, address: Address, digest: Digest | None, tag: Tag | None) -> ImageScan:
    """Ask for a scan by hand.

    Raises ImageNotFound, ImageArchived, ImageTypeUnsupported; LimitExceeded if the image was scanned within a day;
    InvalidValue where enhanced scanning does it by itself.
    """
    repository = repositories.authorized(
        caller, address, Action.START_IMAGE_SCAN, image_tags=lambda found: reading.tags_named(found, digest, tag)
    )
    image = find_image(repository, digest, tag)
    _require_scannable(image, repository)
    how = registries.scan_of(repository)
    scan = ImageScan.objects.filter(image=image).first()
    if how.scan_type == ENHANCED and (scan is None or scan.status != Status.FAILED):
        raise InvalidValue("imageId", "can't be scanned by hand: enhanced scanning is on, which does it by itself")
    if again_at(scan) is not None:
        raise LimitExceeded("The scan quota per image has been exceeded. Wait and try again.")
    with transaction.atomic():
        made = request(image, how.scan_type, caller.principal_arn)
        details = {"imageId": {"imageDigest": image.digest}}
        trail.record(caller, Action.START_IMAGE_SCAN, addresses.arn(repository.address), details=details)
    return made


def _require_scannable(image: Image, repository: Repository) -> None:
    if image.kind != Image.Kind.IMAGE:
        raise ImageTypeUnsupported(image.digest, repository.name, repository.account_id)
    if image.image_status == Image.Status.ARCHIVED:
        raise ImageArchived(image.digest, repository.name, repository.account_id)


def again_at(scan: ImageScan | None) -> Any:
    """Return from when on another scan may be asked for by hand; None if it may be now."""
    if scan is None or scan.status == Status.FAILED:
        return None
    at = scan.requested_at + AGAIN_AFTER
    return at if at > timezone.now() else None


def request(image: Image, scan_type: str, by: str = "") -> ImageScan:
    """Queue a scan of an image, inside a transaction; one that is under way stays as it is."""
    scan, is_new = ImageScan.objects.select_for_update().get_or_create(
        image=image, defaults={"scan_type": scan_type, "requested_by": by}
    )
    if not is_new:
        if scan.is_under_way:
            return scan
        scan.status, scan.reason, scan.attempts = Status.PENDING, "", 0
        scan.scan_type, scan.requested_by, scan.requested_at = scan_type, by, timezone.now()
        scan.save()
    outbox.announce(events.ScanRequested(scan.id))
    return scan


def image_pushed(payload: Mapping[str, Any]) -> None:
    """Scan what was pushed, if its repository's images are scanned on push; VEX is read. Started by ImagePushed."""
    image = (
        Image.objects.select_related("repository")
        .filter(repository=payload["repository"], digest=payload["digest"], deleted_at=None)
        .first()
    )
    if image is None:
        return
    vex_reading.pushed(image)
    if image.kind != Image.Kind.IMAGE:
        return
    how = registries.scan_of(image.repository)
    scan = ImageScan.objects.filter(image=image).first()
    is_done = scan is not None and scan.scan_type == how.scan_type and scan.status != Status.FAILED
    if how.on_push and not is_done:
        with transaction.atomic():
            request(image, how.scan_type)


def request_public() -> int:
    """Queue scans of public images that have none, the newest first; return how many.

    They were pushed while KHO_SCAN_PUBLIC was off, or by an older Kho.
    """
    if not settings.SCAN_PUBLIC:
        return 0
    live = Image.objects.filter(
        repository__region=PUBLIC, repository__deleted_at=None, deleted_at=None, kind=Image.Kind.IMAGE
    )
    found = list(live.filter(scan=None).order_by("-pushed_at", "-id")[:BATCH])
    with transaction.atomic():
        for image in found:
            request(image, ENHANCED)
    return len(found)


def end_given_up() -> int:
    """End scans whose work staff have discarded, so that they can be asked for again; return how many.

    Nothing else would end them, and one that is under way is not begun anew.
    """
    before = timezone.now() - SETTLED
    waiting = ImageScan.objects.filter(status__in=UNDER_WAY, requested_at__lt=before)
    ids = list(waiting.order_by("requested_at").values_list("id", flat=True)[:BATCH])
    ended = 0
    for scan in waiting.filter(id__in=outbox.without_work(events.ScanRequested.__name__, "scan", ids)):
        ImageScan.objects.filter(id=scan.id, status=Status.PENDING).update(status=Status.IN_PROGRESS)
        ended += results.save(scan, Outcome(Status.FAILED, "The scan was given up."))
    return ended


def run(payload: Mapping[str, Any]) -> None:
    """Make a scan. Started by ScanRequested, and again if it was interrupted.

    A store that does not answer, or a full disk, is no fault of the image: the outbox tries again later. Advisories
    that come in while it is made are looked at once it is complete: whoever looks again because of them sees only scans
    that are.
    """
    scan = _claim(payload["scan"])
    if scan is None:
        return
    if scan.attempts > MOST_ATTEMPTS:
        results.save(scan, Outcome(Status.FAILED, "The scan has ended its worker several times."))
        return
    try:
        outcome = _made(scan)
        while results.save(scan, outcome) and outcome.status in FOLLOWING and outcome.data_of != Knowledge().newest:
            outcome = _made(scan)
    except EngineKilled as error:
        # It counts as if it had taken its worker along, which may be next.
        if scan.attempts < MOST_ATTEMPTS:
            raise
        results.save(scan, Outcome(Status.FAILED, str(error)))
    except Exception:
        # The worker lives to tell, and the outbox counts how often: only what ends workers is counted here.
        ImageScan.objects.filter(id=scan.id, status=Status.IN_PROGRESS).update(attempts=F("attempts") - 1)
        raise


def _claim(scan_id: int) -> ImageScan | None:
    """Take up a scan that waits or was interrupted; None if there is nothing to do."""
    waiting = ImageScan.objects.filter(id=scan_id, status__in=[Status.PENDING, Status.IN_PROGRESS])
    taken = waiting.update(status=Status.IN_PROGRESS, attempts=F("attempts") + 1, started_at=timezone.now())
    if not taken:
        return None
    return ImageScan.objects.select_related("image__repository", "image__manifest").filter(id=scan_id).first()


def _made(scan: ImageScan) -> Outcome:
    """List the packages, unless they are known, and look them up."""
    image = scan.image
    try:
        sbom = Sbom.objects.filter(manifest_digest=image.digest).first() or _new_sbom(image)
    except _Unsupported as error:
        return Outcome(Status.UNSUPPORTED_IMAGE, str(error))
    except NoSbom as error:
        log.warning("an image could not be scanned", digest=image.digest, error=str(error))
        return Outcome(Status.FAILED, str(error))
    except BlobNotFound as error:
        return Outcome(Status.FAILED, f"The layer {error.digest} is missing or damaged; push it again.")
    is_continuous = following.follows(image, registries.scan_of(image.repository))
    return results.evaluate(sbom, scan.scan_type, is_continuous=is_continuous)


class _Unsupported(Exception):
    """Not a file system that can be read; the message is a sentence for people."""


def _new_sbom(image: Image) -> Sbom:
    """Read the layers. NoSbom, _Unsupported, BlobNotFound."""
    layers = layer_files.of_image(image)
    if not layers:
        raise _Unsupported("The image has no layers.")
    if image.os and image.os != "linux":
        raise _Unsupported(f"Images for {image.os} are not scanned.")
    files = []
    for each in layers:
        if each.open is None:
            raise _Unsupported(f"The layer {each.digest} is kept elsewhere.")
        files.append(Layer(each.digest, each.media_type, each.open))
    found = contents.sbom_of(files)
    fields = {
        "content": sboms.packed(found),
        "distribution": (found.distribution.name or found.distribution.id)[:512],
        "package_count": len(found.packages),
        "generator": found.generator,
    }
    return Sbom.objects.get_or_create(manifest_digest=image.digest, defaults=fields)[0]
