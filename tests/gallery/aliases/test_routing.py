"""The worker's first look at requests, and the reminders of old ones."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.caller import Caller, Staff
from accounts.models import Account, Person
from gallery.aliases import decisions, routing, tasks
from gallery.models import AliasRequest
from registry.models import Notice
from tests.factories.aliases import ask_for, give, run_outbox

AGED = timezone.now() - timedelta(days=90)


@pytest.fixture
def aged(alice: Caller, charlie: Caller) -> None:
    """Both accounts have been there for a while."""
    Account.objects.update(created_at=AGED)


@pytest.mark.parametrize(
    ("alias", "flags", "similar"),
    [
        ("acme", [], []),
        ("dockers", ["reserved"], ["docker"]),
        ("datadog-tools", ["brand"], ["datadog"]),
        ("my-d4tadog", ["brand"], ["datadog"]),
        ("exmaple", ["similar"], ["example"]),
    ],
)
def test_it_works(aged: None, alice: Caller, charlie: Caller, alias: str, flags: list[str], similar: list[str]) -> None:
    give(charlie, "example")
    ask_for(alice, alias)
    run_outbox()
    asked = AliasRequest.objects.get(alias=alias)
    assert (asked.flags, asked.similar) == (flags, similar) and asked.checked_at


def test_a_new_account_and_a_rival_are_flagged(aged: None, alice: Caller, charlie: Caller) -> None:
    ask_for(alice)
    run_outbox()
    Account.objects.filter(id=charlie.account_id).update(created_at=timezone.now())
    ask_for(charlie)
    run_outbox()
    assert AliasRequest.objects.get(account=charlie.account_id).flags == ["new-account", "contested"]
    assert AliasRequest.objects.get(account=alice.account_id).flags == ["contested"]


def test_what_was_missed_is_caught_up_and_what_is_decided_is_left(alice: Caller, charlie: Caller, staff: Staff) -> None:
    ask_for(alice)
    decided = decisions.reject(staff, ask_for(charlie, "other").id, "No.")
    assert routing.check_all() == 1 and routing.check_all() == 0
    run_outbox()
    decided.refresh_from_db()
    assert decided.checked_at is None
    routing.check({"event": 999_999})


def test_staff_are_reminded_once_in_an_interval(alice: Caller, charlie: Caller, boss: Person) -> None:
    asked = ask_for(alice)
    run_outbox()
    Notice.objects.all().delete()
    assert tasks.look_after_alias_requests() == 0
    AliasRequest.objects.update(waiting_since=timezone.now() - timedelta(days=4))
    assert tasks.look_after_alias_requests() == 1
    assert tasks.look_after_alias_requests() == 0
    notice = Notice.objects.get()
    assert (notice.kind, notice.params, notice.path) == (
        "alias.waiting",
        {"count": 1, "alias": "acme"},
        "/staff/aliases",
    )
    AliasRequest.objects.update(reminded_at=timezone.now() - timedelta(days=4))
    assert routing.remind() == 1 and Notice.objects.count() == 2
    decisions.ask(Staff(boss.mail), asked.id, "Who?")
    AliasRequest.objects.update(reminded_at=None)
    assert routing.remind() == 0  # it waits for the publisher now
