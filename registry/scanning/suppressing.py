"""Which findings of a scan are left aside, and the numbers of those that are not."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.iam.matching import like
from registry.core import registries
from registry.models import Finding, Image, ImageScan, Repository, Suppression
from registry.scanning import history, vex_referrers
from registry.values import RegistryId

BATCH: Final = 100
NAMES: Final = 400
"""Names in one statement."""


def in_force(registry: RegistryId, at: datetime | None = None) -> QuerySet[Suppression]:
    """The suppressions of a registry that are not over, without what is attached to images."""
    found = Suppression.objects.filter(account_id=registry.account_id, region=registry.region, attached=None)
    return found.filter(Q(until=None) | Q(until__gt=at or timezone.now()))


def apply(scan: ImageScan, image: Image, repository: Repository) -> None:
    """Leave findings aside as the registry's suppressions say now, and count the others; inside a transaction.

    `scan` is changed, and has to be saved by whoever asks.
    """
    findings = list(scan.findings.all())
    known = _about(repository, image, findings)
    changed = []
    for each in findings:
        its = [one for name in {each.name, each.advisory_id} for one in known.get(name, ()) if covers(one, each)]
        chosen = max(its, key=_lasting, default=None)
        if each.suppression_id != (chosen.id if chosen else None):
            each.suppression = chosen
            changed.append(each)
    Finding.objects.bulk_update(changed, ["suppression"], batch_size=NAMES)
    left = [each for each in findings if each.suppression_id is None]
    scan.counts = dict(Counter(each.severity for each in left))
    scan.fixable = dict(Counter(each.severity for each in left if each.fixed_in))
    scan.ignored = len(findings) - len(left)


def _about(repository: Repository, image: Image, findings: Sequence[Finding]) -> dict[str, list[Suppression]]:
    """The suppressions in force that may be about findings of an image, by vulnerability."""
    names = sorted({each.name for each in findings} | {each.advisory_id for each in findings})
    is_trusted = bool(names) and registries.trusts_attached_vex(repository)
    known: dict[str, list[Suppression]] = {}
    for start in range(0, len(names), NAMES):
        some = names[start : start + NAMES]
        own = in_force(repository.address.registry).filter(vulnerability__in=some)
        found = [
            each
            for each in own.filter(image_digest__in=("", image.digest))
            if not each.repository or like(each.repository)(repository.name)
        ]
        if is_trusted:
            documents = vex_referrers.current(vex_referrers.about(repository, image, some))
            found += (each for document in documents for each in vex_referrers.said(document))
        for each in found:
            known.setdefault(each.vulnerability, []).append(each)
    return known


def covers(suppression: Suppression, finding: Finding) -> bool:
    """Whether a suppression of the finding's vulnerability is about its package and version, too."""
    packages = {finding.package, *finding.installed_as.split(", ")}
    return (
        suppression.package in {"", *packages}
        and suppression.package_type in {"", finding.package_type}
        and suppression.version in {"", finding.version}
    )


def _lasting(suppression: Suppression) -> tuple[bool, bool, float, int]:
    """The account's own before what is attached, of these one without an end, then the one that ends last."""
    until = suppression.until
    return suppression.attached_id is None, until is None, until.timestamp() if until else 0.0, suppression.id


def scans_about(registry: RegistryId, vulnerabilities: Iterable[str]) -> list[int]:
    """The ids of the registry's scans that have found one of the vulnerabilities, the newest first."""
    names, found = sorted(set(vulnerabilities)), set()
    place = {
        "scan__image__repository__account_id": registry.account_id,
        "scan__image__repository__region": registry.region,
        "scan__image__deleted_at": None,
    }
    for start in range(0, len(names), NAMES):
        some = names[start : start + NAMES]
        for which in ({"name__in": some}, {"advisory_id__in": some}):
            found |= set(Finding.objects.filter(**which, **place).values_list("scan_id", flat=True).distinct())
    return sorted(found, reverse=True)


def follow(scan_ids: Sequence[int]) -> None:
    """Let findings and numbers of some scans be as the suppressions say now."""
    for some in _batches(scan_ids):
        with transaction.atomic():
            rows = ImageScan.objects.select_for_update(of=("self",)).filter(id__in=some)
            for scan in rows.select_related("image__repository").order_by("id"):
                apply(scan, scan.image, scan.image.repository)
                history.note(scan)
                scan.save(update_fields=["counts", "fixable", "ignored", "history"])


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
