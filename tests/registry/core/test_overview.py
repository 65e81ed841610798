"""An account's use: bytes on disk once however often they are shared, pulls and pushes of a week, of nobody else."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.caller import Caller
from registry.core import overview
from registry.models import Blob, Image, PullCount
from registry.values import Address
from tests.factories.registry import make_repository, push_image


def pulled(image: Image, count: int, days: int = 0) -> None:
    """Pulls of so many days ago."""
    day = timezone.now().date() - timedelta(days=days)
    PullCount.objects.create(image=image, tag="1", day=day, count=count)


def test_it_works(alice: Caller, charlie: Caller, address: Address, django_assert_num_queries: Any) -> None:
    assert overview.use(alice) == overview.Use(on_disk=0, pulls=0, pushes=0)
    other = make_repository(alice, "team/other").address
    first, second = (push_image(alice, place, "1", layers=[b"a layer of both"]) for place in (address, other))
    pulled(first, 3)
    pulled(second, 4, days=6)
    pulled(second, 100, days=8)
    theirs = push_image(charlie, make_repository(charlie, "team/app").address, "1", layers=[b"a layer of theirs"])
    pulled(theirs, 50)
    shared = Blob.objects.filter(links__repository__account=alice.account_id).values_list("id", "size")
    stored = sum(dict(shared).values())
    with django_assert_num_queries(2):  # rights, sums
        found = overview.use(alice)
    assert found == overview.Use(on_disk=stored, pulls=7, pushes=2)
    used = overview.use(charlie)
    assert used and used.pulls == 50 and 0 < used.on_disk < stored


@pytest.mark.usefixtures("address")
def test_who_may_not_list_repositories_is_told_nothing(alice: Caller) -> None:
    stranger = Caller(
        account_id=alice.account_id, principal_arn=f"arn:aws:iam::{alice.account_id}:user/new", region="us-east-1"
    )
    assert overview.use(stranger) is None
