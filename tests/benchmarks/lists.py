"""Runs inside a deployment: writes lists of packages of many images that are followed, and measures what imports cost.

Names and versions are those of the real advisories in tests/data/advisories, on both sides of their fixes, and as many
that no advisory tells of. Images of one kind share most of their packages, as images from one base do.
"""

import hashlib
import json
import random
import resource
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.db import connection

from accounts.models import Account
from registry.models import AdvisoryImport, Finding, Image, ImageScan, Manifest, RegistrySettings, Repository, Sbom
from registry.scanning import importing, rescanning, sboms
from registry.scanning.sboms import Distribution, Package

DATA: Final = Path(__file__).parents[1] / "data" / "advisories"
DEBIAN: Final = Distribution("debian", "11", "Debian GNU/Linux 11 (bullseye)")
ALMA: Final = Distribution("almalinux", "9.4", "AlmaLinux 9.4 (Seafoam Ocelot)")
ACCOUNT: Final = "111122223333"
BASES: Final = 200
"""Sets of packages of a distribution that images are built on."""
OF_DISTRIBUTION, OF_LANGUAGES, UNTOLD = 120, 20, 80
"""Packages of one image that advisories could tell of, of a distribution and of PyPI, and that none tells of."""
FIXED: Final = 0.8
"""How probably a package has the version that the last advisory about it asks for; else it has the one before."""
KERNEL: Final = ("kernel", "linux", "bpftool", "perf", "python3-perf", "rtla", "rv", "libperf")
AT_ONCE: Final = 500


def seed(count: int) -> dict[str, int]:
    """Write so many images with their lists, in a registry that is scanned continuously."""
    account = Account.objects.create(id=ACCOUNT, name="Bench")
    configuration = {"scanType": "ENHANCED", "rules": []}
    RegistrySettings.objects.create(account_id=ACCOUNT, region="us-east-1", scanning_configuration=configuration)
    repositories = Repository.objects.bulk_create(
        [Repository(account=account, region="us-east-1", name=f"team/{number}") for number in range(100)]
    )
    chance = random.Random(7)
    lists = _Lists(chance)
    for first in range(0, count, AT_ONCE):
        numbers = range(first, min(count, first + AT_ONCE))
        digests = [f"sha256:{hashlib.sha256(str(number).encode()).hexdigest()}" for number in numbers]
        manifests = Manifest.objects.bulk_create([Manifest(digest=digest, content=b"{}") for digest in digests])
        images = Image.objects.bulk_create(
            Image(repository=chance.choice(repositories), manifest=manifest, digest=manifest.digest, media_type="x",
                  manifest_size=2)
            for manifest in manifests
        )  # fmt: skip
        made = [(digest, next(lists)) for digest in digests]
        kept = Sbom.objects.bulk_create(
            Sbom(manifest_digest=digest, content=sboms.packed(each), package_count=len(each.packages), generator="x")
            for digest, each in made
        )
        ImageScan.objects.bulk_create(
            ImageScan(image=image, status="ACTIVE", scan_type="ENHANCED", sbom=sbom)
            for image, sbom in zip(images, kept, strict=True)
        )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # what autovacuum does by itself a minute later
            cursor.execute("ANALYZE")
    return {"images": ImageScan.objects.count(), "packages": sum(Sbom.objects.values_list("package_count", flat=True))}


class _Lists(Iterator[sboms.Sbom]):
    """Lists of packages, one after the other: two in three of Debian, one of AlmaLinux."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        known = {name: list(_known(name)) for name in ("Debian", "AlmaLinux", "PyPI")}
        self._python = [Package(*each, "python", path=f"/srv/{each[0]}") for each in known["PyPI"]]
        untold = [Package(f"lib{number:x}", f"1.{number}-1", "deb") for number in range(2000)]
        self._bases = [
            (distribution, self._base(known[name], kind, untold))
            for name, distribution, kind in (
                ("Debian", DEBIAN, "deb"),
                ("Debian", DEBIAN, "deb"),
                ("AlmaLinux", ALMA, "rpm"),
            )
            for _ in range(BASES // 3)
        ]

    def _base(self, known: list[tuple[str, str]], kind: str, untold: list[Package]) -> list[Package]:
        """What an image is built on: each package once, in one of its versions."""
        versions: dict[str, str] = {}
        for fixed, before in zip(known[::2], known[1::2], strict=True):
            versions[fixed[0]] = (fixed if self._chance.random() < FIXED else before)[1]
        names = self._chance.sample(sorted(versions), min(OF_DISTRIBUTION, len(versions)))
        told = [Package(name, versions[name], kind, "amd64", path="/var/lib/dpkg/status") for name in names]
        return told + self._chance.sample(untold, UNTOLD)

    def __next__(self) -> sboms.Sbom:
        distribution, base = self._chance.choice(self._bases)
        own = self._chance.sample(self._python, OF_LANGUAGES)
        return sboms.Sbom(distribution, (*base, *own), "bench 1")


def _known(ecosystem: str) -> Iterator[tuple[str, str]]:
    """Names of packages with the versions that fix something, and with ones before them; images have no kernel."""
    with zipfile.ZipFile(DATA / f"{ecosystem}.zip") as archive:
        for name in archive.namelist():
            for each in json.loads(archive.read(name))["affected"]:
                if each["package"]["name"].startswith(KERNEL):
                    continue
                events = [event for found in each.get("ranges", ()) for event in found["events"]]
                for fixed in (event["fixed"] for event in events if "fixed" in event):
                    yield each["package"]["name"], fixed
                    yield each["package"]["name"], f"{fixed}~" if ecosystem != "PyPI" else "0.1"


def follow(source: str) -> dict[str, Any]:
    """Import advisories and look at all images again that they are about, in this process."""
    before, begun = _peak(), time.perf_counter()
    row = importing.run(source)
    imported = time.perf_counter()
    rescanning.advisories_changed({"advisory_import": row.id})
    done = time.perf_counter()
    newest = AdvisoryImport.objects.latest("id").finished_at
    return {
        "records": row.added + row.updated,
        "import": imported - begun,
        "rescan": done - imported,
        "before": before,
        "peak": _peak(),
        "followed": ImageScan.objects.filter(source_updated_at=newest).count(),
        "findings": Finding.objects.count(),
    }


def _peak() -> float:
    """The most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
