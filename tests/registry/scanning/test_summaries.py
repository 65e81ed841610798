"""One word for each row: the worst platform, and never "none" where something was not looked at."""

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.caller import Caller
from registry.core import browsing, policies
from registry.models import Image, ImageScan
from registry.scanning import summaries
from registry.scanning.summaries import Summary
from registry.values import Address
from tests.factories.registry import push_image, push_index

DENY = """{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action":
"ecr-public:DescribeImages"}]}"""


@pytest.fixture
def pair(alice: Caller, public_address: Address) -> tuple[Image, Image, Image]:
    """Two images and an index over both."""
    amd = push_image(alice, public_address, "amd")
    arm = push_image(alice, public_address, "arm", architecture="arm64", layers=[b"arm"])
    return amd, arm, push_index(alice, public_address, "all", [amd, arm])


def of(caller: Caller, address: Address, *images: Image) -> list[Summary | None]:
    """The summaries of images."""
    platforms = browsing.platforms_of(images)
    found = summaries.of_rows(caller, address, ((image, platforms[image.id]) for image in images))
    return [found.get(image.digest) for image in images]


def scan(image: Image, status: str, reason: str = "", **counts: int) -> None:
    """A scan that is so far."""
    ImageScan.objects.update_or_create(image=image, defaults={"status": status, "reason": reason, "counts": counts})


def test_it_works(
    anonymous: Caller,
    public_address: Address,
    pair: tuple[Image, Image, Image],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    amd, arm, _ = pair
    scan(amd, "ACTIVE", HIGH=9, LOW=1)
    scan(arm, "COMPLETE", CRITICAL=1, UNDEFINED=2)
    with django_assert_max_num_queries(4):
        found = of(anonymous, public_address, *pair)
    assert found == [
        Summary("found", "high", 9, 10),
        Summary("found", "critical", 1, 3),
        Summary("found", "critical", 1, 3, "linux/arm64"),
    ]


@pytest.mark.parametrize(
    ("status", "reason", "state"),
    [
        ("PENDING", "", "waiting"),
        ("IN_PROGRESS", "", "waiting"),
        ("FAILED", "It is broken.", "failed"),
        ("UNSUPPORTED_IMAGE", "No packages.", "unknown"),
        ("FINDINGS_UNAVAILABLE", "No advisories.", "unknown"),
        ("COMPLETE", "There are no advisories about PyPI here.", "partial"),
        ("COMPLETE", "", "none"),
        ("ACTIVE", "", "none"),
        ("SCAN_ELIGIBILITY_EXPIRED", "", "none"),
        ("", "", "not_scanned"),
    ],
)
def test_an_index_is_clean_only_if_each_of_its_images_is(
    anonymous: Caller, public_address: Address, pair: tuple[Image, Image, Image], status: str, reason: str, state: str
) -> None:
    amd, arm, both = pair
    scan(amd, "ACTIVE")
    if status:
        scan(arm, status, reason)
    one, index = of(anonymous, public_address, arm, both)
    assert one is not None and index is not None and (one.state, index.state) == (state, state)


def test_who_may_not_see_images_sees_nothing_of_their_scans(
    alice: Caller, anonymous: Caller, public_address: Address, pair: tuple[Image, Image, Image]
) -> None:
    scan(pair[0], "ACTIVE", HIGH=9)
    policies.put(alice, public_address, DENY)
    assert of(anonymous, public_address, *pair) == [None, None, None]
