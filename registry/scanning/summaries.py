"""What scans found, in one word and number for each row of a list: the worst severity, or why there is none to tell."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import repositories
from registry.core.browsing import PlatformRow, platforms_of
from registry.models import Image, ImageScan, ImageTag
from registry.models.scan import UNDER_WAY
from registry.scanning.severity import LEVELS
from registry.values import Address

FOUND, NONE, PARTIAL, WAITING, FAILED, UNKNOWN, NOT_SCANNED = STATES = (
    "found",
    "none",
    "partial",
    "waiting",
    "failed",
    "unknown",
    "not_scanned",
)
"""PARTIAL: nothing in what was looked at, which was not all. UNKNOWN: not supported, or no advisories to look at."""
Status = ImageScan.Status
ORDER: Final = (WAITING, NOT_SCANNED, FAILED, UNKNOWN, PARTIAL, NONE)
"""Where no platform has findings, the first of these that one is in counts for all."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One of the states; of FOUND the worst severity (`critical`), how many findings have it, and how many there are.

    `platform` is that of an index that the summary is about.
    """

    state: str
    level: str = ""
    count: int = 0
    total: int = 0
    platform: str = ""


Row = tuple[Image, Sequence[PlatformRow]]


def of_rows(caller: Caller, address: Address, rows: Iterable[Row]) -> dict[str, Summary]:
    """Return the summary of each image of a list by digest, in one query; of an index that of its worst platform.

    Other things than images have none, nor have any for who may not see what images are.
    """
    kept = [(image, platforms) for image, platforms in rows if _scanned(image, platforms)]
    repository = repositories.find(address)
    if not kept or repository is None or not repositories.may(caller, address, repository, Action.DESCRIBE_IMAGES):
        return {}
    found = of_images(kept)
    return {image.digest: found[image.id] for image, _ in kept}


def of_image(image: Image) -> Summary | None:
    """Return the summary of one image that was read together with its scan; None of what is not scanned."""
    scan: ImageScan | None = getattr(image, "scan", None)
    pairs = _scanned(image, ())
    return worst(pairs, {image.digest: scan} if scan else {}) if pairs else None


def of_images(rows: Iterable[Row]) -> dict[int, Summary]:
    """Return the summary of each image by its id, of whichever repositories, in one query; rights are not looked at."""
    scanned = {image.id: (image.repository_id, _scanned(image, platforms)) for image, platforms in rows}
    digests = {digest for _, pairs in scanned.values() for digest, _ in pairs}
    within = {repository_id for repository_id, _ in scanned.values()}
    live = ImageScan.objects.filter(
        image__repository__in=within, image__digest__in=digests, image__deleted_at=None
    ).values_list("image__repository", "image__digest", "status", "reason", "counts")
    scans: dict[int, dict[str, ImageScan]] = {repository_id: {} for repository_id in within}
    for repository_id, digest, status, why, counts in live if digests else ():
        scans[repository_id][digest] = ImageScan(status=status, reason=why, counts=counts)
    return {image_id: worst(pairs, scans[within_id]) for image_id, (within_id, pairs) in scanned.items() if pairs}


def of_tags(named: Mapping[int, str]) -> dict[int, tuple[str, Summary]]:
    """Return digest and summary of the image that a tag names, by the repository's id: one tag of each.

    For repositories whose images the reader may see; other things than images have none.
    """
    tags = ImageTag.objects.filter(repository_id__in=named, name__in=set(named.values())).select_related("image")
    images = {tag.repository_id: tag.image for tag in tags if named[tag.repository_id] == tag.name}
    platforms = platforms_of(list(images.values()))
    found = of_images([(image, platforms[image.id]) for image in images.values()])
    return {key: (image.digest, found[image.id]) for key, image in images.items() if image.id in found}


def _scanned(image: Image, platforms: Sequence[PlatformRow]) -> list[tuple[str, str]]:
    """Digest and platform of what is scanned of an image: itself, or what an index names."""
    if image.kind == Image.Kind.INDEX:
        return [(row.digest, row.platform) for row in platforms]
    return [(image.digest, "")] if image.kind == Image.Kind.IMAGE else []


def worst(pairs: Sequence[tuple[str, str]], scans: Mapping[str, ImageScan]) -> Summary:
    """The summary of the platform with the worst findings; without any, what keeps us from saying that there are none.

    Only if each platform was looked at wholly, nothing was found.
    """
    counted = [
        (_gravity(scan.counts), platform)
        for digest, platform in pairs
        if (scan := scans.get(digest)) and scan.is_complete
    ]
    gravity, platform = max(counted, key=lambda each: each[0], default=((), ""))
    for level, count in zip(LEVELS, gravity, strict=False):
        if count:
            return Summary(FOUND, level.lower(), count, sum(gravity), platform)
    states = {_state(scans.get(digest)): platform for digest, platform in reversed(pairs)}
    state = next(state for state in ORDER if state in states)
    return Summary(state, platform=states[state])


def _gravity(counts: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(counts.get(level, 0) for level in LEVELS)


def _state(scan: ImageScan | None) -> str:
    """The state of an image without findings."""
    if scan is None:
        return NOT_SCANNED
    if scan.status in UNDER_WAY:
        return WAITING
    if scan.is_complete:
        return PARTIAL if scan.reason else NONE
    return FAILED if scan.status == Status.FAILED else UNKNOWN
