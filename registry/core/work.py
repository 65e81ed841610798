"""Long jobs: started with all their targets, worked through in short transactions, cancelled, and retried.

A job is run by task workers through the outbox. It may be killed anywhere: a batch is saved with the changes that it
made, and what was not saved is done again. It acts with the rights that its person has at that moment.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from time import monotonic
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts import outbox
from accounts.authn import callers
from accounts.caller import Caller
from accounts.errors import AccessDenied, NotFound
from accounts.models import Membership
from registry import events
from registry.core import audit_pages
from registry.core.browsing import PAGE, Page
from registry.errors import RegistryError
from registry.models import WorkItem, WorkTarget
from registry.models.work import MOVES, OPEN
from registry.values import RegistryId

State = WorkItem.State
Handler = Callable[[Caller, WorkItem, str], None]
"""Does one target of an item; what it raises of RegistryError and AccessDenied is that target's failure."""

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
            created_by=caller.principal_arn,
        )
        WorkTarget.objects.bulk_create((WorkTarget(item=item, name=name) for name in targets), batch_size=500)
        outbox.announce(events.WorkQueued(str(item.id)))
    return item


def recent(caller: Caller, *, after: str = "", limit: int = PAGE) -> Page[WorkItem]:
    """Return the jobs that the caller may see, newest first; `after` is a job's id."""
    found = _of(caller)
    last = found.filter(id=after).first() if _is_id(after) else None
    total = found.count()
    if last:
        found = found.filter(created_at__lte=last.created_at).exclude(id=last.id)
    rows = list(found.order_by("-created_at", "-id")[: limit + 1])
    return Page(rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else "", total)


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


def cancel(caller: Caller, item_id: str) -> WorkItem:
    """Stop a job after the batch that is under way; what is done stays done."""
    item = get(caller, item_id)
    with transaction.atomic():
        locked = _lock(item.id)
        if locked:
            _move(locked, State.CANCELLED)
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
    """Do the next batch; False if nothing is left to do."""
    with transaction.atomic():
        item = _lock(item_id)
        if item is None or item.state not in OPEN:
            return False
        if item.state == State.QUEUED:
            _move(item, State.RUNNING, started_at=timezone.now())
        batch = list(item.targets.filter(state=WorkTarget.State.PENDING).order_by("id")[:BATCH])
        if not batch:
            _move(item, State.PARTIAL if item.failed else State.DONE, finished_at=timezone.now())
            return False
        caller = _caller(item)
        for target in batch:
            target.error = LEFT if caller is None else _failure(caller, item, target.name)
            target.state = WorkTarget.State.FAILED if target.error else WorkTarget.State.DONE
        WorkTarget.objects.bulk_update(batch, ["state", "error"])
        failed = sum(bool(target.error) for target in batch)
        WorkItem.objects.filter(id=item_id).update(failed=F("failed") + failed, done=F("done") + len(batch) - failed)
    return True


def _failure(caller: Caller, item: WorkItem, name: str) -> str:
    """Do one target; the name of what hindered it, empty if it is done."""
    handler: Handler = import_string(settings.WORK_KINDS[item.kind])
    try:
        with transaction.atomic():
            handler(caller, item, name)
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
        membership, region=item.region, source_ip=item.source_ip, user_agent="kho/work", request_id=str(item.id)
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
