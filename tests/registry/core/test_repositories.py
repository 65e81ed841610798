"""Repositories: create, find, delete, list; create on push."""

import pytest
from pytest_django import Settings

from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from accounts.models import Account, AuditEvent, OutboxRow
from registry.core import addresses, aliases, repositories, templates, uploads
from registry.errors import (
    InvalidValue,
    RepositoryAlreadyExists,
    RepositoryNotEmpty,
    RepositoryNotFound,
)
from registry.models import Alias, Repository
from registry.values import Address
from tests.factories.registry import make_public_repository, make_repository, push_image


def test_it_works(alice: Caller) -> None:
    """A repository is created, found, recorded and announced."""
    made = make_repository(alice, "team/web")
    assert repositories.get(alice, made.address) == made
    assert made.created_by == alice.principal_arn
    event = AuditEvent.objects.get(event_name="CreateRepository")
    assert (event.principal_arn, event.source_ip) == (alice.principal_arn, alice.source_ip)
    assert event.resource_arn == "arn:aws:ecr:us-east-1:111122223333:repository/team/web"
    assert OutboxRow.objects.filter(event="RepositoryCreated", payload__repository=made.id).exists()


def test_private_and_public_names_are_apart(alice: Caller) -> None:
    """The same name may be both."""
    assert make_repository(alice, "app") != make_public_repository(alice, "app")


def test_the_first_public_repository_brings_the_default_alias(alice: Caller) -> None:
    """One default alias per account: a letter and seven letters or digits."""
    make_public_repository(alice, "one")
    make_public_repository(alice, "two")
    alias = Alias.objects.get(account=alice.account_id)
    assert alias.is_default and alias.is_primary
    assert len(alias.name) == 8 and alias.name[0].isalpha() and alias.name.isalnum() and alias.name.islower()
    assert aliases.primary(alice.account_id) == alias.name


def test_a_deleted_repository_frees_its_name_at_once(alice: Caller, address: Address) -> None:
    """Delete and create again, with no images left over."""
    push_image(alice, address, "1")
    repositories.delete(alice, address, force=True)
    with pytest.raises(RepositoryNotFound):
        repositories.get(alice, address)
    again = make_repository(alice)
    assert not again.images.exists()
    assert Repository.objects.filter(name="team/app").count() == 2


def test_it_refuses_a_name_that_is_taken(alice: Caller, address: Address) -> None:
    """RepositoryAlreadyExists names the registry."""
    with pytest.raises(RepositoryAlreadyExists) as caught:
        make_repository(alice)
    assert (caught.value.name, caught.value.registry_id) == ("team/app", alice.account_id)


def test_it_refuses_regions_that_are_not_served(alice: Caller) -> None:
    """A repository can't be where the deployment is not."""
    with pytest.raises(InvalidValue):
        repositories.create(alice, addresses.private(alice.account_id, "app", "mars-north-1"))


def test_it_refuses_to_delete_images_unasked(alice: Caller, address: Address) -> None:
    """Only `force` deletes a repository with images."""
    push_image(alice, address, "1")
    with pytest.raises(RepositoryNotEmpty):
        repositories.delete(alice, address)
    assert repositories.get(alice, address)


def test_strangers_learn_nothing(charlie: Caller, anonymous: Caller, address: Address, absent: Address) -> None:
    """Denied before existence is told."""
    for place in (address, absent):
        with pytest.raises(AccessDenied):
            repositories.get(charlie, place)
        with pytest.raises(AccessDenied):
            repositories.delete(charlie, place)
        with pytest.raises(CredentialsMissing):
            repositories.get(anonymous, place)
    with pytest.raises(AccessDenied):
        repositories.create(charlie, absent)


def test_anyone_may_see_public_repositories_but_not_change_them(
    alice: Caller, charlie: Caller, anonymous: Caller, public_address: Address
) -> None:
    """Reading is open, the rest is the owner's."""
    assert repositories.get(anonymous, public_address) == repositories.get(charlie, public_address)
    with pytest.raises(AccessDenied):
        repositories.delete(charlie, public_address)
    with pytest.raises(CredentialsMissing):
        repositories.delete(anonymous, public_address)
    repositories.delete(alice, public_address)


def test_a_suspended_account_has_no_repositories(anonymous: Caller, public_address: Address) -> None:
    """Its public repositories are not found any more."""
    Account.objects.update(is_active=False)
    with pytest.raises(RepositoryNotFound):
        repositories.get(anonymous, public_address)


def test_a_push_creates_what_the_template_covers(alice: Caller, absent: Address) -> None:
    """CREATE_ON_PUSH with the template's settings; the longest prefix wins."""
    account = Account.objects.get(id=alice.account_id)
    templates.create(account, "us-east-1")
    templates.create(account, "us-east-1", "team", image_tag_mutability="IMMUTABLE")
    uploads.start(alice, absent)
    assert repositories.get(alice, absent).image_tag_mutability == "IMMUTABLE"


@pytest.mark.parametrize(
    ("prefix", "applied_for"), [("other", ["CREATE_ON_PUSH"]), ("te", ["CREATE_ON_PUSH"]), ("team", ["REPLICATION"])]
)
def test_it_refuses_a_push_that_no_template_covers(
    alice: Caller, absent: Address, prefix: str, applied_for: list[str]
) -> None:
    """Without a matching template a push to an unknown name is refused."""
    templates.create(Account.objects.get(id=alice.account_id), "us-east-1", prefix, applied_for=applied_for)
    with pytest.raises(RepositoryNotFound):
        uploads.start(alice, absent)


def test_a_push_never_creates_a_public_repository(alice: Caller) -> None:
    """Whatever the templates say."""
    templates.create(Account.objects.get(id=alice.account_id), "us-east-1")
    templates.create(Account.objects.get(id=alice.account_id), "public")
    with pytest.raises(RepositoryNotFound):
        uploads.start(alice, addresses.public(alice.account_id, "app"))


def test_the_catalog_shows_the_callers_account_in_byte_order(
    alice: Caller, charlie: Caller, settings: Settings
) -> None:
    """All regions and public ones, page by page, and nobody else's."""
    settings.REGIONS = ("us-east-1", "eu-west-1")
    for name in ("b", "a-1", "a/x"):
        make_repository(alice, f"{name}0")
    repositories.create(alice, addresses.private(alice.account_id, "zz", "eu-west-1"))
    make_public_repository(alice, "pub")
    make_repository(charlie, "secret")
    alias = aliases.primary(alice.account_id)
    everything = [
        "111122223333.eu-west-1/zz",
        "111122223333/a-10",
        "111122223333/a/x0",
        "111122223333/b0",
        f"{alias}/pub",
    ]
    assert repositories.catalog(alice) == everything
    pages, last = [], ""
    while page := repositories.catalog(alice, last=last, limit=2):
        pages.append(page)
        last = page[-1]
    assert [path for page in pages for path in page] == everything
    assert len(pages) == 3


def test_the_catalog_is_not_for_strangers(anonymous: Caller, db: None) -> None:
    """Nobody sees nothing."""
    with pytest.raises(CredentialsMissing):
        repositories.catalog(anonymous)
