"""Host and path -> address -> ARN and URI."""

import pytest
from pytest_django import Settings

from accounts.caller import Caller
from registry.core import addresses
from registry.core.addresses import HostKind
from registry.errors import InvalidRepositoryName, RepositoryNotFound
from registry.models import Alias
from registry.values import Address
from tests.factories.registry import make_repository


def test_it_works_on_one_host(address: Address) -> None:
    """Twelve digits lead to the private registry of the home region, and back."""
    host = addresses.host_of("kho.example.com:8000")
    assert host.kind is HostKind.ONE
    assert addresses.resolve(host, "111122223333/team/app") == address
    assert str(addresses.arn(address)) == "arn:aws:ecr:us-east-1:111122223333:repository/team/app"
    assert addresses.uri(address, "kho.example.com:8000") == "kho.example.com:8000/111122223333/team/app"


def test_another_region_is_in_the_path(alice: Caller, settings: Settings) -> None:
    """A region other than home stands behind the account."""
    settings.REGIONS = ("us-east-1", "eu-west-1")
    address = addresses.resolve(addresses.host_of("localhost"), "111122223333.eu-west-1/app")
    assert address.registry.region == "eu-west-1"
    assert addresses.path(address) == "111122223333.eu-west-1/app"


def test_an_alias_leads_to_the_public_registry(public_address: Address) -> None:
    """The default alias is the first segment of a public path."""
    alias = Alias.objects.get(account="111122223333")
    host = addresses.host_of("localhost")
    assert addresses.resolve(host, f"{alias.name}/app") == public_address
    assert addresses.path(public_address) == f"{alias.name}/app"
    assert str(addresses.arn(public_address)) == "arn:aws:ecr-public::111122223333:repository/app"


def test_ecr_host_names_carry_account_and_region(alice: Caller, public_address: Address, settings: Settings) -> None:
    """With a domain, ECR's host names work and others stay the one host."""
    settings.DOMAIN = "kho.test"
    private = addresses.host_of("111122223333.dkr.ecr.eu-west-1.kho.test:8000")
    assert (private.kind, private.account_id, private.region) == (HostKind.PRIVATE, "111122223333", "eu-west-1")
    assert addresses.resolve(private, "team/app").registry.region == "eu-west-1"
    public = addresses.host_of("public.kho.test")
    alias = Alias.objects.get(account=alice.account_id).name
    assert addresses.resolve(public, f"{alias}/app") == public_address
    assert addresses.host_of("111122223333.dkr.ecr.eu-west-1.other.test").kind is HostKind.ONE


@pytest.mark.parametrize("path", ["111122223333/", "111122223333/UPPER", "111122223333/a", "nobody//app", "x" * 300])
def test_it_refuses_names_that_break_the_grammar(path: str, db: None) -> None:
    """Illegal names are told apart from unknown ones."""
    with pytest.raises(InvalidRepositoryName):
        addresses.resolve(addresses.host_of("localhost"), path)


@pytest.mark.parametrize("path", ["nobody/app", "ubuntu"])
def test_it_refuses_aliases_that_nobody_has(path: str, db: None) -> None:
    """An unknown alias is an unknown repository."""
    with pytest.raises(RepositoryNotFound):
        addresses.resolve(addresses.host_of("localhost"), path)


def test_it_refuses_long_public_names(alice: Caller) -> None:
    """Public names may have 205 characters, private ones 256."""
    with pytest.raises(InvalidRepositoryName):
        addresses.public(alice.account_id, "a" * 206)
    assert make_repository(alice, "a" * 256).name == "a" * 256


@pytest.mark.parametrize(
    "name",
    [
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com",
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com:443",
        "111122223333.dkr.ecr-fips.eu-west-1.amazonaws.com",
        "111122223333.dkr-ecr.eu-west-1.on.aws",
    ],
)
def test_awss_own_names_are_known_if_they_are_to_be(name: str, settings: Settings) -> None:
    """Only with KHO_AWS_HOST_NAMES; other names stay the one host."""
    assert addresses.host_of(name).kind is HostKind.ONE
    settings.AWS_HOST_NAMES = True
    found = addresses.host_of(name)
    assert (found.kind, found.account_id, found.region) == (HostKind.PRIVATE, "111122223333", "eu-west-1")
    assert addresses.host_of("public.ecr.aws").kind is HostKind.PUBLIC
    for other in ("kho.test", "11112222333.dkr.ecr.eu-west-1.amazonaws.com", f"{name}.example".replace(":443", "")):
        assert addresses.host_of(other).kind is HostKind.ONE


def test_addresses_carry_awss_names(alice: Caller, public_address: Address, settings: Settings) -> None:
    """What a client types, with the names and without."""
    private = addresses.private("111122223333", "team/app", "eu-west-1")
    alias = Alias.objects.get(account=alice.account_id).name
    assert addresses.uri(private, "kho.test") == "kho.test/111122223333.eu-west-1/team/app"
    settings.AWS_HOST_NAMES = True
    assert addresses.uri(private, "kho.test") == "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app"
    assert addresses.uri(public_address, "kho.test") == f"public.ecr.aws/{alias}/app"
