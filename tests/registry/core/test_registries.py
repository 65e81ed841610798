"""Replication rules take the place of those that were meant, and of no others."""

import pytest
from pytest_django import Settings

from accounts.caller import Caller
from accounts.models import AuditEvent
from registry.core import registries
from registry.errors import InvalidRegion, ReplicationChanged
from registry.models import RegistrySettings
from registry.values import RegistryId

HOME = RegistryId("111122223333", "us-east-1")


def towards(account_id: str) -> dict[str, list[dict[str, object]]]:
    """A configuration of one rule."""
    return {"rules": [{"destinations": [{"region": "us-east-1", "registryId": account_id}]}]}


def test_it_works(alice: Caller) -> None:
    empty = registries.replication(alice, HOME)
    first = registries.put_replication(alice, HOME, towards("444455556666"), instead_of=empty)
    assert registries.replication(alice, HOME) == first == towards("444455556666")
    assert registries.put_replication(alice, HOME, towards("777788889999"), instead_of=first) == towards("777788889999")
    assert AuditEvent.objects.filter(event_name="PutReplicationConfiguration").count() == 2


def test_it_refuses_if_others_are_in_force(alice: Caller) -> None:
    empty = registries.replication(alice, HOME)
    registries.put_replication(alice, HOME, towards("444455556666"))
    with pytest.raises(ReplicationChanged):
        registries.put_replication(alice, HOME, towards("777788889999"), instead_of=empty)
    assert registries.replication(alice, HOME) == towards("444455556666")
    assert AuditEvent.objects.filter(event_name="PutReplicationConfiguration").count() == 1


def test_a_region_that_nobody_serves_any_more_stays(alice: Caller, settings: Settings) -> None:
    """Other rules can be changed; the region comes into no registry anew."""
    gone = {"destinations": [{"region": "eu-west-1", "registryId": HOME.account_id}]}
    settings.REGIONS = ["us-east-1", "eu-west-1", "eu-north-1"]
    both = registries.put_replication(alice, HOME, {"rules": [gone, *towards("444455556666")["rules"]]})
    settings.REGIONS = ["us-east-1"]
    assert registries.put_replication(alice, HOME, {"rules": both["rules"][:1]}) == {"rules": [gone]}
    other = {"destinations": [{"region": "eu-north-1", "registryId": HOME.account_id}]}
    with pytest.raises(InvalidRegion):
        registries.put_replication(alice, HOME, {"rules": [gone, other]})
    registries.put_replication(alice, HOME, {"rules": []})
    with pytest.raises(InvalidRegion):
        registries.put_replication(alice, HOME, {"rules": [gone]})


def test_a_refusal_leaves_no_settings(alice: Caller) -> None:
    with pytest.raises(ReplicationChanged):
        registries.put_replication(alice, HOME, {"rules": []}, instead_of=towards("777788889999"))
    assert not RegistrySettings.objects.exists()
