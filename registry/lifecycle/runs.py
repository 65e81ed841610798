"""Runs: apply a repository's policy to its images, in short transactions, one worker at a time.

A run decides about all images at once and acts in batches. Before each batch, under the repository's lock, it makes
sure that the run is still its own, that policy and images are as they were, and decides anew if they are not. It may be
killed anywhere: what is done is done by whole batches, and the next run finds the rest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Final
from uuid import UUID, uuid4

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.caller import Caller, service
from accounts.errors import AccountsError
from registry.core import archive, images, repositories
from registry.errors import ImageIsReferenced, ImageNotFound, RegistryError, StorageClassUpdateNotSupported
from registry.lifecycle import execution_events, facts, grammar
from registry.lifecycle.evaluation import Decision, ImageFacts, Why, evaluate, in_order
from registry.lifecycle.grammar import EXPIRE, SINCE_PULLED, Rule
from registry.models import LifecycleRun, Repository
from registry.values import Digest

log = structlog.get_logger(__name__)

FIRST_AFTER: Final = timedelta(hours=1)
"""How long after it was put a policy is applied first: time to look again."""
AGAIN_AFTER: Final = timedelta(hours=23)
"""Every policy is applied within 24 hours of the last time."""
CLAIM: Final = timedelta(minutes=2)
"""After which a run whose worker says nothing is taken over."""
BATCH: Final = 10
"""Images in one transaction, beside what is attached to the last of them; at most in one event of the trail."""
MOST_TOGETHER: Final = 100
"""Images in one transaction, whatever is attached to them."""
BATCH_TAGS: Final = 40
MOST_TRIES: Final = 5
"""How often a run that gets nowhere decides anew because something changed, before it leaves the rest for the next."""
LONGEST_DISTURBED: Final = 600.0
"""Seconds after which a run under which things change leaves the rest for the next, though it gets on."""
POLICY_CHANGED: Final = "PolicyChanged"
"""What ended a run whose policy was replaced or removed meanwhile."""
KEPT: Final = 30
"""Runs of a repository that are remembered."""


class _Changed(Exception):
    """Something is not as it was when the run decided."""


class _Over(Exception):
    """The run is another worker's, or its policy is gone."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did: how many images expired, were archived, or had to wait; `error` names what hindered it.

    `is_busy` if another worker is at it, or there is nothing to apply.
    """

    expired: int = 0
    archived: int = 0
    held: int = 0
    looked_at: int = 0
    error: str = ""
    is_busy: bool = False


@dataclass
class _Work:
    """A run that this worker has claimed."""

    run_id: int
    claim: UUID
    repository: Repository
    rules: tuple[Rule, ...]
    caller: Caller
    count: int = 0
    known: dict[str, ImageFacts] = field(default_factory=dict)

    @property
    def looks_at_pulls(self) -> bool:
        return any(rule.count_type == SINCE_PULLED for rule in self.rules)


def run(repository_id: int, now: datetime | None = None) -> Outcome:
    """Apply a repository's policy now. `now` is for tests: the time by which ages are told."""
    work = _claim(repository_id)
    if work is None:
        return Outcome(is_busy=True)
    error, held = "", 0
    try:
        held = _work(work, now)
    except _Over:
        mine = LifecycleRun.objects.filter(id=work.run_id, claim=work.claim, finished_at=None)
        mine.update(finished_at=timezone.now(), error=POLICY_CHANGED)
        return _outcome(work.run_id)
    except (RegistryError, AccountsError) as failure:
        error = type(failure).__name__
        log.warning("a lifecycle policy could not be applied", repository=repository_id, error=str(failure))
    _finish(work, held, error)
    return _outcome(work.run_id)


def decide(repository: Repository, text: str, now: datetime | None = None) -> tuple[list[ImageFacts], list[Decision]]:
    """What a policy would do at this moment: the images, and those decisions that act, in the order of acting."""
    found = facts.of_repository(repository.id)
    return found, in_order(found, evaluate(found, grammar.parse(text), now or timezone.now()))


def due(now: datetime, limit: int) -> list[int]:
    """Return repositories whose policy is to be applied, the longest waiting first; those without a time get one."""
    waiting = Repository.objects.filter(deleted_at=None, account__is_active=True).exclude(lifecycle_policy_text="")
    waiting.filter(lifecycle_due_at=None).update(lifecycle_due_at=now + FIRST_AFTER)
    is_due = Q(lifecycle_due_at__lte=now) | Q(lifecycle_due_at__gt=now + AGAIN_AFTER + timedelta(hours=2))
    return list(waiting.filter(is_due).order_by("lifecycle_due_at", "id").values_list("id", flat=True)[:limit])


def recent(repository: Repository, limit: int = 1) -> list[LifecycleRun]:
    """Return a repository's last runs, newest first; whoever calls has asked the gate."""
    return list(LifecycleRun.objects.filter(repository=repository).order_by("-id")[:limit])


def _claim(repository_id: int) -> _Work | None:
    """Begin a run, or take over one whose worker is gone."""
    with transaction.atomic():
        repository = (
            Repository.objects.select_for_update(no_key=True)
            .filter(id=repository_id, deleted_at=None)
            .exclude(lifecycle_policy_text="")
            .first()
        )
        if repository is None:
            return None
        now, claim = timezone.now(), uuid4()
        text = repository.lifecycle_policy_text
        open_run = LifecycleRun.objects.filter(repository=repository, finished_at=None).first()
        if open_run is None:
            open_run = LifecycleRun.objects.create(repository=repository, policy_text=text, claim=claim)
        elif abs(now - open_run.claimed_at) < CLAIM:
            return None
        else:
            LifecycleRun.objects.filter(id=open_run.id).update(claim=claim, claimed_at=now, policy_text=text)
    caller = service(repository.account_id, "lifecycle", region=repository.region)
    return _Work(open_run.id, claim, repository, grammar.parse(text), caller)


def _work(work: _Work, now: datetime | None) -> int:
    """Decide and act until nothing is left; how many images had to be left alone."""
    tries, until = 0, monotonic() + LONGEST_DISTURBED
    while tries < MOST_TRIES and monotonic() < until:
        tries += 1
        try:
            for batch in _batches(_decide(work, now), work.known):
                _act(work, batch)
                tries = 0
        except (_Changed, ImageIsReferenced, ImageNotFound, StorageClassUpdateNotSupported):
            continue
        return 0
    return len(_decide(work, now))


def _decide(work: _Work, now: datetime | None) -> list[Decision]:
    """Read all images and decide, with the number of images from before, so that whatever comes between shows."""
    work.count = Repository.objects.values_list("image_count", flat=True).get(id=work.repository.id)
    found = facts.of_repository(work.repository.id)
    work.known = {image.digest: image for image in found}
    mine = LifecycleRun.objects.filter(id=work.run_id, claim=work.claim, finished_at=None)
    if not mine.update(claimed_at=timezone.now(), looked_at=len(found)):
        raise _Over
    return in_order(found, evaluate(found, work.rules, now or timezone.now()))


def _batches(acting: Sequence[Decision], known: dict[str, ImageFacts]) -> Iterator[list[Decision]]:
    """Some images at a time, so that a transaction is short whatever tags they have.

    What is attached to an image goes in its batch: once the image is gone, no rule would find that any more.
    """
    batch: list[Decision] = []
    tags = 0
    for decision in acting:
        its = len(known[decision.digest].tags)
        is_full = len(batch) >= BATCH or tags + its > BATCH_TAGS
        comes_along = decision.why is Why.WITH_SUBJECT and len(batch) < MOST_TOGETHER
        if batch and is_full and not comes_along:
            yield batch
            batch, tags = [], 0
        batch.append(decision)
        tags += its
    if batch:
        yield batch


def _act(work: _Work, batch: list[Decision]) -> None:
    """One transaction. Raises _Changed, _Over, and what deleting and archiving raise."""
    rules = {decision.digest: decision.rule for decision in batch}
    expiring = [decision.digest for decision in batch if decision.action == EXPIRE]
    going = [decision.digest for decision in batch if decision.action != EXPIRE]
    address = work.repository.address
    with transaction.atomic():
        repositories.lock(work.repository)
        _require_unchanged(work, list(rules))
        if expiring:
            images.delete_many(work.caller, address, [Digest.parse(digest) for digest in expiring], rules=rules)
        if going:
            archive.put_away(work.caller, work.repository, going, rules)
        for start in range(0, len(batch), BATCH):
            some = batch[start : start + BATCH]
            execution_events.record(work.caller, work.repository, work.rules, some, work.known)
        LifecycleRun.objects.filter(id=work.run_id).update(
            expired=F("expired") + len(expiring), archived=F("archived") + len(going), claimed_at=timezone.now()
        )
    work.count -= len(expiring)


def _require_unchanged(work: _Work, digests: list[str]) -> None:
    """Return if policy, images and the claim are what they were; inside the transaction that locked the repository."""
    row = Repository.objects.values_list("lifecycle_policy_text", "image_count").get(id=work.repository.id)
    is_mine = LifecycleRun.objects.filter(id=work.run_id, claim=work.claim, finished_at=None).exists()
    if not is_mine or row[0] != work.repository.lifecycle_policy_text:
        raise _Over
    now_there = facts.of_images(work.repository.id, digests)
    before = [work.known[digest] for digest in digests]
    after = [now_there[digest] for digest in digests if digest in now_there]
    if not work.looks_at_pulls:
        before, after = facts.without_pulls(before), facts.without_pulls(after)
    if before != after or row[1] != work.count:
        raise _Changed


def _finish(work: _Work, held: int, error: str) -> None:
    """End the run, and say when the next is due."""
    now = timezone.now()
    with transaction.atomic():
        mine = LifecycleRun.objects.filter(id=work.run_id, claim=work.claim, finished_at=None)
        if not mine.update(finished_at=now, held=held, error=error):
            return
        text = work.repository.lifecycle_policy_text
        Repository.objects.filter(id=work.repository.id, lifecycle_policy_text=text).update(
            lifecycle_evaluated_at=now, lifecycle_due_at=now + (FIRST_AFTER if held else AGAIN_AFTER)
        )
        kept = LifecycleRun.objects.filter(repository=work.repository).order_by("-id").values_list("id", flat=True)
        LifecycleRun.objects.filter(repository=work.repository).exclude(id__in=list(kept[:KEPT])).delete()


def _outcome(run_id: int) -> Outcome:
    row = LifecycleRun.objects.filter(id=run_id).first()
    if row is None:
        return Outcome(is_busy=True)
    return Outcome(row.expired, row.archived, row.held, row.looked_at, row.error, row.finished_at is None)
