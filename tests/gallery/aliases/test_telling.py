"""Who hears of what: staff of requests and answers, publishers of decisions, on the page and by mail."""

import pytest
from django.core import mail
from django.utils import translation

from accounts.caller import Caller, Staff
from accounts.models import Membership, Person, Principal
from gallery.aliases import decisions, names, requests, telling
from gallery.models import AliasRequest
from registry.models import Notice
from registry.notifications import kinds
from tests.factories.aliases import REASON, ask_for, run_outbox
from tests.registry.console.test_console import member


@pytest.fixture
def asked(alice: Caller, ana: Person) -> AliasRequest:
    """Ana asks for a name."""
    return ask_for(alice, person=ana)


def test_it_works_for_staff(asked: AliasRequest, boss: Person) -> None:
    run_outbox()
    notice = Notice.objects.get()
    assert (notice.person, notice.kind, notice.path) == (boss, "alias.requested", "/staff/aliases/acme/1")
    [letter] = mail.outbox
    assert letter.to == ["boss@example.com"] and letter.subject == "Alias request: acme"
    assert f"> {REASON}" in letter.body and "http://127.0.0.1:8000/staff/aliases/acme/1" in letter.body


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("alias.approved", "The alias acme is approved"),
        ("alias.rejected", "The alias acme is refused"),
        ("alias.asked", "A question about the alias acme"),
    ],
)
def test_it_works_for_the_person_who_asked(
    asked: AliasRequest, ana: Person, alice: Caller, staff: Staff, kind: str, words: str
) -> None:
    member(alice.account_id, "another@example.com")
    run_outbox()
    mail.outbox.clear()
    match kind:
        case "alias.approved":
            decisions.approve(staff, asked.id, note="Some words.")
        case "alias.rejected":
            decisions.reject(staff, asked.id, "Some words.")
        case _:
            decisions.ask(staff, asked.id, "Some words.")
    run_outbox()
    notice = Notice.objects.get(person=ana)
    assert notice.kind == kind and notice.path == "/console/111122223333/public/aliases/acme"
    [letter] = mail.outbox
    assert letter.to == [ana.email] and letter.subject == words and "> Some words." in letter.body


def test_mails_are_in_the_language_of_who_reads_them(asked: AliasRequest, ana: Person, staff: Staff) -> None:
    ana.language = "vi"
    ana.save()
    run_outbox()
    mail.outbox.clear()
    decisions.approve(staff, asked.id)
    run_outbox()
    with translation.override("vi"):
        expected = kinds.tell("alias.approved", Notice.objects.get(person=ana).params)
    assert mail.outbox[0].subject == expected.subject != "The alias acme is approved"
    assert expected.text in mail.outbox[0].body


def test_an_answer_is_told_to_staff(asked: AliasRequest, ana: Person, alice: Caller, staff: Staff) -> None:
    decisions.ask(staff, asked.id, "Which company?")
    requests.reply(alice, alice.account_id, "acme", "Acme of Hanoi.", person=ana)
    run_outbox()
    assert set(Notice.objects.values_list("kind", flat=True)) == {"alias.requested", "alias.asked", "alias.answered"}
    assert Notice.objects.get(kind="alias.answered").params["note"] == "Acme of Hanoi."


def test_who_left_the_account_hears_nothing_and_who_may_act_does(
    asked: AliasRequest, ana: Person, alice: Caller, staff: Staff
) -> None:
    bao = member(alice.account_id, "bao@example.com")
    weak = member(alice.account_id, "weak@example.com")
    role = Principal.objects.create(
        account_id=alice.account_id, kind=Principal.Kind.ROLE, name="Reader", unique_id="AROAREADER"
    )
    Membership.objects.filter(person=weak).update(role=role)
    Membership.objects.filter(person=ana).delete()
    decisions.approve(staff, asked.id)
    run_outbox()
    assert [each.person for each in Notice.objects.exclude(person__is_staff=True)] == [bao]


def test_nothing_is_told_of_withdrawals_and_releases_or_twice(
    asked: AliasRequest, ana: Person, alice: Caller, staff: Staff
) -> None:
    decisions.approve(staff, asked.id)
    run_outbox()
    before = Notice.objects.count()
    names.release(alice, alice.account_id, "acme", by=ana.mail)
    run_outbox()
    for event in requests.history(asked):
        telling.tell({"event": event.id})
    telling.tell({"event": 999_999})
    assert Notice.objects.count() == before
