"""What a scan found -> rows: findings, numbers by severity, the status, and the event that tells of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import outbox
from registry import events
from registry.models import ImageScan, Sbom
from registry.models.scan import MOVES, WORTH_TELLING
from registry.scanning import history, matching, sboms, stored, suppressing
from registry.scanning.ecosystems import DISTRIBUTION_TYPES, LANGUAGES, of_distribution
from registry.scanning.matching import Match
from registry.scanning.stored import Said

Status = ImageScan.Status
BASIC, ENHANCED = "BASIC", "ENHANCED"
FOLLOWING: Final = (Status.ACTIVE, Status.FINDINGS_UNAVAILABLE)
"""What is looked at again: scans that are kept up to date, and those that had nothing to look at."""
NO_REFERRERS: Final = "off"
"""Value of KHO_SBOM_REFERRERS."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a scan ends; `reason` is a sentence for people, of a status that needs one."""

    status: Status
    reason: str = ""
    matches: Sequence[Match] = ()
    sbom: Sbom | None = None
    data_of: datetime | None = None


def evaluate(
    sbom: Sbom, scan_type: str, *, is_continuous: bool, knowledge: matching.Knowledge | None = None
) -> Outcome:
    """Look the packages of an SBOM up in the advisories that are here, by default those of this moment."""
    knowledge = knowledge or matching.Knowledge()
    now = knowledge.newest
    found = sboms.unpacked(bytes(sbom.content))
    with_languages = scan_type == ENHANCED
    things = matching.installed(found, with_languages=with_languages)
    if not things:
        return Outcome(Status.UNSUPPORTED_IMAGE, _why_nothing(found, with_languages), sbom=sbom, data_of=now)
    wanted = {ecosystem for thing in things for ecosystem in thing.identity.ecosystems}
    known = knowledge.ecosystems(wanted)
    missing = _missing(found, wanted, known)
    if not known:
        why = f"There are no advisories about {missing} here."
        return Outcome(Status.FINDINGS_UNAVAILABLE, why, sbom=sbom, data_of=now)
    reason = f"There are no advisories about {missing} here." if missing else ""
    status = Status.ACTIVE if is_continuous else Status.COMPLETE
    try:
        return Outcome(status, reason, matching.match(things, knowledge), sbom, now)
    except matching.TooMuch as error:
        return Outcome(Status.FAILED, str(error), sbom=sbom, data_of=now)


def _why_nothing(found: sboms.Sbom, with_languages: bool) -> str:
    if not found.packages:
        return "No list of packages was found in the image."
    name = found.distribution.name or found.distribution.id
    if any(each.type in DISTRIBUTION_TYPES for each in found.packages):
        return f"The distribution is not one that advisories tell of: {name or 'unknown'}."
    if not with_languages and any(each.type in LANGUAGES for each in found.packages):
        return "The image has no packages of a distribution; those of languages are looked at by enhanced scanning."
    return "None of the packages in the image are of a kind that advisories tell of."


def _missing(found: sboms.Sbom, wanted: set[str], known: set[str]) -> str:
    """The ecosystems that nothing is known about; of a distribution that has several names, only if none is known."""
    of_release = set(of_distribution(found.distribution))
    rest = wanted - known
    if of_release & known:
        rest -= of_release
    elif rest & of_release:
        rest = (rest - of_release) | set(of_distribution(found.distribution)[:1])
    return ", ".join(sorted(rest))


def save(scan: ImageScan, outcome: Outcome) -> bool:
    """Write the outcome; False if the scan is not in a state any more that it may follow, or its image is gone.

    So it is if newer advisories were looked at meanwhile: what began with older ones may end later.
    """
    now = timezone.now()
    with transaction.atomic():
        locked = ImageScan.objects.select_for_update(of=("self",)).select_related("image__repository")
        row = locked.filter(id=scan.id).first()
        if row is None or outcome.status not in MOVES[Status(row.status)]:
            return False
        if row.is_complete and _is_older(outcome.data_of, row.source_updated_at):
            return False
        rows = stored.of_scan(row)
        said: Iterable[Said] = rows
        was = row.status
        row.status, row.reason = outcome.status, outcome.reason[:1000]
        if outcome.sbom is not None:
            row.sbom = outcome.sbom
        if row.is_complete or outcome.status in {Status.UNSUPPORTED_IMAGE, Status.FINDINGS_UNAVAILABLE}:
            said = _write(row, rows, outcome.matches, now)
            row.completed_at, row.source_updated_at = now, outcome.data_of
        row.save()
        if was == Status.IN_PROGRESS or was != row.status or _identities(rows) != _identities(said):
            outbox.announce(events.ImageScanned(row.id))
        if was == Status.IN_PROGRESS and outcome.sbom is not None and settings.SBOM_REFERRERS != NO_REFERRERS:
            outbox.announce(events.PackagesListed(row.id))
    return True


def _is_older(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and one < other


def note_newest(scan_ids: Sequence[int], newest: datetime | None) -> None:
    """Note that the newest advisories say nothing else about the images' packages than the ones before."""
    older = Q(source_updated_at=None) | Q(source_updated_at__lt=newest) if newest else Q()
    ImageScan.objects.filter(older, id__in=scan_ids, status=Status.ACTIVE).update(source_updated_at=newest)


def _identities(rows: Iterable[Said]) -> set[Said]:
    """What tells a finding from others, and what people act on."""
    wanted = (stored.NAME, stored.PACKAGE, stored.VERSION, stored.SEVERITY, stored.FIXED_IN)
    return {tuple(row[each] for each in wanted) for row in rows}


def _write(row: ImageScan, before: stored.Rows, matches: Sequence[Match], now: datetime) -> list[Said]:
    """Write the findings, and return what they say."""
    made = list(dict.fromkeys(stored.said(match) for match in matches))
    new = stored.put(row, before, made, now)
    suppressing.apply(row, row.image, row.image.repository)
    history.note(row)
    if row.untold_since is None and any(each[stored.SEVERITY] in WORTH_TELLING for each in new):
        row.untold_since = now
    return made
