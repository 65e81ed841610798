"""Two images beside each other: which packages came, went or changed, and which vulnerabilities."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from django.db.models import OuterRef, Subquery

from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.models.aggregates import Rows
from registry.core import repositories
from registry.models import Finding, Image, ImageScan
from registry.scanning import sboms
from registry.scanning.sboms import Package
from registry.values import Address

MOST: Final = 500
"""Packages, and vulnerabilities of each kind, that are told one by one."""
MOST_COMPARED: Final = 20_000
"""Packages of one image, above which they are not compared."""
COLUMNS: Final = ("position", "name", "severity", "package", "version", "fixed_in", "advisory__url")
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PackageChange:
    """A package that differs: `before` and `after` are its versions, several with commas between, none if empty."""

    type: str
    name: str
    before: str
    after: str

    @property
    def kind(self) -> str:
        """What happened to it, read from before to after."""
        return "added" if not self.before else "removed" if not self.after else "changed"


@dataclass(frozen=True, slots=True)
class Packages:
    """The first of the packages that differ, and how many do in all."""

    changes: list[PackageChange]
    total: int


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """A vulnerability in a package of one of the images; `fixed_in` is empty if no fix is known."""

    name: str
    severity: str
    package: str
    version: str
    fixed_in: str
    url: str


@dataclass(frozen=True, slots=True)
class Vulnerabilities:
    """What only the one before has (`fixed`) and only the one after (`new`), the worst first, and how many both have.

    `is_partial` if not all packages were looked at, or not the same ones of both.
    """

    fixed: list[Vulnerability]
    new: list[Vulnerability]
    fixed_total: int
    new_total: int
    same: int
    is_partial: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """What scans say of two images; None where one of them says nothing. `missing` are the ones whose scans don't."""

    packages: Packages | None
    vulnerabilities: Vulnerabilities | None
    missing: list[str] = field(default_factory=list)


def of_pair(caller: Caller, address: Address, old: Image, new: Image) -> Comparison | None:
    """Compare two images that were read from the address; None for who may not see what scans found."""
    action = Action.DESCRIBE_IMAGES if address.is_public else Action.DESCRIBE_IMAGE_SCAN_FINDINGS
    if not repositories.may(caller, address, repositories.find(address), action):
        return None
    found = (
        Finding.objects.filter(scan=OuterRef("id"), suppression=None)
        .order_by()
        .values("scan")
        .annotate(all=Rows(*COLUMNS))
    )
    rows = ImageScan.objects.select_related("sbom").filter(image__in=[old.id, new.id])
    rows = rows.annotate(found=Subquery(found.values("all")))
    scans = {scan.image_id: scan for scan in rows}
    pair = [scans.get(image.id) for image in (old, new)]
    before, after = pair
    told = [scan is not None and scan.is_complete for scan in pair]
    if before is None or after is None or not all(told):
        missing = [name for name, is_told in zip(("before", "after"), told, strict=True) if not is_told]
        return Comparison(_packages(before, after), None, missing)
    return Comparison(_packages(before, after), _vulnerabilities(before, after))


def _packages(before: ImageScan | None, after: ImageScan | None) -> Packages | None:
    """The packages that differ, by type and name."""
    if before is None or after is None or before.sbom is None or after.sbom is None:
        return None
    if max(before.sbom.package_count, after.sbom.package_count) > MOST_COMPARED:
        return None
    if before.sbom == after.sbom:
        return Packages([], 0)
    old, new = (_versions(sboms.unpacked(bytes(each.sbom.content)).packages) for each in (before, after) if each.sbom)
    differing = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    changes = [PackageChange(*key, _joined(old.get(key)), _joined(new.get(key))) for key in differing]
    return Packages(changes[:MOST], len(changes))


def _versions(packages: Iterable[Package]) -> dict[Key, set[str]]:
    """The versions of each package by its type and name."""
    found: dict[Key, set[str]] = defaultdict(set)
    for each in packages:
        found[each.type, each.name].add(each.version)
    return found


def _joined(versions: set[str] | None) -> str:
    return ", ".join(sorted(versions or ()))


def _vulnerabilities(before: ImageScan, after: ImageScan) -> Vulnerabilities:
    """What was found in one of two images that were scanned."""
    old, new = _found(before), _found(after)
    fixed = [row for key, row in old.items() if key not in new]
    came = [row for key, row in new.items() if key not in old]
    is_partial = bool(before.reason or after.reason or before.scan_type != after.scan_type)
    return Vulnerabilities(fixed[:MOST], came[:MOST], len(fixed), len(came), len(old.keys() & new.keys()), is_partial)


def _found(scan: ImageScan) -> dict[Key, Vulnerability]:
    """What a scan found, the worst first; a vulnerability in several versions of a package is one."""
    found: dict[Key, Vulnerability] = {}
    for row in sorted(getattr(scan, "found", None) or ()):
        each = Vulnerability(*row[1:])
        found.setdefault((each.name, each.package), each)
    return found
