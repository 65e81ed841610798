"""Our comparison of versions beside that of the programs that install packages: dpkg's own, and rpm's own."""

import json
import random
import subprocess
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from registry.scanning.versions import compare

ADVISORIES = Path(__file__).parents[1] / "data" / "advisories"
STRANGE = {
    "Debian": [
        "1.0~~",
        "1.0~",
        "1.0",
        "1.0-0",
        "1.0+b1",
        "1.0a",
        "1.0.",
        "0:1.0",
        "1:0",
        "1.0-1~bpo11+1",
        "1.0-1",
        "00001",
        "1",
    ],
    "AlmaLinux": [
        "1.0~rc1-1",
        "1.0-1",
        "1.0^20250101-1",
        "1.0.1-1",
        "1.0a-1",
        "1.0.a-1",
        "01.0-1",
        "1:0-1",
        "1_0-1",
        "1.0-1.el9_5.1",
    ],
}
COUNT = 4000


def versions(ecosystem: str) -> list[str]:
    """The versions that real advisories name, and strange ones."""
    found = set(STRANGE[ecosystem])
    with zipfile.ZipFile(ADVISORIES / f"{ecosystem}.zip") as archive:
        for name in archive.namelist():
            for affected in json.loads(archive.read(name))["affected"]:
                found |= {event["fixed"] for each in affected["ranges"] for event in each["events"] if "fixed" in event}
    return sorted(found)


def pairs(ecosystem: str) -> Iterator[tuple[str, str]]:
    """Each version beside its neighbours and itself, the strange ones beside each other, and others by chance."""
    known, chance = versions(ecosystem), random.Random(7)
    yield from pairwise(known)
    yield from ((each, each) for each in known[:50])
    yield from ((left, right) for left in STRANGE[ecosystem] for right in STRANGE[ecosystem])
    for _ in range(COUNT - 2 * len(known) if len(known) * 2 < COUNT else 500):
        yield chance.choice(known), chance.choice(known)


def of_dpkg(compared: list[tuple[str, str]]) -> list[int]:
    """What `dpkg --compare-versions` says, in one shell."""
    lines = [
        f"if dpkg --compare-versions '{left}' lt '{right}'; then echo -1; "
        f"elif dpkg --compare-versions '{left}' gt '{right}'; then echo 1; else echo 0; fi"
        for left, right in compared
    ]
    said = subprocess.run(["sh"], input="\n".join(lines), capture_output=True, text=True, check=True)
    return [int(line) for line in said.stdout.split()]


def of_rpm(compared: list[tuple[str, str]]) -> list[int]:
    """What rpm's own library says, through its Lua, a few hundred at a time."""
    found: list[int] = []
    for start in range(0, len(compared), 300):
        calls = " ".join(f"print(rpm.vercmp('{left}','{right}')..' ')" for left, right in compared[start : start + 300])
        said = subprocess.run(["rpm", "--eval", f"%{{lua:{calls}}}"], capture_output=True, text=True, check=True)
        found += [int(word) for word in said.stdout.split()]
    return found


@pytest.mark.parametrize(("ecosystem", "theirs"), [("Debian", of_dpkg), ("AlmaLinux", of_rpm)])
def test_versions_are_in_the_same_order(ecosystem: str, theirs: object) -> None:
    compared = list(pairs(ecosystem))
    assert len(compared) > 1000 and callable(theirs)
    said = theirs(compared)
    wrong = [
        (left, right, their, compare(ecosystem, left, right))
        for (left, right), their in zip(compared, said, strict=True)
        if compare(ecosystem, left, right) != their
    ]
    assert wrong == []
