"""Copies one image to one destination, and writes how it ended. Started by the outbox; may be killed anywhere.

What hinders a copy for good, such as the destination's policy, ends it as FAILED with a code; the next push of the
image or a backfill tries again. Anything else is a fault of the moment, and the outbox tries again by itself. A peer
that is away is asked again, in pauses that grow with the time it is away, for a day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts import outbox
from accounts.caller import Caller, service
from accounts.errors import AccessDenied
from registry import events
from registry.core import peers, replicas
from registry.errors import ChildrenNotReplicated, ImageNotFound, PeerUnavailable, RegistryError, StorageUnavailable
from registry.models import Image, ImageTag, Replication, ReplicationBackfill, Repository
from registry.replication import routing, sending
from registry.replication.sending import code_of
from registry.values import RegistryId

log = structlog.get_logger(__name__)

Status = Replication.Status

PATIENCE: Final = timedelta(days=1)
"""For how long a peer that is away is asked again."""
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
SETTLED: Final = timedelta(hours=1)
"""How old a copy is at least that is looked at for having no work."""
BATCH: Final = 500
GIVEN_UP: Final = "GivenUp"
"""The failure of a copy whose work staff have discarded."""


def caller_of(repository: Repository) -> Caller:
    """Whom destinations see: the service role of the source's account."""
    return service(repository.account_id, "replication", region=repository.region)


def run(payload: Mapping[str, Any]) -> None:
    """Copy what a row says. Started by ReplicationDue."""
    row = _rows().filter(id=payload["replication"], status=Status.IN_PROGRESS).first()
    if row is not None:
        copy(row)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What hindered a copy (empty: nothing), and what hindered the images that an index names."""

    code: str = ""
    child_codes: tuple[str, ...] = ()


def copy(row: Replication, *, since: datetime | None = None) -> Outcome:
    """Copy an image, and say how it ended. outbox.Later while a peer is away, for a day since `since` or the start.

    StorageUnavailable if the store here does not answer, which is no fault of the image.
    """
    code, child_codes = "", tuple[str, ...]()
    try:
        _deliver(row)
    except PeerUnavailable as error:
        code = type(error).__name__
        log.info("a peer is away", replication=row.id, peer=error.name, why=error.why)
        if (again_at := next_try(since or row.started_at)) is not None:
            started = {"started_at": row.started_at, "status": Status.IN_PROGRESS}
            Replication.objects.filter(id=row.id, **started).update(failure_code=code)
            raise outbox.Later(again_at) from error
    except StorageUnavailable:
        raise
    except (RegistryError, AccessDenied) as error:
        code = code_of(error)
        child_codes = error.codes if isinstance(error, ChildrenNotReplicated) else ()
        log.info("an image could not be replicated", replication=row.id, code=code, error=str(error))
        if isinstance(error, ImageNotFound) and row.failure_code == PeerUnavailable.__name__:
            # An earlier try may have brought it though its answer was lost, and after its deletion had been there.
            _settle(row, RegistryId(row.registry_id, row.region))
    finish(row, code)
    return Outcome(code, child_codes)


def next_try(since: datetime) -> datetime | None:
    """When to ask a peer again that has been away; None if it is given up."""
    away = timezone.now() - since
    if away > PATIENCE:
        return None
    return timezone.now() + min(SHORTEST_PAUSE + away / 4, LONGEST_PAUSE)


def _deliver(row: Replication) -> None:
    """Bring an image to where it goes: a registry here, or one of a peer's."""
    source, destination = row.image.repository, RegistryId(row.registry_id, row.region)
    peer = peers.serving(row.region)
    if peer is None:
        replicas.put(caller_of(source), row.image, destination, row.tag)
        return
    sending.put(peer, row.image, destination, row.tag)
    _settle(row, destination)


def _settle(row: Replication, destination: RegistryId) -> None:
    """Look at what has changed while an image was on its way to a peer, where no lock keeps it: that follows it."""
    source = row.image.repository
    left = []
    if row.tag:
        now = ImageTag.objects.select_related("image__repository").filter(repository=source, name=row.tag).first()
        if now is not None and now.image_id != row.image_id and not routing.is_replica(now.image, row.tag):
            routing.queue(now.image, row.tag, destination)
        elif now is None:
            left.append(events.ReplicaLeft(source.id, row.image.digest, row.tag))
    if not Image.objects.filter(id=row.image_id, deleted_at=None).exists():
        left.append(events.ReplicaLeft(source.id, row.image.digest, ""))
    with transaction.atomic():
        for event in left:
            outbox.announce(event)


def end_given_up() -> int:
    """End copies whose work staff have discarded, which nothing else would; return how many."""
    backfills = ReplicationBackfill.objects.filter(
        ended_at=None,
        account=OuterRef("account"),
        source_region=OuterRef("source_region"),
        region=OuterRef("region"),
        registry_id=OuterRef("registry_id"),
    )
    waiting = _rows().filter(status=Status.IN_PROGRESS, started_at__lt=timezone.now() - SETTLED)
    ids = list(waiting.filter(~Exists(backfills)).order_by("started_at").values_list("id", flat=True)[:BATCH])
    rows = list(waiting.filter(id__in=outbox.without_work(events.ReplicationDue.__name__, "replication", ids)))
    for row in rows:
        finish(row, GIVEN_UP)
    return len(rows)


def finish(row: Replication, code: str) -> None:
    """Write how a copy ended, and announce it if it failed; a newer push of the same may have started it anew."""
    with transaction.atomic():
        mine = Replication.objects.filter(id=row.id, started_at=row.started_at, status=Status.IN_PROGRESS)
        status = Status.FAILED if code else Status.COMPLETE
        if mine.update(status=status, failure_code=code, finished_at=timezone.now()) and code:
            outbox.announce(events.ReplicationFailed(row.id))


def _rows() -> Any:
    return Replication.objects.select_related("image", "image__repository")
