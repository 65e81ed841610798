"""The schedule of policies: a clock that jumps lets no image expire, and one policy that fails holds no other up."""

from datetime import timedelta

from django.utils import timezone

from accounts.caller import Caller
from registry.lifecycle import tasks
from registry.models import LifecycleClock, Repository
from registry.values import Address
from tests.factories.registry import make_repository, push_image
from tests.registry.lifecycle.making import age, expire, live, policy


def test_the_schedule_applies_what_is_due_if_the_clock_is_believed(
    alice: Caller, address: Address, repository: Repository
) -> None:
    age(push_image(alice, address, "1"), 40)
    fields = {"lifecycle_policy_text": policy(expire(1, tagStatus="any")), "lifecycle_due_at": timezone.now()}
    Repository.objects.filter(id=repository.id).update(**fields)
    LifecycleClock.objects.create(seen_at=timezone.now() - timedelta(days=3))
    assert tasks.run_lifecycle() == 0 and live(repository)
    LifecycleClock.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert tasks.run_lifecycle() == 1 and not live(repository)
    assert tasks.run_lifecycle() == 0


def test_a_policy_that_fails_holds_no_other_up(alice: Caller, address: Address, repository: Repository) -> None:
    """Such as one of an earlier version that can't be read any more."""
    age(push_image(alice, address, "1"), 40)
    fields = {"lifecycle_policy_text": policy(expire(1, tagStatus="any")), "lifecycle_due_at": timezone.now()}
    Repository.objects.filter(id=repository.id).update(**fields)
    long_ago = timezone.now() - timedelta(days=1)
    make_repository(alice, "team/old", lifecycle_policy_text="{}")
    Repository.objects.filter(name="team/old").update(lifecycle_due_at=long_ago)
    assert tasks.run_lifecycle() == 1 and not live(repository)
