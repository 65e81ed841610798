"""Invitations: from the mail to the membership, for those who are here and for those who are new."""

from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.caller import Caller, operator
from accounts.directory import invitations, people
from accounts.errors import AccessDenied, AlreadyExists, InvalidInput, LimitReached, NotFound
from accounts.iam.request import NO_RIGHTS
from accounts.models import Account, AuditEvent, Invitation, Membership, Person, Principal
from tests.accounts.console.conftest import PASSWORD, Mails, link_in, sign_in


def link(token: str) -> str:
    """Where the mail leads to."""
    return f"http://testserver/account/invitations/{token}"


@pytest.fixture
def caller(account: Account) -> Caller:
    """Somebody who may invite."""
    return operator(account.id)


def invite(caller: Caller, ana: Person, email: str = "bo@example.com") -> Invitation:
    """Invite somebody as Administrator."""
    return invitations.create(caller, caller.account_id, email, "Administrator", invited_by=ana, link=link)


def test_it_works_for_who_is_here(client: Client, ana: Person, bo: Person, caller: Caller, mails: Mails) -> None:
    invite(caller, ana, " BO@example.com ")
    (mail,) = mails()
    assert mail.to == ["bo@example.com"] and mail.subject == "Invitation to Alice"
    assert "Ana invites you to Alice (111122223333), with the role Administrator." in str(mail.body)
    path = link_in(mail)
    assert "Sign in to accept" in client.get(path).content.decode()
    answer = client.post("/sign-in", {"login": bo.email, "password": PASSWORD, "next": path})
    assert answer.headers["Location"] == path
    assert ">Accept<" in client.get(path).content.decode()
    assert not Membership.objects.filter(person=bo).exists(), "to look does nothing"
    assert client.post(path).headers["Location"] == "/console/111122223333"
    assert client.get("/console/111122223333").status_code == 200
    assert Membership.objects.get(person=bo).role.name == "Administrator"
    assert set(AuditEvent.objects.values_list("event_name", flat=True)) >= {"InvitePerson", "AcceptInvitation"}
    again = client.post(path)
    assert again.status_code == 410 and "can't be used" in again.content.decode(), "a second click"


def test_it_works_for_who_is_new(client: Client, ana: Person, caller: Caller, mails: Mails, settings: Settings) -> None:
    settings.SIGN_UP = "invited"
    invite(caller, ana, "cy@example.com")
    path = link_in(mails()[0])
    assert "Sign up to accept" in client.get(path).content.decode()
    page = client.get(f"/sign-up?next={path}").content.decode()
    assert "You are invited to Alice." in page and 'value="cy@example.com"' in page
    form = {"name": "Cy", "email": "other@example.com", "password1": PASSWORD, "next": path}
    answer = client.post("/sign-up", form)
    assert answer.headers["Location"] == path, "the link came by mail: no other mail is needed"
    person = Person.objects.get(name="Cy")
    assert person.email == "cy@example.com", "whatever the form says"
    client.post(path)
    assert Membership.objects.get(person=person).account_id == "111122223333"
    assert Account.objects.count() == 1, "who is invited gets no account of their own"


def test_it_refuses_sign_up_where_it_is_closed(
    client: Client, ana: Person, caller: Caller, mails: Mails, settings: Settings
) -> None:
    settings.SIGN_UP = "closed"
    invite(caller, ana, "cy@example.com")
    assert "Sign-up is closed here" in client.get(link_in(mails()[0])).content.decode()
    client.post("/sign-up", {"name": "Cy", "email": "cy@example.com", "password1": PASSWORD})
    assert Person.objects.count() == 1


def test_it_refuses_another_mail_address(client: Client, ana: Person, bo: Person, caller: Caller, mails: Mails) -> None:
    invite(caller, ana, "cy@example.com")
    path = link_in(mails()[0])
    sign_in(client, bo.mail)
    page = client.get(path).content.decode()
    assert "You are signed in as bo@example.com, but the invitation is for cy@example.com." in page
    assert ">Accept<" not in page
    client.post(path)
    assert not Membership.objects.filter(person=bo).exists()
    with pytest.raises(InvalidInput):
        invitations.accept(Caller(), invitations.token_of(Invitation.objects.get()), bo)


def test_it_refuses_tokens_that_are_not_good(client: Client, ana: Person, bo: Person, caller: Caller) -> None:
    invitation = invite(caller, ana)
    token = invitations.token_of(invitation)
    sign_in(client, bo.mail)
    made_up = signing.dumps({"id": str(invitation.id), "nonce": "guessed"}, salt=invitations.SALT)
    wrong_salt = signing.dumps({"id": str(invitation.id), "nonce": invitation.nonce}, salt="another")
    for each in (token[:-1] + ("a" if token[-1] != "a" else "b"), made_up, wrong_salt, "x", "a:b:c"):
        for answer in (client.get(f"/account/invitations/{each}"), client.post(f"/account/invitations/{each}")):
            assert answer.status_code == 410
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.post(f"/account/invitations/{token}").status_code == 410
    assert not Membership.objects.filter(person=bo).exists()


def test_a_new_mail_ends_the_link_of_the_one_before(ana: Person, bo: Person, caller: Caller) -> None:
    first = invitations.token_of(invite(caller, ana))
    second = invitations.token_of(invite(caller, ana))
    with pytest.raises(NotFound):
        invitations.find(first)
    assert invitations.find(second).email == bo.email
    invitations.revoke(caller, caller.account_id, bo.email)
    with pytest.raises(NotFound):
        invitations.find(second)
    with pytest.raises(NotFound):
        invitations.revoke(caller, caller.account_id, bo.email)


def test_a_role_that_is_gone_or_switched_off_is_not_given(ana: Person, caller: Caller) -> None:
    token = invitations.token_of(invite(caller, ana))
    Principal.objects.filter(name="Administrator").update(is_active=False)
    with pytest.raises(NotFound):
        invitations.find(token)


def test_it_refuses_what_makes_no_sense(ana: Person, caller: Caller) -> None:
    with pytest.raises(AlreadyExists):
        invite(caller, ana, "ANA@example.com")
    for email in ("", "no address", "a@b", "x" * 300 + "@example.com"):
        with pytest.raises(InvalidInput):
            invite(caller, ana, email)
    with pytest.raises(NotFound):
        invitations.create(caller, caller.account_id, "bo@example.com", "Nobody", invited_by=ana, link=link)


def test_it_refuses_to_be_used_for_mails_without_end(
    ana: Person, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        invite(caller, ana)
    with pytest.raises(LimitReached):
        invite(caller, ana)
    monkeypatch.setattr(invitations, "MOST_OPEN", 2)
    invite(caller, ana, "cy@example.com")
    with pytest.raises(LimitReached):
        invite(caller, ana, "dee@example.com")


def test_it_refuses_who_may_not(ana: Person, account: Account) -> None:
    nobody = Caller(account_id=account.id, principal_arn=f"arn:aws:iam::{account.id}:user/x", rights=NO_RIGHTS)
    for call in (
        lambda: invite(nobody, ana),
        lambda: invitations.list_open(nobody, account.id),
        lambda: invitations.revoke(nobody, account.id, "bo@example.com"),
    ):
        with pytest.raises(AccessDenied):
            call()
    assert people.memberships_of(ana)
