"""A deployment as it may look after some months, for the pictures of the documentation: three publishers, their work.

Runs inside the deployment, as its operator. Bytes, names and numbers are the same each time; times count from now.
"""

import functools
import gzip
import io
import json
import math
import random
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.db.models import Q
from django.utils import timezone

from accounts.caller import Caller, Staff, operator
from accounts.directory import access_keys, accounts, groups, people, policies, users
from accounts.models import Person
from gallery.aliases import decisions, names, requests
from gallery.aliases.routing import check_all
from gallery.models import AliasRequest
from registry.core import addresses, catalog, publishers, repositories, resource_tags, templates
from registry.core import policies as repository_policies
from registry.models import DailyPulls, Image, ImageTag, Repository, TagEvent
from registry.models.scan import UNDER_WAY
from registry.scanning import importing
from registry.values import PUBLIC, Address, RegistryId
from tests.browser import content
from tests.browser.conftest import PASSWORD
from tests.browser.publisher import logo
from tests.factories.registry import push_index

ADVISORIES: Final = Path(__file__).parents[1] / "data" / "bookworm"
OS_RELEASE: Final = """\
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION_CODENAME=bookworm
ID=debian
"""
BASE: Final = (
    ("base-files", "12.4+deb12u2", ""),
    ("bash", "5.2.15-2+b2", "bash (5.2.15-2)"),
    ("libc6", "2.36-9+deb12u3", "glibc"),
    ("libtinfo6", "6.4-4", "ncurses"),
    ("passwd", "1:4.13+dfsg1-1+b1", "shadow (1:4.13+dfsg1-1)"),
    ("gpgv", "2.2.40-1.1", "gnupg2"),
    ("tzdata", "2023c-5", ""),
)
"""Packages of the lowest layer: name, version, source and its version where they differ."""
ADDED: Final = (
    ("ca-certificates", "20230311", ""),
    ("libcurl4", "7.88.1-10+deb12u{curl}", "curl"),
    ("libnghttp2-14", "1.52.0-1{nghttp2}", "nghttp2"),
    ("libpcre2-8-0", "10.42-1", "pcre2"),
    ("libssl3", "3.0.{openssl}", "openssl"),
)
"""Packages of the second layer; what is in braces is newer once somebody has built again."""
OLD: Final = {"curl": "1", "nghttp2": "", "openssl": "9-1"}
NEW: Final = {"curl": "4", "nghttp2": "+deb12u1", "openssl": "11-1~deb12u2"}
FIXES: Final = 7
"""What was built in the last so many days has the newer packages."""
ACME, NORTHWIND, SEN = "111122223333", "222233334444", "333344445555"
MAI, BOSS = "mai@acme.example", "boss@kho.example"


@dataclass(frozen=True, slots=True)
class Publisher:
    """An account with public repositories."""

    account_id: str
    name: str
    alias: str
    website: str
    colour: str


@dataclass(frozen=True, slots=True)
class Work:
    """A public repository: what is said of it, its tags from the oldest, pulls on a usual day, age in days."""

    account_id: str
    name: str
    description: str
    category: str
    tags: tuple[str, ...]
    pulls: int
    age: int
    is_small: bool = False


PUBLISHERS: Final = (
    Publisher(ACME, "Acme", "acme", "https://acme.example", "#a4451c"),
    Publisher(NORTHWIND, "Northwind Weather", "northwind", "https://northwind.example", "#1f5f8b"),
    Publisher(SEN, "Sen Data", "sendata", "https://sendata.example", "#9d3161"),
)
WORKS: Final = (
    Work(
        ACME,
        "web/shop",
        "Serves the pages of a shop: small, fast, never as root.",
        "web-servers",
        ("2.3", "2.4"),
        910,
        2,
    ),
    Work(
        ACME,
        "tools/backup",
        "Copies a PostgreSQL database to object storage.",
        "databases",
        ("0.9", "1.0", "1.1"),
        240,
        9,
    ),
    Work(
        ACME,
        "base/minimal",
        "Certificates, time zones, a user, and nothing else.",
        "base-images",
        ("2026.8", "2026.11"),
        1720,
        16,
        True,
    ),
    Work(
        NORTHWIND, "forecast", "Answers with the weather of the next ten days as JSON.", "other", ("4.0", "4.1"), 530, 5
    ),
    Work(
        NORTHWIND,
        "tides",
        "Tells when the water is high in four thousand harbours.",
        "other",
        ("1.2", "1.3"),
        130,
        27,
        True,
    ),
    Work(SEN, "tach-tu", "Tách từ tiếng Việt cho tìm kiếm và học máy.", "data-science", ("3.1", "3.2"), 310, 4),
    Work(
        SEN,
        "notebook",
        "Notebooks with the usual libraries for data in Vietnamese.",
        "data-science",
        ("2026.10",),
        190,
        12,
    ),
)
PRIVATE: Final = (("shop/api", 8), ("shop/web", 3), ("shop/worker", 8), ("billing/ledger", 21), ("ml/embeddings", 1))
ABOUT: Final = """# The shop's web server

Serves static pages and forwards the rest. It starts in a second and needs 12 MB of memory.

| Port | What it is |
|------|------------|
| 8080 | pages |
| 9090 | metrics for Prometheus |

## How to run it

```sh
docker run --rm --publish 8080:8080 --volume ./site:/srv/site:ro kho.example.com/acme/web/shop:2.4
```

## Configuration

- `WEB_ROOT`: the folder with the pages, `/srv/site` if it is not set
- `WEB_LOG`: `json` or `text`

## Where it comes from

- [x] built for amd64 and arm64, every week
- [x] rebuilt when its base image is
- [ ] a variant for Windows

## Getting help

Write to <help@acme.example>.
"""
WHY: Final = "This has been our name since 1998, and customers look for us by it."


def build() -> None:
    """Make all of it, in an empty deployment."""
    importing.run(str(ADVISORIES))
    people.create(BOSS, PASSWORD, name="Linh Phạm", is_staff=True)
    desk = Staff(BOSS)
    for each in PUBLISHERS:
        _open(each, desk)
    for number, work in enumerate(WORKS):
        _publish(work, number)
    caller = operator(ACME)
    charts = addresses.public(ACME, "charts/shop")
    repositories.create(caller, charts)
    content.push_charts(caller, charts)
    _count(charts, 85, ("1.0.0",))
    _private(caller)
    _access(caller)
    _ask(ACME, "acme-labs", "https://acme.example/labs", people.get(MAI))
    for number, (name, alias) in enumerate((("Blue Anchor", "anchor"), ("Mekong Maps", "mekong"), ("Tools", "acmee"))):
        other = accounts.create(name, f"44445555666{number}")
        _ask(other.id, alias, f"https://{alias}.example/registry")
    check_all()


def waiting() -> int:
    """How many images are not scanned yet that will be: all public ones, and the private ones of a few repositories."""
    covered = Q(repository__region=PUBLIC) | Q(repository__scan_on_push=True)
    images = Image.objects.filter(covered, kind="image", deleted_at=None)
    return images.filter(Q(scan=None) | Q(scan__status__in=UNDER_WAY)).count()


def _ask(account_id: str, alias: str, website: str, person: Person | None = None) -> AliasRequest:
    caller = operator(account_id)
    return requests.create(caller, account_id, alias=alias, reason=WHY, website=website, agreed=True, person=person)


def _open(publisher: Publisher, desk: Staff) -> None:
    """An account with a person, a profile, the verified mark and its alias; ages ago."""
    account = accounts.create(publisher.name, publisher.account_id)
    person = people.create(f"mai@{publisher.alias}.example", PASSWORD, name="Mai Trần")
    people.add_to_account(person, account)
    caller = operator(publisher.account_id)
    fields = {"display_name": publisher.name, "website": publisher.website}
    catalog.put_profile(
        caller, publisher.account_id, fields | {"logo": logo(publisher.colour, publisher.name[0]), "description": ""}
    )
    asked = _ask(publisher.account_id, publisher.alias, publisher.website, person)
    decisions.approve(desk, asked.id, note="Welcome.")
    names.make_primary(caller, publisher.account_id, publisher.alias)
    publishers.verify(desk, publisher.account_id, "A call to the number on their site.")


def _publish(work: Work, number: int) -> None:
    """A repository with its tags, for two architectures unless it is small, its page and its pulls."""
    caller, address = operator(work.account_id), addresses.public(work.account_id, work.name)
    repositories.create(caller, address)
    for ago, tag in zip(reversed(range(len(work.tags))), work.tags, strict=True):
        _push(caller, address, tag, number, work.age + 31 * ago, is_small=work.is_small)
    index = Image.objects.filter(repository__name=work.name, tags__name=work.tags[-1]).get()
    children = list(Image.objects.filter(repository=index.repository, kind="image").order_by("-pushed_at")[:2])
    push_index(caller, address, "latest", children)
    _date(index.repository, "latest", timezone.now() - timedelta(days=work.age, hours=3))
    said = {"description": work.description, "categories": [work.category], "licence": "Apache-2.0"}
    catalog.put(caller, address, said | ({"about_text": ABOUT} if work.name == "web/shop" else {}))
    _age(address, work.age)
    _count(address, work.pulls, (*work.tags[-2:], "latest"))


def _push(caller: Caller, address: Address, tag: str, seed: int, age: int, *, is_small: bool = False) -> None:
    """An image for two architectures under a tag; what was below stays the same from tag to tag."""
    layers = [_base(seed), _added(seed, is_new=age < FIXES), _tar({"srv/site/pages": _noise(f"{seed} {tag}", 310_000)})]
    layers = layers[: 2 if is_small else 3]
    children = [
        content.web_image(caller, address, architecture, "", layers, user="web") for architecture in ("amd64", "arm64")
    ]
    push_index(caller, address, tag, children)
    when = timezone.now() - timedelta(days=age, hours=3)
    rows = Image.objects.filter(digest__in=[each.digest for each in children])
    rows.update(pushed_at=when)
    _date(children[0].repository, tag, when)


@functools.cache
def _base(seed: int) -> bytes:
    files = {"etc/os-release": OS_RELEASE.encode(), "usr/lib/system": _noise(f"{seed} base", 2_900_000)}
    return _tar(files | {"var/lib/dpkg/status": _status(BASE)})


@functools.cache
def _added(seed: int, *, is_new: bool) -> bytes:
    packages = [(name, version.format(**(NEW if is_new else OLD)), source) for name, version, source in ADDED]
    files = {"usr/lib/added": _noise(f"{seed} added {is_new}", 1_400_000)}
    return _tar(files | {"var/lib/dpkg/status": _status([*BASE, *packages])})


def _noise(seed: str, size: int) -> bytes:
    """Bytes that gzip can't make fewer: the layer is as large as it says."""
    return random.Random(seed).randbytes(size)


def _status(packages: Iterable[tuple[str, str, str]]) -> bytes:
    """What dpkg knows to be installed."""
    paragraphs = []
    for name, version, source in packages:
        fields = {"Package": name, "Status": "install ok installed", "Architecture": "amd64", "Version": version}
        fields |= {"Source": source} if source else {}
        paragraphs.append("".join(f"{key}: {value}\n" for key, value in fields.items()))
    return "\n".join(paragraphs).encode()


def _tar(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for path, data in files.items():
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(data), 0o644
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(made.getvalue(), compresslevel=1, mtime=0)


def _date(repository: Repository, tag: str, when: datetime) -> None:
    """Let a tag and its image be of another time."""
    ImageTag.objects.filter(repository=repository, name=tag).update(created_at=when, updated_at=when)
    TagEvent.objects.filter(repository=repository, tag=tag).update(at=when)
    Image.objects.filter(repository=repository, tags__name=tag).update(pushed_at=when)


def _row(address: Address) -> Repository:
    row = repositories.find(address)
    assert row
    return row


def _age(address: Address, days: int) -> None:
    """Let a repository be older than it is."""
    row, now = _row(address), timezone.now()
    Repository.objects.filter(pk=row.pk).update(
        created_at=now - timedelta(days=days + 200),
        last_push_at=now - timedelta(days=days),
        last_pull_at=now - timedelta(hours=days),
    )


def _count(address: Address, usual: int, tags: tuple[str, ...]) -> None:
    """Pulls of the last 90 days: fewer at weekends, a little more each week."""
    row, today = _row(address), timezone.now().date()
    shares: dict[str, tuple[tuple[str, float], ...]] = {
        "client": (("docker", 0.62), ("containerd", 0.27), ("podman", 0.11)),
        "tag": tuple(zip(reversed(tags), (0.6, 0.28, 0.12), strict=False)),
        "platform": (("linux/amd64", 0.71), ("linux/arm64", 0.29)),
    }
    total = 0
    for ago in range(90):
        day = today - timedelta(days=ago)
        count = usual * (0.55 if day.weekday() > 4 else 1) * (1 - ago / 180) * (1 + 0.12 * math.sin(ago * 1.7))
        total += int(count)
        DailyPulls.objects.bulk_create(
            DailyPulls(repository=row, by=by, name=name, day=day, count=int(count * share))
            for by, parts in shares.items()
            for name, share in parts
        )
    Repository.objects.filter(pk=row.pk).update(pull_count=total)
    for tag, share in shares["tag"]:
        Image.objects.filter(repository=row, tags__name=tag).update(pull_count=int(total * share))


def _private(caller: Caller) -> None:
    """Private repositories with a few images, tags of their own and a template."""
    for number, (name, age) in enumerate(PRIVATE):
        address = addresses.private(ACME, name)
        repositories.create(caller, address, scan_on_push=name.startswith("shop/"))
        for build in (3, 2, 1, 0):
            _push(caller, address, f"build-{410 + number * 7 - build}", 40 + number, age + build)
        resource_tags.put(caller, address, {"team": name.partition("/")[0]})
        _age(address, age)
    home = RegistryId(ACME, "us-east-1")
    templates.put(caller, home, "shop", {"applied_for": ["CREATE_ON_PUSH"], "image_tag_mutability": "IMMUTABLE"})
    repositories.put_deletion_protection(caller, addresses.private(ACME, "billing/ledger"), True)


def _access(caller: Caller) -> None:
    """Users with keys, a group, and a policy that lets one of them pull from one repository."""
    for name in ("builder", "linh", "minh"):
        access_keys.create(users.create(caller, ACME, name))
    policies.attach(caller, users.get(caller, ACME, "builder"), policies.ADMINISTRATOR_ACCESS)
    groups.create(caller, ACME, "developers")
    groups.add_user(caller, ACME, "developers", "minh")
    actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    statement = {"Sid": "User", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACME}:user/linh"}}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement | {"Action": actions}]}, indent=2)
    repository_policies.put(caller, addresses.private(ACME, "shop/api"), text)
