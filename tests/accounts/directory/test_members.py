"""Members: roles given and taken, the last administrator, and what ends with a membership."""

import json

import pytest

from accounts.authn import callers
from accounts.caller import Caller, operator
from accounts.directory import accounts, members, people, policies, roles
from accounts.errors import AccessDenied, CredentialsInvalid, DeleteConflict, InvalidInput, LimitReached, NotFound
from accounts.models import Account, AuditEvent, Membership, Person, Session
from accounts.sessions import passwords, temporary

PASSWORD = "a shelf of long words"
TRUST = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}
TRUST_TEXT = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})


@pytest.fixture
def caller(account: Account) -> Caller:
    """The account's root."""
    roles.create(operator(account.id), account.id, "Reader", TRUST_TEXT)
    return operator(account.id)


@pytest.fixture
def ana(account: Account, caller: Caller) -> Person:
    """Its only administrator."""
    person = people.create("ana@example.com", PASSWORD)
    people.add_to_account(person, account)
    return person


@pytest.fixture
def bo(account: Account, caller: Caller) -> Person:
    """A member with the other role."""
    person = people.create("bo@example.com", PASSWORD)
    people.add_to_account(person, account, "Reader")
    return person


def test_it_works(caller: Caller, ana: Person, bo: Person, account: Account) -> None:
    listed = members.list_members(caller, account.id)
    assert [(each.membership.person.email, each.membership.role.name) for each in listed] == [
        ("ana@example.com", "Administrator"),
        ("bo@example.com", "Reader"),
    ]
    assert [each.membership.person for each in members.list_members(caller, account.id, contains="BO@")] == [bo]
    members.change_role(caller, account.id, bo.mail, "Administrator")
    members.remove(caller, account.id, ana.mail)
    assert Membership.objects.get().person == bo
    names = list(AuditEvent.objects.order_by("event_time").values_list("event_name", "resource_arn"))
    place = f"arn:aws:kho::{account.id}:person/"
    assert names[-2:] == [("UpdatePerson", f"{place}bo@example.com"), ("RemovePerson", f"{place}ana@example.com")]


def test_it_refuses_to_take_the_last_administrator(caller: Caller, ana: Person, bo: Person, account: Account) -> None:
    with pytest.raises(DeleteConflict):
        members.remove(caller, account.id, ana.mail)
    with pytest.raises(DeleteConflict):
        members.change_role(caller, account.id, ana.mail, "Reader")
    with pytest.raises(DeleteConflict):
        members.leave(caller, Membership.objects.get(person=ana))
    members.change_role(caller, account.id, bo.mail, "Administrator")
    Person.objects.filter(id=bo.id).update(is_active=False)
    with pytest.raises(DeleteConflict):  # one who can't sign in administers nothing
        members.remove(caller, account.id, ana.mail)
    members.remove(caller, account.id, bo.mail)


def test_what_a_member_made_ends_with_the_membership(caller: Caller, ana: Person, bo: Person, account: Account) -> None:
    role = Membership.objects.get(person=bo).role
    session = temporary.issue(role, kind=Session.Kind.ASSUMED, seconds=3600, name=bo.mail).session
    password = passwords.issue(role, session).value
    others = temporary.issue(role, kind=Session.Kind.ASSUMED, seconds=3600, name="a-job").session
    assert passwords.verify(password)[1] == session
    members.change_role(caller, account.id, bo.mail, "Administrator")
    with pytest.raises(CredentialsInvalid):
        passwords.verify(password)
    assert Session.objects.get() == others


def test_it_refuses_what_is_not_there(caller: Caller, ana: Person, account: Account) -> None:
    for call in (members.get, members.remove):
        with pytest.raises(NotFound):
            call(caller, account.id, "nobody@example.com")
    with pytest.raises(NotFound):
        members.change_role(caller, account.id, ana.mail, "Nobody")


def test_it_refuses_to_hand_out_more_than_one_may(caller: Caller, ana: Person, bo: Person, account: Account) -> None:
    """Who may change people, but may pass the role Reader only, makes nobody an administrator, nor themselves."""
    reader = Membership.objects.get(person=bo).role
    statement = [
        {"Effect": "Allow", "Action": "kho:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": reader.arn},
    ]
    text = json.dumps({"Version": "2012-10-17", "Statement": statement})
    policies.put_inline(caller, reader, "people", text)
    as_bo = callers.from_membership(Membership.objects.get(person=bo))
    assert [each.name for each in members.roles_to_give(as_bo, account.id)] == ["Reader"]
    with pytest.raises(AccessDenied) as refused:
        members.change_role(as_bo, account.id, bo.mail, "Administrator")
    assert refused.value.action == "iam:PassRole"
    with pytest.raises(AccessDenied):
        members.change_role(as_bo, account.id, bo.mail, "Nobody")


def test_it_refuses_members_of_other_accounts(caller: Caller, ana: Person) -> None:
    other = accounts.create("Other", "444455556666")
    people.add_to_account(people.create("eve@example.com", PASSWORD), other)
    with pytest.raises(NotFound):
        members.get(caller, caller.account_id, "eve@example.com")
    eve = callers.from_membership(Membership.objects.get(account=other))
    for call in (
        lambda: members.list_members(eve, caller.account_id),
        lambda: members.remove(eve, caller.account_id, "ana@example.com"),
    ):
        with pytest.raises(AccessDenied):
            call()


def test_people_have_profiles_within_bounds(ana: Person) -> None:
    people.set_profile(ana, name=" Ana ")
    assert ana.name == "Ana"
    with pytest.raises(InvalidInput):
        people.set_profile(ana, name="x" * 151)
    with pytest.raises(InvalidInput):
        people.set_time_zone(ana, "Nowhere/Else")


def test_accounts_made_by_people_are_counted(ana: Person) -> None:
    for number in range(people.accounts_left(ana)):
        people.create_account(ana, f"Account {number}")
    with pytest.raises(LimitReached):
        people.create_account(ana, "One more")
    assert people.welcome(ana) is None
