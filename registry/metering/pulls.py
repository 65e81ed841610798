"""Pull lines of the spool -> audit events, pull counts and last pull times.

A pull is a GET of a manifest that no index of the repository names; a GET or HEAD of any manifest refreshes its last
pull time. Some clients resolve a tag by HEAD and get by digest: their HEAD names the tag of the GET that follows. A
platform is known when its own manifest is fetched.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F, Q

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.audit.trail import Read
from accounts.iam.arn import Arn
from registry import events
from registry.core import registries
from registry.metering import clients
from registry.models import DailyPulls, Image, ImageChild, PullCount, Repository

KINDS: Final = frozenset({"pull", "head"})
HEAD_NAMES_TAG_FOR: Final = timedelta(minutes=1)
REMEMBERED_HEADS: Final = 10_000
UNKNOWN: Final = "unknown"
"""The operating system of attestations."""

_Line = Mapping[str, Any]
_heads: dict[tuple[Any, ...], tuple[str, datetime]] = {}
"""Who last resolved which digest by which tag; lives in the drainer's process, and may be lost with it."""


def apply(lines: Sequence[_Line]) -> None:
    """Count the lines, inside the drainer's transaction."""
    if not lines:
        return
    images = Image.objects.in_bulk({line["image"] for line in lines})
    children = _children(images.values())
    excluded = registries.excluded_from_pull_times(Arn.parse(line["resource"]).account_id for line in lines)
    counts: Counter[tuple[int, str, Any]] = Counter()
    daily: Counter[tuple[int, str, str, Any]] = Counter()
    last_pulls: dict[int, datetime] = {}
    happened: list[Read] = []
    for line in lines:
        image = images.get(line["image"])
        if image is None:
            continue
        at = datetime.fromisoformat(line["at"])
        if not _is_excluded(line, excluded):
            last_pulls[image.id] = max(at, last_pulls.get(image.id, at))
        tag = _tag(line, at)
        if line["kind"] == "pull":
            happened.append(_read(line, at))
            if image.os and image.os != UNKNOWN:
                daily[image.repository_id, DailyPulls.By.PLATFORM, image.platform, at.date()] += 1
            if (image.repository_id, image.digest) not in children:
                counts[image.id, tag, at.date()] += 1
                daily[image.repository_id, DailyPulls.By.TAG, tag, at.date()] += 1
                client = clients.kind(line["caller"]["user_agent"])
                daily[image.repository_id, DailyPulls.By.CLIENT, client, at.date()] += 1
    trail.record_reads(happened)
    _save(images, counts, last_pulls)
    _save_daily(daily)


def _is_excluded(line: _Line, excluded: set[tuple[str, str, str]]) -> bool:
    """Whether the puller is one whose pulls leave last pull times alone."""
    if not excluded:
        return False
    place = Arn.parse(line["resource"])
    return (place.account_id, place.region, registries.who(line["caller"]["principal_arn"])) in excluded


def _children(images: Any) -> set[tuple[int, str]]:
    """Return (repository, digest) of those images that a live index of the same repository names."""
    rows = ImageChild.objects.filter(
        digest__in={image.digest for image in images},
        parent__repository__in={image.repository_id for image in images},
        parent__deleted_at=None,
    )
    return set(rows.values_list("parent__repository_id", "digest"))


def _tag(line: _Line, at: datetime) -> str:
    """Return the tag that the line means, from the same client's HEAD if it names none itself."""
    caller = line["caller"]
    key = (line["image"], caller["principal_arn"], caller["source_ip"], caller["user_agent"])
    if line["kind"] == "head":
        if line["tag"]:
            _heads.pop(key, None)
            _heads[key] = (line["tag"], at)
            while len(_heads) > REMEMBERED_HEADS:
                del _heads[next(iter(_heads))]
        return str(line["tag"])
    tag, seen = _heads.pop(key, ("", at))
    return str(line["tag"]) or (tag if at - seen <= HEAD_NAMES_TAG_FOR else "")


def _read(line: _Line, at: datetime) -> Read:
    """The pull as the trail records it, at the time when it happened."""
    details = {"imageDigest": line["digest"], "imageTag": line["tag"]}
    return Read(at, Action.BATCH_GET_IMAGE, Arn.parse(line["resource"]), line["caller"], details)


def _save(
    images: Mapping[int, Image], counts: Counter[tuple[int, str, Any]], last_pulls: Mapping[int, datetime]
) -> None:
    """Add to the counters, in the order of their ids, so that two drainers never wait for each other in a ring."""
    by_image: Counter[int] = Counter()
    by_repository: Counter[int] = Counter()
    pulled_at: dict[int, datetime] = {}
    for (image_id, tag, day), number in sorted(counts.items()):
        by_image[image_id] += number
        by_repository[images[image_id].repository_id] += number
        row, _ = PullCount.objects.get_or_create(image_id=image_id, tag=tag, day=day)
        PullCount.objects.filter(id=row.id).update(count=F("count") + number)
    for image_id in sorted({*by_image, *last_pulls}):
        image = Image.objects.filter(id=image_id)
        if by_image[image_id]:
            image.update(pull_count=F("pull_count") + by_image[image_id])
        at = last_pulls.get(image_id)
        if at is not None:
            older = Q(last_recorded_pull_time=None) | Q(last_recorded_pull_time__lt=at)
            image.filter(older).update(last_recorded_pull_time=at)
            place = images[image_id].repository_id
            pulled_at[place] = max(at, pulled_at.get(place, at))
    for repository_id, at in sorted(pulled_at.items()):
        older = Q(last_pull_at=None) | Q(last_pull_at__lt=at)
        Repository.objects.filter(older, id=repository_id).update(last_pull_at=at)
    for repository_id, number in sorted(by_repository.items()):
        Repository.objects.filter(id=repository_id).update(pull_count=F("pull_count") + number)
        outbox.announce(events.ImagesPulled(repository_id))


def _save_daily(daily: Counter[tuple[int, str, str, Any]]) -> None:
    """Add to what statistics show, in one order for the same reason."""
    for (repository_id, by, name, day), number in sorted(daily.items()):
        row, _ = DailyPulls.objects.get_or_create(repository_id=repository_id, by=by, name=name, day=day)
        DailyPulls.objects.filter(id=row.id).update(count=F("count") + number)
