"""New advisories beside the SBOMs that are kept: no layer is read again."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import structlog

from registry.core import registries
from registry.models import AdvisoryImport, Image, ImageScan, Sbom
from registry.scanning import following, matching, results, sboms
from registry.scanning.matching import Key, Knowledge
from registry.scanning.results import ENHANCED, FOLLOWING

log = structlog.get_logger(__name__)

Status = ImageScan.Status
BATCH: Final = 200


def advisories_changed(payload: Mapping[str, Any]) -> None:
    """Look again at the images that have one of the packages. Started by AdvisoriesChanged; may run twice."""
    row = AdvisoryImport.objects.filter(id=payload["advisory_import"]).first()
    if row is None:
        return
    changed = None if row.changed_all else {(ecosystem, name) for ecosystem, name in row.changed}
    run = _Run(changed)
    for some in _following():
        run.look_again(some)
    log.info("images were looked at again", source=row.source, count=run.count)


def _following() -> Iterator[list[ImageScan]]:
    """The scans, those of one SBOM together."""
    rows = ImageScan.objects.filter(
        status__in=FOLLOWING, sbom__isnull=False, image__deleted_at=None, image__image_status=Image.Status.ACTIVE
    )
    ids = list(rows.order_by("sbom_id", "id").values_list("id", flat=True))
    for start in range(0, len(ids), BATCH):
        some = ImageScan.objects.filter(id__in=ids[start : start + BATCH]).select_related("sbom", "image__repository")
        yield list(some.order_by("sbom_id", "id"))


class _Run:
    """One look at all images: what is read for one of them serves for the others."""

    def __init__(self, changed: set[Key] | None) -> None:
        self.count = 0
        self._changed = changed
        self._knowledge = Knowledge()
        self._how: dict[int, registries.Scan] = {}

    def look_again(self, scans: Iterable[ImageScan]) -> None:
        """Evaluate the stored SBOMs anew about whose packages something is said; note of the others that it is not."""
        untouched = []
        for scan in scans:
            assert scan.sbom is not None  # noqa: S101 - by the filter above
            if scan.status == Status.ACTIVE and not self._is_followed(scan.image):
                active = ImageScan.objects.filter(id=scan.id, status=Status.ACTIVE)
                active.update(status=Status.SCAN_ELIGIBILITY_EXPIRED)
            elif self._changed is not None and not self._changed & _keys(
                scan.sbom.id, bytes(scan.sbom.content), scan.scan_type == ENHANCED
            ):
                untouched.append(scan.id)
            else:
                self.count += self._evaluate(scan, scan.sbom)
        results.note_newest(untouched, self._knowledge.newest)

    def _evaluate(self, scan: ImageScan, sbom: Sbom) -> bool:
        is_continuous = self._is_followed(scan.image)
        outcome = results.evaluate(sbom, scan.scan_type, is_continuous=is_continuous, knowledge=self._knowledge)
        return results.save(scan, outcome)

    def _is_followed(self, image: Image) -> bool:
        """Whether an image is followed; how its repository is scanned is asked once."""
        repository = image.repository
        if repository.id not in self._how:
            self._how[repository.id] = registries.scan_of(repository)
        return following.follows(image, self._how[repository.id])


@lru_cache(maxsize=4)
def _keys(_sbom_id: int, content: bytes, with_languages: bool) -> set[Key]:
    """The names of an SBOM's packages; several repositories may have the image."""
    return matching.keys(matching.installed(sboms.unpacked(content), with_languages=with_languages))
