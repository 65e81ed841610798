"""The verified mark: who hears that it was given or taken, in the console and by mail, once."""

from django.core import mail
from django.test import Client

from accounts.caller import Caller
from accounts.models import Membership, OutboxRow, Person, Principal
from registry.core import aliases, publishers
from registry.models import Notice
from registry.notifications import notices, verification
from registry.values import Address
from tests.factories.aliases import STAFF, run_outbox
from tests.registry.console.test_console import PASSWORD, member

__all__ = ["PASSWORD"]
WHY = "A letter of the company, with its seal."


def told(person: Person) -> list[str]:
    return list(Notice.objects.filter(person=person).order_by("id").values_list("kind", flat=True))


def test_it_works_for_both(alice: Caller, charlie: Caller, public_address: Address, client: Client) -> None:
    ana, bo = member(alice.account_id, "ana@example.com"), member(alice.account_id, "bo@example.com")
    stranger = member(charlie.account_id, "chi@example.com")
    alias = aliases.primary(alice.account_id)
    publishers.verify(STAFF, alice.account_id, WHY)
    run_outbox()
    assert told(ana) == told(bo) == ["publisher.verified"] and told(stranger) == []
    assert {letter.subject for letter in mail.outbox} == {f"{alias} is a verified publisher"}
    assert {address for letter in mail.outbox for address in letter.to} == {ana.email, bo.email}
    assert all(WHY not in letter.body for letter in mail.outbox), "the evidence is for the staff"
    client.force_login(ana)
    page = client.get("/account/notifications").content.decode()
    assert f"{alias} is a verified publisher" in page and "Your account is verified as a publisher" in page
    notice = Notice.objects.get(person=ana)
    assert client.post(f"/account/notifications/{notice.id}").headers["Location"] == f"/{alias}"
    mail.outbox.clear()
    publishers.unverify(STAFF, alice.account_id)
    run_outbox()
    assert told(ana) == ["publisher.verified", "publisher.unverified"]
    assert {letter.subject for letter in mail.outbox} == {f"{alias} is not a verified publisher any more"}
    publishers.verify(STAFF, alice.account_id, WHY)
    run_outbox()
    assert told(ana)[2:] == ["publisher.verified"], "given again is told again"


def test_it_works_as_people_chose(alice: Caller, public_address: Address) -> None:
    ana, bo = member(alice.account_id, "ana@example.com"), member(alice.account_id, "bo@example.com")
    notices.choose(ana, {"publisher.verified": "page"})
    notices.choose(bo, {"publisher.verified": "off"})
    publishers.verify(STAFF, alice.account_id, WHY)
    run_outbox()
    assert told(ana) == ["publisher.verified"] and told(bo) == [] and not mail.outbox


def test_only_members_who_may_change_the_profile_hear_it(alice: Caller, public_address: Address) -> None:
    ana, weak = member(alice.account_id, "ana@example.com"), member(alice.account_id, "weak@example.com")
    role = Principal.objects.create(
        account_id=alice.account_id, kind=Principal.Kind.ROLE, name="Reader", unique_id="AROAREADER"
    )
    Membership.objects.filter(person=weak).update(role=role)
    publishers.verify(STAFF, alice.account_id, WHY)
    run_outbox()
    assert told(ana) == ["publisher.verified"] and told(weak) == []


def test_nothing_is_told_where_nothing_changed_or_twice(alice: Caller, public_address: Address) -> None:
    ana = member(alice.account_id, "ana@example.com")
    run_outbox()
    publishers.unverify(STAFF, alice.account_id)
    assert not OutboxRow.objects.exists()
    publishers.verify(STAFF, alice.account_id, WHY)
    payload = OutboxRow.objects.get(event="PublisherMarked").payload
    run_outbox()
    verification.tell(payload)
    publishers.verify(STAFF, alice.account_id, "Other evidence, just as good.")
    run_outbox()
    assert told(ana) == ["publisher.verified"]
    verification.tell({"account": "000000000000", "is_verified": True, "at": "now"})
    assert Notice.objects.count() == 1
