"""Publishers ask for names, staff decide; every step once, written down and told."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.caller import Caller, Staff
from accounts.errors import AccessDenied
from accounts.iam.request import NO_RIGHTS
from accounts.models import AuditEvent
from gallery.aliases import decisions, moves, names, requests
from gallery.errors import (
    AlreadyHandled,
    NameHeld,
    NameMalformed,
    NameReserved,
    NameTaken,
    NameTooLike,
    RequestIncomplete,
    RequestMoved,
    RequestNotFound,
    RequestPending,
)
from gallery.models import AliasRequest, alias_request
from gallery.models.alias_request import State
from registry.core import aliases
from registry.models import Alias
from tests.factories.aliases import REASON, ask_for, give
from tests.factories.registry import make_caller


def test_it_works(alice: Caller, staff: Staff) -> None:
    asked = ask_for(alice)
    assert (asked.state, asked.number, asked.asked_by) == (State.REQUESTED, 1, alice.principal_arn)
    assert aliases.find("acme") is None
    decided = decisions.approve(staff, asked.id, revision=0, note="Welcome.")
    assert (decided.state, decided.decided_by, decided.note) == (State.APPROVED, staff.email, "Welcome.")
    assert aliases.find("acme") == alice.account_id
    assert aliases.primary(alice.account_id) == "acme"  # the first name of an account leads to it
    assert [event.state for event in requests.history(asked)] == ["requested", "approved"]
    names_of = AuditEvent.objects.order_by("event_time").values_list("event_name", flat=True)
    assert list(names_of) == ["CreateRegistryAlias", "ApproveRegistryAlias"]
    assert AuditEvent.objects.get(event_name="ApproveRegistryAlias").user_agent == "staff: boss@example.com"


def test_it_works_with_a_question_in_between(alice: Caller, staff: Staff) -> None:
    asked = ask_for(alice)
    decisions.ask(staff, asked.id, "Which company?", revision=0)
    answered = requests.reply(alice, alice.account_id, "acme", " Acme of Hanoi. ")
    assert answered.state == State.REQUESTED and answered.waiting_since > answered.requested_at
    decisions.reject(staff, asked.id, "Not that one.", revision=2)
    history = requests.history(asked)
    assert [(event.state, event.text, event.is_staff) for event in history] == [
        ("requested", REASON, False),
        ("asked", "Which company?", True),
        ("requested", "Acme of Hanoi.", False),
        ("rejected", "Not that one.", True),
    ]
    assert ask_for(alice).number == 2


def test_a_request_is_withdrawn_once(alice: Caller) -> None:
    ask_for(alice)
    for _ in range(2):
        assert requests.withdraw(alice, alice.account_id, "acme").state == State.WITHDRAWN
    assert len(requests.history(AliasRequest.objects.get())) == 2


def test_the_same_again_is_the_same(alice: Caller) -> None:
    assert ask_for(alice).id == ask_for(alice, reason="Another reason, long enough.").id
    assert AliasRequest.objects.count() == 1


def test_two_submits_at_once_make_one_request(alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    make = requests._made
    others: list[AliasRequest] = []

    def slow(*arguments: Any) -> AliasRequest:
        """Another submit is done between the look and the row."""
        if not others:
            others.append(make(*arguments))
        return make(*arguments)

    monkeypatch.setattr(requests, "_made", slow)
    asked = ask_for(alice)
    assert AliasRequest.objects.get().id == asked.id


def test_it_refuses_another_name_meanwhile(alice: Caller) -> None:
    ask_for(alice)
    with pytest.raises(RequestPending) as refused:
        ask_for(alice, "other")
    assert refused.value.alias == "acme"


@pytest.mark.parametrize(
    "name",
    ["a", "Acme", "1acme", "acme-", "-acme", "ac--me", "ac me", "acme/x", "a" * 51, "acmé", "", "acme\n", "a\x00b"],
)
def test_it_refuses_what_is_no_alias(alice: Caller, name: str) -> None:
    with pytest.raises(NameMalformed):
        ask_for(alice, name)
    assert not AliasRequest.objects.exists()


@pytest.mark.parametrize("name", ["aws", "eks", "datadog", "amaz0n", "console", "amazon.tools"])
def test_it_refuses_reserved_names_at_once_with_the_reason(alice: Caller, name: str) -> None:
    with pytest.raises(NameReserved) as refused:
        ask_for(alice, name)
    assert refused.value.pattern and refused.value.why
    assert not AliasRequest.objects.exists()


def test_it_refuses_names_of_others_and_what_looks_like_them(alice: Caller, charlie: Caller) -> None:
    give(charlie, "example")
    with pytest.raises(NameTaken) as refused:
        ask_for(alice, "example")
    assert not refused.value.is_own
    with pytest.raises(NameTooLike) as alike:
        ask_for(alice, "examp1e")
    assert alike.value.other == "example"
    with pytest.raises(NameTaken) as own:
        ask_for(charlie, "example")
    assert own.value.is_own
    assert ask_for(charlie, "ex-ample")  # beside one's own


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reason": "too short"}, "reason"),
        ({"reason": " " * 40}, "reason"),
        ({"reason": "x" * 2001}, "reason"),
        ({"reason": "x" * 30 + "\x00"}, "reason"),
        ({"website": ""}, "website"),
        ({"website": "acme.example"}, "website"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"website": "https://"}, "website"),
        ({"website": "https://[nonsense"}, "website"),
        ({"website": "https://acme.example/a b"}, "website"),
        ({"website": "https://acme.example/" + "x" * 500}, "website"),
        ({"agreed": False}, "agreed"),
    ],
)
def test_it_refuses_what_is_not_complete(alice: Caller, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(RequestIncomplete) as refused:
        ask_for(alice, **fields)
    assert refused.value.field == field


def test_it_refuses_who_may_not(alice: Caller, charlie: Caller) -> None:
    weak = make_caller(alice.account_id, "weak", rights=NO_RIGHTS)
    ask_for(alice)
    account = alice.account_id
    verbs: list[Callable[[Caller], object]] = [
        lambda who: requests.get(who, account, "acme"),
        lambda who: requests.listed(who, account),
        lambda who: requests.withdraw(who, account, "acme"),
        lambda who: requests.reply(who, account, "acme", "Yes."),
        lambda who: names.make_primary(who, account, "acme"),
        lambda who: names.release(who, account, "acme", by="x"),
        lambda who: names.take_back(who, account, "acme", by="x"),
    ]
    for caller in (weak, charlie):
        for verb in verbs:
            with pytest.raises(AccessDenied):
                verb(caller)
    assert AliasRequest.objects.get().state == State.REQUESTED


def test_the_second_of_two_staff_sees_who_was_faster(alice: Caller, staff: Staff) -> None:
    asked = ask_for(alice)
    decisions.approve(staff, asked.id, revision=0)
    other = Staff("late@example.com")
    verbs: list[Callable[[], object]] = [
        lambda: decisions.reject(other, asked.id, "No.", revision=0),
        lambda: decisions.approve(other, asked.id, revision=0),
        lambda: decisions.ask(other, asked.id, "Who?", revision=0),
    ]
    for decide in verbs:
        with pytest.raises(AlreadyHandled) as late:
            decide()
        assert late.value.by == staff.email and late.value.at
    asked.refresh_from_db()
    assert asked.decided_by == staff.email and asked.note == "" and aliases.find("acme") == alice.account_id
    assert len(requests.history(asked)) == 2


def test_it_refuses_decisions_on_what_has_changed(alice: Caller, staff: Staff) -> None:
    asked = ask_for(alice)
    decisions.ask(staff, asked.id, "Which company?")
    requests.reply(alice, alice.account_id, "acme", "Acme of Hanoi.")
    for revision in (0, 1, 9):
        with pytest.raises(RequestMoved):
            decisions.approve(staff, asked.id, revision=revision)
    requests.withdraw(alice, alice.account_id, "acme")
    with pytest.raises(AlreadyHandled) as late:
        decisions.approve(staff, asked.id, revision=2)
    assert late.value.by == alice.principal_arn
    with pytest.raises(AlreadyHandled):
        requests.reply(alice, alice.account_id, "acme", "Too late.")
    with pytest.raises(RequestNotFound):
        decisions.approve(staff, 999_999)
    with pytest.raises(RequestNotFound):
        requests.get(alice, alice.account_id, "absent")


def test_it_refuses_to_give_what_is_not_free_any_more(alice: Caller, charlie: Caller, staff: Staff) -> None:
    mine, theirs = ask_for(alice), ask_for(charlie)
    assert (mine.number, theirs.number) == (1, 2)
    decisions.approve(staff, theirs.id)
    with pytest.raises(NameTaken):
        decisions.approve(staff, mine.id)
    mine.refresh_from_db()
    assert mine.state == State.REQUESTED and len(requests.history(mine)) == 1
    assert aliases.find("acme") == charlie.account_id


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001, "a\x00"])
def test_it_refuses_decisions_and_answers_without_words(alice: Caller, staff: Staff, text: str) -> None:
    asked = ask_for(alice)
    for decide in (decisions.reject, decisions.ask):
        with pytest.raises(RequestIncomplete):
            decide(staff, asked.id, text)
    decisions.ask(staff, asked.id, "Who?")
    with pytest.raises(RequestIncomplete):
        requests.reply(alice, alice.account_id, "acme", text)


def test_a_refused_name_can_be_asked_for_again_and_a_released_one_is_held(
    alice: Caller, charlie: Caller, staff: Staff, settings: Settings
) -> None:
    decisions.reject(staff, ask_for(alice).id, "No proof.")
    give(alice)
    names.release(alice, alice.account_id, "acme", by="ana@example.com")
    with pytest.raises(NameHeld) as held:
        ask_for(charlie)
    assert not held.value.is_own and held.value.until > timezone.now() + timedelta(days=29)
    Alias.objects.filter(name="acme").update(released_at=timezone.now() - timedelta(days=31))
    decisions.approve(staff, ask_for(charlie).id)
    assert aliases.find("acme") == charlie.account_id


def test_the_table_of_moves_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    alias_request.check_moves()
    monkeypatch.setitem(alias_request.MOVES, State.APPROVED, frozenset())
    with pytest.raises(ValueError, match="RELEASED"):
        alias_request.check_moves()
    monkeypatch.delitem(alias_request.MOVES, State.REJECTED)
    with pytest.raises(ValueError, match="every state"):
        alias_request.check_moves()


def test_a_step_that_leads_nowhere_is_refused(alice: Caller) -> None:
    with pytest.raises(RequestMoved):
        moves.step(ask_for(alice), State.RELEASED, by="x")


def test_what_was_agreed_to_is_recorded(alice: Caller, settings: Settings) -> None:
    settings.USE_POLICY_URL = "https://example.com/terms-of-2026"
    ask_for(alice)
    event = AuditEvent.objects.get(event_name="CreateRegistryAlias")
    assert event.details["agreedTo"] == "https://example.com/terms-of-2026" and event.event_time
