"""Names that accounts have: several lead to one registry, one is shown, a released one leads nowhere for a while."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.caller import Caller
from accounts.models import OutboxRow
from gallery.aliases import decisions, names, requests, table
from gallery.errors import AliasIsDefault, AliasNotFound, NameTaken
from gallery.models import Listing
from gallery.search import index
from registry.core import addresses, aliases
from registry.core.addresses import Host, HostKind
from registry.errors import RepositoryNotFound
from registry.models import Alias
from registry.values import Address
from tests.factories.aliases import STAFF, ask_for, give, run_outbox
from tests.factories.registry import make_public_repository

ONE = Host(HostKind.ONE, "kho.test", region="us-east-1")


def test_it_works_that_all_names_lead_to_the_registry(alice: Caller, public_address: Address) -> None:
    first = aliases.primary(alice.account_id)
    give(alice)
    for name in (first, "acme"):
        assert addresses.resolve(ONE, f"{name}/app") == public_address
    assert aliases.primary(alice.account_id) == first


def test_the_primary_name_is_what_the_gallery_shows(alice: Caller, public_address: Address) -> None:
    index.rebuild()
    give(alice)
    run_outbox()
    names.make_primary(alice, alice.account_id, "acme")
    run_outbox()
    assert Listing.objects.get().alias == "acme"
    assert addresses.path(public_address) == "acme/app"
    names.make_primary(alice, alice.account_id, "acme")
    assert not OutboxRow.objects.exists()  # nothing changed


def test_a_released_name_leads_nowhere_and_can_be_taken_back(alice: Caller, public_address: Address) -> None:
    first = aliases.primary(alice.account_id)
    asked = give(alice)
    names.make_primary(alice, alice.account_id, "acme")
    names.release(alice, alice.account_id, "acme", by="ana@example.com")
    assert aliases.primary(alice.account_id) == first
    with pytest.raises(RepositoryNotFound):
        addresses.resolve(ONE, "acme/app")
    assert [row.name for row in names.held(alice, alice.account_id)] == ["acme"]
    names.take_back(alice, alice.account_id, "acme", by="ana@example.com")
    assert addresses.resolve(ONE, "acme/app") == public_address
    assert aliases.primary(alice.account_id) == first
    assert [event.state for event in requests.history(asked)] == ["requested", "approved", "released", "approved"]


def test_it_refuses_to_take_back_what_is_not_held(alice: Caller, charlie: Caller, settings: Settings) -> None:
    give(alice)
    for account, caller in ((alice.account_id, alice), (charlie.account_id, charlie)):
        with pytest.raises(AliasNotFound):
            names.take_back(caller, account, "acme", by="x")
    names.release(alice, alice.account_id, "acme", by="x")
    with pytest.raises(AliasNotFound):
        names.take_back(charlie, charlie.account_id, "acme", by="x")
    settings.ALIAS_QUARANTINE_DAYS = 0
    with pytest.raises(AliasNotFound):
        names.take_back(alice, alice.account_id, "acme", by="x")
    assert names.held(alice, alice.account_id) == []


def test_it_refuses_to_release_the_default_name_and_those_of_others(alice: Caller, charlie: Caller) -> None:
    make_public_repository(alice)
    with pytest.raises(AliasIsDefault):
        names.release(alice, alice.account_id, aliases.primary(alice.account_id), by="x")
    give(charlie, "other")
    for name in ("other", "absent"):
        with pytest.raises(AliasNotFound):
            names.release(alice, alice.account_id, name, by="x")
        with pytest.raises(AliasNotFound):
            names.make_primary(alice, alice.account_id, name)
    assert aliases.find("other") == charlie.account_id


def test_the_default_name_comes_beside_an_earlier_one(alice: Caller) -> None:
    give(alice)
    make_public_repository(alice)
    found = aliases.of_account(alice.account_id)
    assert [(row.is_primary, row.is_default) for row in found] == [(True, False), (False, True)]
    names.release(alice, alice.account_id, "acme", by="x")
    assert aliases.of_account(alice.account_id)[0].is_primary


def test_names_of_a_suspended_account_lead_nowhere_and_stay_its_own(alice: Caller, charlie: Caller) -> None:
    give(alice)
    row = Alias.objects.get(name="acme")
    row.account.is_active = False
    row.account.save()
    assert aliases.find("acme") is None
    with pytest.raises(NameTaken):
        ask_for(charlie)


def test_the_table_tells_all_names_of_an_account(alice: Caller) -> None:
    make_public_repository(alice)
    give(alice)
    give(alice, "second")
    names.release(alice, alice.account_id, "second", by="x")
    decisions.reject(STAFF, ask_for(alice, "third").id, "No.")
    ask_for(alice, "fourth")
    rows = table.rows(alice, alice.account_id)
    assert [(row.name, row.status) for row in rows[1:]] == [
        ("acme", "active"),
        ("second", "held"),
        ("fourth", "requested"),
        ("third", "rejected"),
    ]
    assert rows[0].is_default and rows[0].is_primary and all(row.word for row in rows)
    assert rows[2].held_until and rows[2].held_until > timezone.now() + timedelta(days=29)
    with pytest.raises(AliasNotFound):
        table.row(alice, alice.account_id, "absent")
