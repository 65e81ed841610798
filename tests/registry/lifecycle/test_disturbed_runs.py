"""Runs beside other workers, changes, kills and another policy."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.caller import Caller
from accounts.models import AuditEvent
from registry.core import images
from registry.lifecycle import policies, runs
from registry.models import Image, LifecycleRun, Repository
from registry.values import Address, Digest
from registry.values import ImageTag as Tag
from tests.factories.registry import push_image
from tests.registry.lifecycle.making import age, expire, keep_newest, live
from tests.registry.lifecycle.test_runs import put


def test_only_one_worker_is_at_a_repository(
    alice: Caller, address: Address, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second one leaves it; a worker that was taken for dead does no more."""
    for number in range(11):
        age(push_image(alice, address, f"v{number}"), 40)
    put(repository, expire(1, tagStatus="any"))
    act = runs._act
    seen: list[runs.Outcome] = []

    def interrupted(work: Any, batch: Any) -> None:
        if not seen:
            seen.append(runs.run(repository.id))
            LifecycleRun.objects.update(claimed_at=timezone.now() - timedelta(minutes=5))
            seen.append(runs.run(repository.id))
        act(work, batch)

    monkeypatch.setattr(runs, "_act", interrupted)
    outcome = runs.run(repository.id)
    assert seen[0].is_busy and seen[1].expired == 11 and outcome.expired == 11
    assert LifecycleRun.objects.count() == 1 and AuditEvent.objects.filter(event_name="BatchDeleteImage").count() == 2


def test_a_killed_run_is_finished_by_the_next(
    alice: Caller, address: Address, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(15):
        age(push_image(alice, address, f"v{number:02}"), 40)
    put(repository, expire(1, tagStatus="any"))
    act = runs._act
    batches: list[Any] = []

    def killed(work: Any, batch: Any) -> None:
        if batches:
            raise KeyboardInterrupt
        batches.append(batch)
        act(work, batch)

    monkeypatch.setattr(runs, "_act", killed)
    with pytest.raises(KeyboardInterrupt):
        runs.run(repository.id)
    assert len(live(repository)) == 5
    monkeypatch.setattr(runs, "_act", act)
    LifecycleRun.objects.update(claimed_at=timezone.now() - timedelta(minutes=5))
    assert runs.run(repository.id).expired == 15 and not live(repository)


def test_what_changes_meanwhile_is_decided_anew(
    alice: Caller, address: Address, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tag that comes to an image, an image that goes by hand: the policy is applied to what is there then."""
    kept, gone, third = (age(push_image(alice, address, f"x{number}"), 40 - number) for number in range(3))
    put(repository, expire(1, tagStatus="tagged", tagPrefixList=["keep"], countNumber=100), keep_newest(2, 1))
    act = runs._act
    calls: list[Any] = []

    def meanwhile(work: Any, batch: Any) -> None:
        if not calls:
            content = images.get(alice, address, Digest.parse(kept.digest)).content
            images.put(alice, address, Tag("keep"), kept.media_type, content)
            images.delete(alice, address, Digest.parse(third.digest))
        calls.append(batch)
        act(work, batch)

    monkeypatch.setattr(runs, "_act", meanwhile)
    outcome = runs.run(repository.id)
    assert live(repository) == {kept.digest, gone.digest} and (outcome.expired, outcome.held) == (0, 0)


def test_a_run_under_which_everything_always_changes_gives_up(
    alice: Caller, address: Address, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    age(push_image(alice, address, "1"), 40)
    put(repository, expire(1, tagStatus="any"))
    monkeypatch.setattr("registry.lifecycle.facts.of_images", lambda *_: {})
    outcome = runs.run(repository.id)
    assert (outcome.expired, outcome.held, len(live(repository))) == (0, 1, 1)
    repository.refresh_from_db()
    assert repository.lifecycle_due_at and repository.lifecycle_due_at <= timezone.now() + runs.FIRST_AFTER


def test_a_run_that_gets_on_goes_on_whatever_is_pushed_meanwhile(
    alice: Caller, address: Address, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A push after each batch makes a run decide anew; it gives up only where it gets nowhere."""
    for number in range(2 * runs.MOST_TRIES):
        age(push_image(alice, address, f"x{number}"), 40)
    monkeypatch.setattr(runs, "BATCH", 1)
    put(repository, expire(1, tagStatus="any"))
    act = runs._act
    pushed: list[Image] = []

    def disturbed(work: Any, batch: Any) -> None:
        act(work, batch)
        pushed.append(push_image(alice, address, f"new{len(pushed)}"))

    monkeypatch.setattr(runs, "_act", disturbed)
    outcome = runs.run(repository.id)
    assert (outcome.expired, outcome.held) == (2 * runs.MOST_TRIES, 0)
    assert live(repository) == {image.digest for image in pushed}


def test_a_disturbed_run_ends_in_time(
    alice: Caller, address: Address, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        age(push_image(alice, address, f"x{number}"), 40)
    monkeypatch.setattr(runs, "BATCH", 1)
    monkeypatch.setattr(runs, "LONGEST_DISTURBED", 0.0)
    put(repository, expire(1, tagStatus="any"))
    outcome = runs.run(repository.id)
    assert (outcome.expired, outcome.held) == (0, 3)


def test_a_policy_that_is_replaced_ends_the_run(
    alice: Caller, address: Address, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    age(push_image(alice, address, "1"), 40)
    put(repository, expire(1, tagStatus="any"))
    act = runs._act

    def replaced(work: Any, batch: Any) -> None:
        policies.delete(alice, address)
        act(work, batch)

    monkeypatch.setattr(runs, "_act", replaced)
    outcome = runs.run(repository.id)
    assert (outcome.expired, outcome.error, len(live(repository))) == (0, "PolicyChanged", 1)
    assert runs.run(repository.id).is_busy
