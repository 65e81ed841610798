"""Long jobs: started with all their targets, worked through in short transactions, cancelled, and retried.

A job is run by task workers through the outbox. It may be killed anywhere: a batch is saved with the changes that it
made, and what was not saved is done again. It acts with the rights that its person has at that moment.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts import gate, outbox
from accounts.audit.actions import Action
from accounts.authn import callers
from accounts.caller import Caller
from accounts.errors import AccessDenied, NotFound
from accounts.iam.arn import Arn
from accounts.models import Membership
from registry import events
from registry.core import audit_pages, keyset
from registry.core.browsing import PAGE, Page
from registry.core.keyset import Order
from registry.errors import RegistryError, StorageFull, StorageUnavailable
from registry.models import WorkItem, WorkTarget
from registry.models.work import MOVES, OPEN
from registry.values import RegistryId

State = WorkItem.State
Handler = Callable[[Caller, WorkItem, str], None]
"""Does one target of an item; what it raises of RegistryError and AccessDenied is that target's failure.

StorageUnavailable and StorageFull are no target's: the outbox tries again later.
"""

CANCEL: Final = f"kho:{Action.CANCEL_WORK}"
ORDER: Final = Order("created_at", datetime)
BATCH: Final = 20
"""Targets in one transaction: SQLite has one writer, and others wait meanwhile."""
SECONDS: Final = 10.0
"""How long one task works before it makes room and starts another."""
NOTED_FOR: Final = timedelta(days=7)
MOST_NOTED: Final = 10
LEFT: Final = "MembershipEnded"
"""The failure of everything that is left when the person is no member of the account any more."""


def start(
    caller: Caller,
    membership: Membership,
    registry: RegistryId,
    kind: str,
    targets: Sequence[str],
    *,
    subject: str = "",
    params: Mapping[str, Any] | None = None,
) -> WorkItem:
    """Begin a job on targets. Each of them passes the gate when its turn comes."""
    with transaction.atomic():
        item = WorkItem.objects.create(
            account_id=registry.account_id,
            region=registry.region,
            kind=kind,
            subject=subject,
            params=dict(params or {}),
            total=len(targets),
            membership=membership,
            source_ip=caller.source_ip,
            is_secure=caller.is_secure,
            created_by=caller.principal_arn,
        )
        WorkTarget.objects.bulk_create((WorkTarget(item=item, name=name) for name in targets), batch_size=500)
        outbox.announce(events.WorkQueued(str(item.id)))
    return item


def recent(caller: Caller, *, after: str = "", before: str = "", limit: int = PAGE) -> Page[WorkItem]:
    """Return the jobs that the caller may see, newest first."""
    found = _of(caller)
    cut = keyset.cut(found, ORDER, descending=True, after=after, before=before, limit=limit)
    return Page(cut.rows, cut.next, found.count(), cut.previous)


def of_note(caller: Caller) -> list[WorkItem]:
    """Return the caller's own jobs that are not over, or ended with failures in the last days, newest first."""
    since = timezone.now() - NOTED_FOR
    noted = Q(state__in=OPEN) | Q(state=State.PARTIAL, finished_at__gte=since)
    mine = WorkItem.objects.filter(noted, account_id=caller.account_id, created_by=caller.principal_arn)
    return list(mine.order_by("-created_at")[:MOST_NOTED])


def get(caller: Caller, item_id: str) -> WorkItem:
    """Return a job that the caller may see. NotFound."""
    item = _of(caller).filter(id=item_id).first() if _is_id(item_id) else None
    if item is None:
        raise NotFound(f"work item {item_id}")
    return item


def failures(item: WorkItem, limit: int = PAGE) -> list[WorkTarget]:
    """Return the first targets that failed."""
    return list(item.targets.filter(state=WorkTarget.State.FAILED).order_by("id")[:limit])


def may_cancel(caller: Caller, item: WorkItem) -> bool:
    """Whether a job is the caller's own, or it may stop those of others."""
    return item.created_by == caller.principal_arn or gate.decide(caller, CANCEL, arn(item)).allowed


def arn(item: WorkItem) -> Arn:
    """How policies name a job."""
    return Arn("kho", item.region, item.account_id, f"work/{item.id}")


def cancel(caller: Caller, item_id: str) -> WorkItem:
    """Stop a job after the batch that is under way; what is done stays done. NotFound, AccessDenied."""
    item = get(caller, item_id)
    if item.created_by != caller.principal_arn:
        gate.require(caller, CANCEL, arn(item))
    with transaction.atomic():
        locked = _lock(item.id)
        if locked and _move(locked, State.CANCELLED) and item.created_by != caller.principal_arn:
            outbox.announce(events.WorkEnded(str(item.id)))
    item.refresh_from_db()
    return item


def retry(caller: Caller, item_id: str) -> WorkItem:
    """Take up again what failed. Only who started it may: it acts with their rights. NotFound."""
    item = get(caller, item_id)
    if item.created_by != caller.principal_arn:
        raise NotFound(f"work item {item_id}")
    with transaction.atomic():
        locked = _lock(item.id)
        if locked and _move(locked, State.QUEUED):
            count = locked.targets.filter(state=WorkTarget.State.FAILED).update(
                state=WorkTarget.State.PENDING, error=""
            )
            WorkItem.objects.filter(id=item.id).update(failed=F("failed") - count, finished_at=None)
            outbox.announce(events.WorkQueued(str(item.id)))
    item.refresh_from_db()
    return item


def run(payload: Mapping[str, Any]) -> None:
    """Work on a job for a while; started by WorkQueued, and by itself while something is left."""
    item_id = UUID(payload["item"])
    until = monotonic() + SECONDS
    while monotonic() < until:
        if not _work(item_id):
            return
    with transaction.atomic():
        outbox.announce(events.WorkQueued(str(item_id)))


def _work(item_id: UUID) -> bool:
    """Do the next batch; False if nothing is left to do.

    After StorageUnavailable or StorageFull what was done before counts.
    """
    hindered: StorageUnavailable | StorageFull | None = None
    with transaction.atomic():
        item = _lock(item_id)
        if item is None or item.state not in OPEN:
            return False
        if item.state == State.QUEUED:
            _move(item, State.RUNNING, started_at=timezone.now())
        batch = list(item.targets.filter(state=WorkTarget.State.PENDING).order_by("id")[:BATCH])
        if not batch:
            if _move(item, State.PARTIAL if item.failed else State.DONE, finished_at=timezone.now()):
                outbox.announce(events.WorkEnded(str(item_id)))
            return False
        caller, worked = _caller(item), list[WorkTarget]()
        for target in batch:
            try:
                target.error = LEFT if caller is None else _failure(caller, item, target.name)
            except (StorageUnavailable, StorageFull) as error:
                hindered = error
                break
            target.state = WorkTarget.State.FAILED if target.error else WorkTarget.State.DONE
            worked.append(target)
        WorkTarget.objects.bulk_update(worked, ["state", "error"])
        failed = sum(bool(target.error) for target in worked)
        WorkItem.objects.filter(id=item_id).update(failed=F("failed") + failed, done=F("done") + len(worked) - failed)
    if hindered is not None:
        raise hindered
    return True


def _failure(caller: Caller, item: WorkItem, name: str) -> str:
    """Do one target; the name of what hindered it, empty if it is done. StorageUnavailable, StorageFull."""
    handler: Handler = import_string(settings.WORK_KINDS[item.kind])
    try:
        with transaction.atomic():
            handler(caller, item, name)
    except (StorageUnavailable, StorageFull):
        raise
    except (RegistryError, AccessDenied) as error:
        return type(error).__name__
    return ""


def _caller(item: WorkItem) -> Caller | None:
    """The person, with the rights of this moment; None if they are no member any more."""
    if item.membership_id is None:
        return None
    known = Membership.objects.filter(
        id=item.membership_id, account__is_active=True, role__is_active=True, person__is_active=True
    )
    membership = known.select_related("account", "role", "person").first()
    if membership is None:
        return None
    return callers.from_membership(
        membership,
        region=item.region,
        source_ip=item.source_ip,
        user_agent="kho/work",
        request_id=str(item.id),
        is_secure=item.is_secure,
    )


def _lock(item_id: UUID) -> WorkItem | None:
    """Hold an item's row: one worker at a time is at it."""
    return WorkItem.objects.select_for_update().filter(id=item_id).first()


def _move(item: WorkItem, state: State, **fields: Any) -> bool:
    """Let an item be in another state, if the table lets it."""
    if state not in MOVES[State(item.state)]:
        return False
    if state not in OPEN:
        fields.setdefault("finished_at", timezone.now())
    item.state = state
    return bool(WorkItem.objects.filter(id=item.id).update(state=state, **fields))


def _of(caller: Caller) -> QuerySet[WorkItem]:
    """The jobs that the caller may see: its own, and all of its account for who may look up events."""
    found = WorkItem.objects.filter(account_id=caller.account_id)
    return found if audit_pages.may_look(caller) else found.filter(created_by=caller.principal_arn)


def _is_id(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False
