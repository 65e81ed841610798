"""DescribeRegistries through boto3: aliases with their states, the verified mark."""

from typing import Any

import pytest

from accounts.caller import operator
from gallery.aliases import decisions, names
from registry.core import aliases, publishers
from tests.factories.aliases import STAFF, ask_for
from tests.factories.registry import make_public_repository
from tests.registry.aws.conftest import Clients

OWNER = operator("111122223333")


@pytest.fixture
def public(aws: Clients) -> Any:
    """Alice's client for public registries."""
    return aws("ecr-public")


def described(public: Any) -> dict[str, tuple[str, bool, bool]]:
    """Name -> status, whether primary, whether default."""
    [found] = public.describe_registries()["registries"]
    return {
        each["name"]: (each["status"], each["primaryRegistryAlias"], each["defaultRegistryAlias"])
        for each in found["aliases"]
    }


def test_it_works(public: Any, account: Any) -> None:
    make_public_repository(OWNER, "tool")
    default = aliases.primary("111122223333")
    decisions.reject(STAFF, ask_for(OWNER, "refused").id, "No.")
    decisions.approve(STAFF, ask_for(OWNER, "acme").id)
    decisions.ask(STAFF, ask_for(OWNER, "waiting").id, "Who?")
    names.make_primary(OWNER, "111122223333", "acme")
    assert described(public) == {
        "acme": ("ACTIVE", True, False),
        default: ("ACTIVE", False, True),
        "waiting": ("PENDING", False, False),
        "refused": ("REJECTED", False, False),
    }
    [found] = public.describe_registries()["registries"]
    assert found["registryUri"] == "kho.test/acme" and found["verified"] is False
    publishers.verify(STAFF, "111122223333", "A letter from the company.")
    assert public.describe_registries()["registries"][0]["verified"] is True
    names.release(OWNER, "111122223333", "acme", by="x")
    assert "acme" not in described(public)


def test_a_name_may_be_asked_for_before_the_first_repository(public: Any, account: Any) -> None:
    ask_for(OWNER)
    assert described(public) == {"acme": ("PENDING", False, False)}
    assert public.describe_registries()["registries"][0]["registryUri"] == "kho.test"


def test_a_refused_name_that_is_given_later_is_active(public: Any, account: Any) -> None:
    decisions.reject(STAFF, ask_for(OWNER).id, "No.")
    decisions.approve(STAFF, ask_for(OWNER).id)
    assert described(public) == {"acme": ("ACTIVE", True, False)}


def test_other_accounts_see_nothing_of_it(account: Any, aws: Clients, other: dict[str, Any]) -> None:
    ask_for(OWNER)
    assert aws("ecr-public", other).describe_registries()["registries"] == []
