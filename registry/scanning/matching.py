"""Packages of an SBOM beside the advisories: which of them have which vulnerabilities, the worst first."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from django.conf import settings

from registry.models import AdvisoryImport, AffectedPackage
from registry.scanning import ecosystems, severity, versions
from registry.scanning.ecosystems import DISTRIBUTION_TYPES, Identity
from registry.scanning.sboms import Package, Sbom

NAMES: Final = 400
"""Names in one statement."""
MOST_REMEMBERED: Final = 200_000
"""Things and what is said of them that one run keeps in memory: some hundred MiB at most."""
MOST_FOUND: Final = 50_000
"""Vulnerabilities of one image; those that people make have some thousands."""
MOST_COMPARED: Final = 5_000_000
"""Pairs of a package of one image and an advisory about its name."""
LONGEST_INSTALLED_AS: Final = 1100
Key = tuple[str, str]
"""Ecosystem and name."""


class TooMuch(Exception):
    """What an image says that it holds would take too long to look up; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What is installed under one name and version: `also` are the names of packages built from a source package."""

    identity: Identity
    package: Package
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A vulnerability of something that is installed. `rank` is its severity's, 0 the worst."""

    name: str
    advisory_id: str
    level: str
    score: float | None
    installed: Installed
    fixed_in: str

    @property
    def order(self) -> tuple[Any, ...]:
        """The worst first, what can be fixed before what can't, then by score and name."""
        rank = severity.RANKS[self.level]
        identity = self.installed.identity
        return rank, not self.fixed_in, -(self.score or 0.0), identity.name, identity.version, self.name


def installed(sbom: Sbom, *, with_languages: bool) -> list[Installed]:
    """Return what advisories could tell of, each once."""
    found: dict[tuple[str, Identity], list[Package]] = defaultdict(list)
    for package in sbom.packages:
        if not with_languages and package.type not in DISTRIBUTION_TYPES:
            continue
        identity = ecosystems.identity(package, sbom.distribution)
        if identity is not None:
            found[package.type, identity].append(package)
    return [_installed(identity, packages) for (_, identity), packages in found.items()]


def _installed(identity: Identity, packages: list[Package]) -> Installed:
    names = dict.fromkeys(each.name for each in packages if each.type in {"deb", "apk"})
    return Installed(identity, packages[0], tuple(names) if list(names) != [identity.name] else ())


def keys(things: Iterable[Installed]) -> set[Key]:
    """Return the names by which advisories are looked up."""
    return {(ecosystem, each.identity.name) for each in things for ecosystem in each.identity.ecosystems}


@dataclass(frozen=True, slots=True)
class Hit:
    """One advisory that is about one thing that is installed."""

    installed: Installed
    row: AffectedPackage
    ecosystem: str
    fixed_in: str


def hits(things: Collection[Installed], rows: Iterable[AffectedPackage] | None = None) -> Iterator[Hit]:
    """Yield every advisory about every thing; `rows` are those to look at, by themselves all that could tell. TooMuch.

    An image may list any number of versions of a package that thousands of advisories are about.
    """
    ends, count = monotonic() + settings.SCAN_SECONDS, 0
    told: dict[Key, list[AffectedPackage]] = defaultdict(list)
    for row in _told(things) if rows is None else rows:
        told[row.ecosystem, row.name].append(row)
    for each in things:
        version = each.identity.version
        for ecosystem in each.identity.ecosystems:
            for row in told.get((ecosystem, each.identity.name), ()):
                count += 1
                if count > MOST_COMPARED or monotonic() > ends:
                    raise TooMuch("The packages in the image are too many to look them up.")
                if not ecosystems.is_of_module(each.identity, row.module):
                    continue
                is_affected, fix = versions.evaluate(ecosystem, version, row.ranges, row.versions)
                if is_affected:
                    yield Hit(each, row, ecosystem, fix)


@dataclass(frozen=True, slots=True)
class Said:
    """What one advisory says of something that is installed, whoever has it installed."""

    names: tuple[str, ...]
    advisory_id: str
    level: str
    score: float | None
    ecosystem: str
    fixed_in: str


class Knowledge:
    """What the advisories say now, remembered while many images are looked at: most of what is in them is the same.

    `newest` is when the last of them had come in. Made for one run and thrown away: later advisories are not seen.
    """

    def __init__(self) -> None:
        done = AdvisoryImport.objects.filter(state=AdvisoryImport.State.DONE).order_by("-id")
        self.newest = done.values_list("finished_at", flat=True).first()
        self._ecosystems: dict[str, bool] = {}
        self._said: dict[Identity, tuple[Said, ...]] = {}
        self._count = 0

    def ecosystems(self, names: set[str]) -> set[str]:
        """Those of the ecosystems about which there is any advisory."""
        for name in names - self._ecosystems.keys():
            self._ecosystems[name] = AffectedPackage.objects.filter(ecosystem=name).exists()
        return {name for name in names if self._ecosystems[name]}

    def of(self, things: Collection[Installed]) -> Mapping[Identity, tuple[Said, ...]]:
        """What is said of each of the things; what is not known yet is read for all of them at once. TooMuch."""
        if self._count > MOST_REMEMBERED:
            self._said, self._count = {}, 0
        new = {each.identity: each for each in things if each.identity not in self._said}
        found: dict[Identity, list[Said]] = {identity: [] for identity in new}
        for count, hit in enumerate(hits(new.values()), 1):
            _require_few(count)
            found[hit.installed.identity].append(_said(hit))
        self._said |= {identity: tuple(said) for identity, said in found.items()}
        self._count += sum(len(said) + 1 for said in found.values())
        return self._said


def _said(hit: Hit) -> Said:
    advisory = hit.row.advisory
    score = advisory.vectors[0][3] if advisory.vectors else None
    level = hit.row.severity or advisory.severity
    return Said(tuple(advisory.names), advisory.id, level, score, hit.ecosystem, hit.fixed_in)


def match(things: Collection[Installed], knowledge: Knowledge | None = None) -> list[Match]:
    """Return the vulnerabilities, the worst first; one that several advisories tell of is told once. TooMuch."""
    found: dict[tuple[str, Identity], Match] = {}
    known = (knowledge or Knowledge()).of(things)
    for thing in things:
        for said in known[thing.identity]:
            _add(found, thing, said)
            _require_few(len(found))
    return sorted(found.values(), key=lambda each: each.order)


def _require_few(count: int) -> None:
    if count > MOST_FOUND:
        raise TooMuch(f"The image has more than {MOST_FOUND} vulnerabilities, by the packages that it lists.")


def _told(things: Iterable[Installed]) -> Iterator[AffectedPackage]:
    """What is said about packages of these names."""
    by_ecosystem: dict[str, set[str]] = defaultdict(set)
    for ecosystem, name in keys(things):
        by_ecosystem[ecosystem].add(name)
    for ecosystem, names in by_ecosystem.items():
        for some in _chunks(sorted(names)):
            rows = AffectedPackage.objects.filter(
                ecosystem=ecosystem, name__in=some, advisory__withdrawn_at=None
            ).select_related("advisory")
            yield from rows.defer("advisory__details", "advisory__references").order_by("advisory_id")


def _chunks(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), NAMES):
        yield names[start : start + NAMES]


def _add(found: dict[tuple[str, Identity], Match], thing: Installed, said: Said) -> None:
    """Add what one advisory says, under each CVE that it is about.

    Where two say it, the later fix counts: until then one of the two is still true. So does the worse severity.
    """
    for name in said.names:
        key = (name, thing.identity)
        made = Match(name, said.advisory_id, said.level, said.score, thing, said.fixed_in)
        before = found.get(key)
        if before is not None:
            worst = min(before, made, key=lambda one: (severity.RANKS[one.level], -(one.score or 0.0)))
            fixes = [before.fixed_in, made.fixed_in]
            last = versions.highest(said.ecosystem, fixes) if all(fixes) else ""
            made = Match(name, worst.advisory_id, worst.level, worst.score, thing, last)
        found[key] = made
