"""Backfills: copy what was there before the rules, to one destination, because somebody asked.

A backfill first lists what is to be copied, each image under each of its tags, then copies it in small steps. It is run
by the outbox, may be killed anywhere, and goes on where it was: a result is written once, and copying again changes
nothing.
"""

from collections.abc import Mapping
from datetime import timedelta
from time import monotonic
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from registry import events
from registry.core import addresses, naming, permissions, registries
from registry.errors import (
    BackfillInProgress,
    BackfillInvalidStatus,
    BackfillNotFound,
    InvalidValue,
    LimitExceeded,
    PeerUnavailable,
)
from registry.models import Image, Replication, ReplicationBackfill, ReplicationBackfillResult
from registry.models.replication import MOVES, OPEN
from registry.replication import copying, routing, rules
from registry.values import RegistryId

Status = ReplicationBackfill.Status
Result = ReplicationBackfillResult.Status

MOST_OPEN: Final = 10
KEPT_FOR: Final = timedelta(days=90)
LISTED: Final = 200
"""Images that are looked at in one transaction, for the list."""
COPIED: Final = 20
"""Results between two looks at whether somebody has stopped it."""
SECONDS: Final = 10.0
"""How long one task works before it makes room and starts another."""
PRUNED: Final = 500
NOT_CONFIGURED: Final = "DestinationNotConfigured"
"""What ends a backfill whose destination is in no rule any more."""


def start(caller: Caller, registry: RegistryId, destination: RegistryId) -> ReplicationBackfill:
    """Begin to copy to a destination of the rules.

    Raises InvalidValue if no rule has it, BackfillInProgress, LimitExceeded.
    """
    permissions.require_in_registry(caller, registry, Action.START_REPLICATION_BACKFILL)
    if not _towards(registry, destination):
        said = "is no destination of the replication configuration"
        raise InvalidValue(f"{destination.account_id}/{destination.region}", said)
    place = {"account_id": registry.account_id, "source_region": registry.region}
    try:
        with transaction.atomic():
            if ReplicationBackfill.objects.filter(**place, ended_at=None).count() >= MOST_OPEN:
                raise LimitExceeded(f"A registry may have {MOST_OPEN} replication backfills in progress")
            made = ReplicationBackfill.objects.create(
                **place,
                region=destination.region,
                registry_id=destination.account_id,
                created_by=caller.principal_arn,
            )
            _record(caller, registry, Action.START_REPLICATION_BACKFILL, made)
            outbox.announce(events.BackfillQueued(str(made.id)))
    except IntegrityError as error:
        raise BackfillInProgress(destination.region, registry.account_id) from error
    return made


def stop(caller: Caller, registry: RegistryId, backfill_id: str) -> ReplicationBackfill:
    """Stop a backfill after the copies that are under way. Raises BackfillNotFound, BackfillInvalidStatus."""
    permissions.require_in_registry(caller, registry, Action.STOP_REPLICATION_BACKFILL)
    with transaction.atomic():
        row = _of(registry).select_for_update().filter(id=_id(registry, backfill_id)).first()
        if row is None:
            raise BackfillNotFound(backfill_id, registry.account_id)
        if not (_move(row, Status.STOPPING) or (row.status == Status.PREPARING and _move(row, Status.STOPPED))):
            raise BackfillInvalidStatus(backfill_id, registry.account_id)
        _record(caller, registry, Action.STOP_REPLICATION_BACKFILL, row)
        if not row.is_over:
            outbox.announce(events.BackfillQueued(str(row.id)))
    return row


def get(caller: Caller, registry: RegistryId, backfill_id: str) -> ReplicationBackfill:
    """Return a backfill. BackfillNotFound."""
    permissions.require_in_registry(caller, registry, Action.DESCRIBE_REPLICATION_BACKFILL_RESULTS)
    row = _of(registry).filter(id=_id(registry, backfill_id)).first()
    if row is None:
        raise BackfillNotFound(backfill_id, registry.account_id)
    return row


def results(
    backfill: ReplicationBackfill, *, status: str = "", after: int = 0, limit: int = 100
) -> tuple[list[ReplicationBackfillResult], bool]:
    """Return the results of a backfill that `get` has returned, and whether more follow; none until it is over."""
    if not backfill.is_over:
        return [], False
    wanted = [status] if status else [Result.COMPLETE, Result.FAILED]
    rows = list(backfill.results.filter(id__gt=after, status__in=wanted).order_by("id")[: limit + 1])
    return rows[:limit], len(rows) > limit


def failure_codes(backfill: ReplicationBackfill) -> list[str]:
    """The codes of what has failed so far, each once."""
    if not backfill.failed:
        return []
    failed = backfill.results.filter(status=Result.FAILED).order_by("failure_code")
    return list(failed.values_list("failure_code", flat=True).distinct())


def recent(
    caller: Caller, registry: RegistryId, *, after: str = "", limit: int = 50
) -> tuple[list[ReplicationBackfill], bool]:
    """Return a registry's backfills, newest first, after the one of an id, and whether more follow."""
    permissions.require_in_registry(caller, registry, Action.LIST_REPLICATION_BACKFILLS)
    found = _of(registry)
    last = found.filter(id=_id(registry, after)).first() if after else None
    if last is not None:
        found = found.filter(Q(started_at__lt=last.started_at) | Q(started_at=last.started_at, id__lt=last.id))
    rows = list(found.order_by("-started_at", "-id")[: limit + 1])
    return rows[:limit], len(rows) > limit


def run(payload: Mapping[str, Any]) -> None:
    """Work on a backfill for a while; started by BackfillQueued, and by itself while something is left."""
    backfill_id, until = UUID(payload["backfill"]), monotonic() + SECONDS
    while monotonic() < until:
        if not _work(backfill_id):
            return
    with transaction.atomic():
        outbox.announce(events.BackfillQueued(str(backfill_id)))


def prune() -> int:
    """Remove backfills that ended long ago, with their results; return how many."""
    gone = 0
    for row in ReplicationBackfill.objects.filter(ended_at__lte=timezone.now() - KEPT_FOR)[:PRUNED]:
        while ids := list(row.results.values_list("id", flat=True)[:PRUNED]):
            ReplicationBackfillResult.objects.filter(id__in=ids).delete()
        row.delete()
        gone += 1
    return gone


def _work(backfill_id: UUID) -> bool:
    """Do the next step; False if nothing is left to do."""
    with transaction.atomic():
        row = ReplicationBackfill.objects.select_for_update().filter(id=backfill_id).first()
        if row is None or row.is_over:
            return False
        if row.status == Status.STOPPING:
            _move(row, Status.STOPPED)
            _let_go(row)
            return False
        registry, destination = RegistryId(row.account_id, row.source_region), RegistryId(row.registry_id, row.region)
        found = _towards(registry, destination)
        if not found:
            _move(row, Status.FAILED, failure_code=NOT_CONFIGURED)
            _let_go(row)
            return False
        if row.status == Status.PREPARING:
            _list(row, found)
            return True
        batch = list(row.results.filter(status=Result.PENDING).order_by("id")[:COPIED])
        if not batch:
            _move(row, Status.COMPLETE)
            return False
    for result in batch:
        _copy(row, result, destination)
    return True


def _list(row: ReplicationBackfill, found: list[rules.Rule]) -> None:
    """Look at the next images for what is to be copied; at the end say how much it is."""
    images = list(_images(row, found)[:LISTED])
    if not images:
        _move(row, Status.IN_PROGRESS, total=row.results.count())
        return
    ReplicationBackfillResult.objects.bulk_create(
        (
            ReplicationBackfillResult(
                backfill=row,
                image_number=image.id,
                repository_name=image.repository.name,
                digest=image.digest,
                tag=tag,
            )
            for image in images
            for tag in _tags(image)
            if any(rule.covers(image.repository.name) and rule.takes(tag) for rule in found)
        ),
        ignore_conflicts=True,
    )
    ReplicationBackfill.objects.filter(id=row.id).update(listed_until=images[-1].id)


def _images(row: ReplicationBackfill, found: list[rules.Rule]) -> QuerySet[Image]:
    """The images that can be pulled, and were not made here, in the repositories that the rules cover, by number."""
    images = Image.objects.filter(
        repository__account_id=row.account_id,
        repository__region=row.source_region,
        repository__deleted_at=None,
        deleted_at=None,
        image_status=Image.Status.ACTIVE,
        is_generated=False,
        id__gt=row.listed_until,
    )
    if all(rule.prefixes for rule in found):
        wanted = Q()
        for prefix in {prefix for rule in found for prefix in rule.prefixes}:
            wanted |= Q(repository__name__startswith=prefix)
        images = images.filter(wanted)
    return images.select_related("repository").prefetch_related("tags").order_by("id")


def _tags(image: Image) -> list[str]:
    """The tags under which an image is to be copied; "" for one that has none, unless an index brings it."""
    tags = [tag.name for tag in image.tags.all()]
    if not tags:
        is_named = naming.of(image.repository, [image.digest]).exists()
        tags = [] if is_named else [""]
    return [tag for tag in sorted(tags) if not routing.is_replica(image, tag)]


def _copy(row: ReplicationBackfill, result: ReplicationBackfillResult, destination: RegistryId) -> None:
    """Copy one image and write its result, if nobody has meanwhile.

    outbox.Later while a peer is away, for a day since it was found away: a backfill may take longer.
    """
    image = Image.objects.select_related("repository").filter(id=result.image_number).first()
    outcome = copying.Outcome("ImageNotFound")
    if image is not None:
        replication: Replication = routing.start(image, result.tag, destination, image.repository)
        try:
            outcome = copying.copy(replication, since=row.away_since)
        except outbox.Later:
            ReplicationBackfill.objects.filter(id=row.id, away_since=None).update(away_since=replication.started_at)
            raise
        if row.away_since is not None and outcome.code != PeerUnavailable.__name__:
            ReplicationBackfill.objects.filter(id=row.id).update(away_since=None)
            row.away_since = None
    status = Result.FAILED if outcome.code else Result.COMPLETE
    with transaction.atomic():
        mine = ReplicationBackfillResult.objects.filter(id=result.id, status=Result.PENDING)
        codes = list(outcome.child_codes)
        if mine.update(status=status, failure_code=outcome.code, child_failure_codes=codes):
            counted = "failed" if outcome.code else "completed"
            ReplicationBackfill.objects.filter(id=row.id).update(**{counted: F(counted) + 1})


def _let_go(row: ReplicationBackfill) -> None:
    """Give a copy that has begun, and waits for a peer, work of its own: nothing else would ever end it."""
    pending = row.results.filter(status=Result.PENDING).order_by("id")[:COPIED]
    wanted = Q()
    for result in pending:
        wanted |= Q(image=result.image_number, tag=result.tag)
    begun = Replication.objects.filter(region=row.region, registry_id=row.registry_id, started_at__gte=row.started_at)
    waiting = begun.filter(wanted, status=Replication.Status.IN_PROGRESS) if wanted else begun.none()
    outbox.announce(*(events.ReplicationDue(number) for number in waiting.values_list("id", flat=True)))


def _towards(registry: RegistryId, destination: RegistryId) -> list[rules.Rule]:
    """The rules that lead to a destination."""
    found = rules.read(registries.of(registry).replication_configuration)
    return list(rules.towards(found, destination))


def _move(row: ReplicationBackfill, status: Status, **fields: Any) -> bool:
    """Let a backfill be in another status, if the table lets it; inside the transaction that locked its row."""
    if status not in MOVES[Status(row.status)]:
        return False
    if status not in OPEN:
        fields["ended_at"] = timezone.now()
    ReplicationBackfill.objects.filter(id=row.id).update(status=status, **fields)
    for name, value in ({"status": status} | fields).items():
        setattr(row, name, value)
    return True


def _of(registry: RegistryId) -> QuerySet[ReplicationBackfill]:
    """The backfills of a registry, those left out that ended too long ago."""
    found = ReplicationBackfill.objects.filter(account_id=registry.account_id, source_region=registry.region)
    return found.exclude(ended_at__lte=timezone.now() - KEPT_FOR)


def _id(registry: RegistryId, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise BackfillNotFound(text, registry.account_id) from error


def _record(caller: Caller, registry: RegistryId, action: Action, row: ReplicationBackfill) -> None:
    details = {
        "replicationBackfillId": str(row.id),
        "destination": {"region": row.region, "registryId": row.registry_id},
    }
    trail.record(caller, action, addresses.registry_arn(registry), details=details)
