"""Numbers of pulls and pushes, from the table that the drainer fills."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from registry.core import images, statistics
from registry.metering.drain import drain
from registry.models import DailyPulls, Repository, TagEvent
from registry.values import Address, Digest, ImageTag
from tests.factories.registry import push_image, push_index


def test_it_works_from_pull_to_number(alice: Caller, address: Address, repository: Repository) -> None:
    """One pull of an index: one client, one tag, and the platform that was fetched after it."""
    child = push_image(alice, address)
    push_index(alice, address, "all", [child])
    images.get(alice, address, ImageTag("all"))
    images.get(alice, address, Digest.parse(child.digest))
    drain()
    found = statistics.of(alice, address)
    assert found.total == 1 and found.days[-1] == (timezone.now().date(), 1) and len(found.days) == 30
    assert (found.clients, found.tags, found.platforms) == ([("docker", 1)], [("all", 1)], [("linux/amd64", 1)])
    repository.refresh_from_db()
    assert repository.pull_count == statistics.recent_pulls(repository.id) == 1


def test_ranges_the_rest_and_months(alice: Caller, address: Address, repository: Repository) -> None:
    today = timezone.now().date()
    for number in range(25):
        DailyPulls.objects.create(repository=repository, by="tag", name=f"t{number:02}", day=today, count=30 - number)
    for days, count in ((0, 1), (29, 2), (30, 4), (364, 8), (365, 16)):
        day = today - timedelta(days=days)
        DailyPulls.objects.create(repository=repository, by="client", name="docker", day=day, count=count)
    assert [statistics.of(alice, address, days).total for days in statistics.RANGES] == [3, 7, 15]
    assert statistics.recent_pulls(repository.id) == 3
    found = statistics.of(alice, address)
    assert [name for name, _ in found.tags[:2]] == ["t00", "t01"] and len(found.tags) == statistics.MOST_TAGS
    assert found.other_tags == sum(30 - number for number in range(20, 25))
    push_image(alice, address, "a")
    TagEvent.objects.create(repository=repository, tag="b", kind="created", at=timezone.now() - timedelta(days=500))
    images.untag(alice, address, ImageTag("a"))
    TagEvent.objects.create(repository=repository, tag="a", kind="expired", rule=1)
    pushes = statistics.of(alice, address).pushes
    assert len(pushes) == statistics.MONTHS
    assert pushes[-1] == (date(today.year, today.month, 1), 1) and sum(count for _, count in pushes) == 1


def test_it_refuses_strangers(charlie: Caller, anonymous: Caller, address: Address) -> None:
    for caller, error in ((charlie, AccessDenied), (anonymous, CredentialsMissing)):
        with pytest.raises(error):
            statistics.of(caller, address)
