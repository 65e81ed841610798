"""Lists of repositories: every sort in both directions, every filter, counters that follow the images."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.caller import Caller, Staff
from accounts.errors import AccessDenied, CredentialsMissing
from registry.core import images, registries, repositories, repository_pages, takedowns
from registry.core.repository_pages import SORTS, RepositoryFilter
from registry.models import Image, RegistrySettings, Repository
from registry.values import Address, Digest
from tests.factories.registry import make_repository, push_image, push_index

POLICY = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}'


def listed(caller: Caller, address: Address, sort: str = "name", **only: object) -> list[str]:
    """The names of all rows, two at a time."""
    found: list[str] = []
    after = ""
    while True:
        chosen = RepositoryFilter(**only)  # type: ignore[arg-type]  # the tests name the fields
        page = repository_pages.page(caller, address.registry, only=chosen, sort=sort, after=after, limit=2)
        found += [row.repository.name for row in page.rows]
        if page.previous:
            back = repository_pages.page(
                caller, address.registry, only=chosen, sort=sort, before=page.previous, limit=2
            )
            assert back.next == after and [row.repository.name for row in back.rows] == found[-2 - len(page.rows) :][:2]
        if not page.next:
            assert page.total == len(found)
            return found
        after = page.next


def test_it_works_in_every_order(alice: Caller, address: Address) -> None:
    now = timezone.now()
    for number, name in enumerate(("bb", "aa", "dd", "cc", "ee")):
        make_repository(alice, name)
        Repository.objects.filter(name=name).update(
            image_count=number % 2,
            stored_size=number * 7,
            last_push_at=None if number < 2 else now - timedelta(days=number),
            last_pull_at=None if number % 2 else now - timedelta(days=number),
            image_tag_mutability="IMMUTABLE" if number else "MUTABLE",
        )
    repositories.delete(alice, address, force=True)
    assert listed(alice, address) == ["aa", "bb", "cc", "dd", "ee"]
    assert listed(alice, address, "pushed") == ["bb", "aa", "ee", "cc", "dd"], "never pushed comes first"
    assert listed(alice, address, "-pushed") == ["dd", "cc", "ee", "aa", "bb"], "and last the other way round"
    assert listed(alice, address, "-size") == ["ee", "cc", "dd", "aa", "bb"]
    for sort in SORTS:
        assert listed(alice, address, f"-{sort}") == listed(alice, address, sort)[::-1]


WILD = ("team/*", "*web", "t*m/w*b", "app")


def scanning(scan_type: str, **rules: tuple[str, ...]) -> dict[str, object]:
    """A configuration of scanning."""
    made = [
        {
            "scanFrequency": frequency,
            "repositoryFilters": [{"filter": each, "filterType": "WILDCARD"} for each in texts],
        }
        for frequency, texts in rules.items()
    ]
    return {"scanType": scan_type, "rules": made}


@pytest.mark.parametrize(
    "configuration",
    [
        {},
        scanning("BASIC"),
        scanning("BASIC", SCAN_ON_PUSH=("team/*",)),
        scanning("BASIC", SCAN_ON_PUSH=("web",), MANUAL=WILD),
        scanning("ENHANCED"),
        scanning("ENHANCED", CONTINUOUS_SCAN=("*/web", "x.y"), SCAN_ON_PUSH=WILD),
        scanning("ENHANCED", SCAN_ON_PUSH=("a*p*",)),
    ],
)
def test_it_finds_those_that_are_scanned_in_a_way(
    alice: Caller, address: Address, configuration: dict[str, object]
) -> None:
    for name, on_push in (("team/web", True), ("web", False), ("application", True), ("x-y", False), ("xay", True)):
        make_repository(alice, name, scan_on_push=on_push)
    RegistrySettings.objects.create(
        account_id=alice.account_id, region="us-east-1", scanning_configuration=configuration
    )
    rows = repository_pages.page(alice, address.registry).rows
    known = {row.repository.name: registries.scan_of(row.repository).frequency for row in rows}
    assert {row.repository.name: row.scanning for row in rows} == known and len(known) == 6
    for frequency in (registries.ON_PUSH, registries.CONTINUOUS, registries.MANUAL):
        wanted = sorted(name for name, found in known.items() if found == frequency)
        assert listed(alice, address, scanning=frequency) == wanted, frequency
        assert repository_pages.names(alice, address.registry, RepositoryFilter(scanning=frequency)) == wanted


def test_it_works_with_every_filter(alice: Caller, address: Address) -> None:
    make_repository(alice, "team/b", resource_tags={"team": "shop", "2024": "x", "empty": ""})
    make_repository(alice, "other/team", image_tag_mutability="IMMUTABLE", policy_text=POLICY)
    push_image(alice, address, "1")
    Repository.objects.filter(name="team/app").update(last_pull_at=timezone.now() - timedelta(days=3))
    assert listed(alice, address, contains="team") == ["other/team", "team/app", "team/b"]
    assert listed(alice, address, prefix="team/") == ["team/app", "team/b"]
    assert listed(alice, address, tag="team") == listed(alice, address, tag="team=shop") == ["team/b"]
    assert listed(alice, address, tag="2024=x") == listed(alice, address, tag="empty=") == ["team/b"]
    assert listed(alice, address, tag="team=sho") == listed(alice, address, tag="2024=y") == []
    assert listed(alice, address, tag='q"uote=1') == listed(alice, address, tag="a.b=c") == []
    assert listed(alice, address, mutability="IMMUTABLE") == ["other/team"]
    assert listed(alice, address, is_empty=False) == ["team/app"]
    assert listed(alice, address, is_empty=True) == ["other/team", "team/b"]
    assert listed(alice, address, has_policy=True) == ["other/team"]
    assert listed(alice, address, has_policy=False) == ["team/app", "team/b"]
    assert listed(alice, address, not_pulled_for=2) == ["other/team", "team/app", "team/b"]
    assert listed(alice, address, not_pulled_for=4) == ["other/team", "team/b"]
    assert repository_pages.names(alice, address.registry, RepositoryFilter(prefix="team/")) == ["team/app", "team/b"]


@pytest.mark.parametrize("after", ["x", "~", "2026-01-01~1", "x~y", "~99999999999999999999", "\x00~1"])
def test_a_cursor_that_can_not_be_read_begins_again(alice: Caller, address: Address, after: str) -> None:
    page = repository_pages.page(alice, address.registry, sort="pushed", after=after)
    assert len(page.rows) <= 1 and page.total == 1


def test_counters_follow_the_images(alice: Caller, address: Address, public_address: Address) -> None:
    def counted(place: Address) -> tuple[int, int]:
        row = repositories.find(place)
        assert row is not None
        return row.image_count, row.stored_size

    one = push_image(alice, address, "1")
    two = push_image(alice, address)
    index = push_index(alice, address, "all", [two])
    assert counted(address) == (3, one.size + two.size)
    push_index(alice, address, "again", [two])
    assert counted(address) == (3, one.size + two.size), "the same bytes are the same image"
    images.delete_ids(alice, address, [("", "1")])
    images.delete_many(alice, address, [Digest.parse(index.digest)])
    assert counted(address) == (1, two.size)
    totals = repository_pages.totals(alice, address.registry)
    assert (totals.repositories, totals.images, totals.size) == (1, 1, two.size)
    shown = push_image(alice, public_address, "1")
    takedowns.take_down(Staff("staff@example.com"), public_address, "bad", digest=Digest.parse(shown.digest))
    assert counted(public_address) == (0, 0)


def test_effects_count_what_goes(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    assert repository_pages.effects(alice, address) == repository_pages.Effects(1, 1, image.size, 0)
    repositories.put_deletion_protection(alice, address, True)
    assert repository_pages.effects(alice, address).is_protected
    assert Image.objects.count() == 1


def test_it_refuses_strangers(charlie: Caller, anonymous: Caller, address: Address) -> None:
    for caller, error in ((charlie, AccessDenied), (anonymous, CredentialsMissing)):
        for read in (
            lambda caller: repository_pages.page(caller, address.registry),
            lambda caller: repository_pages.names(caller, address.registry),
            lambda caller: repository_pages.totals(caller, address.registry),
            lambda caller: repository_pages.effects(caller, address),
        ):
            with pytest.raises(error):
                read(caller)
