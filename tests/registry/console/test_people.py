"""Pages of people, and the switcher: what a member does there is done, and refused."""

import json

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.caller import Caller, operator
from accounts.directory import accounts, invitations, people, policies, roles
from accounts.models import Account, Invitation, Membership, OutboxRow, Person, Principal
from registry.console.views.switching import target
from tests.registry.console.test_console import BASE, PASSWORD, ana, chi, page
from tests.registry.console.test_iam import TRUST

__all__ = ["ana", "chi"]
PEOPLE = f"{BASE}/iam/people"


@pytest.fixture
def account(ana: Client) -> Account:
    """Ana's account, with a role that may do nothing yet."""
    account = Account.objects.get(id="111122223333")
    roles.create(operator(account.id), account.id, "Reader", TRUST)
    return account


@pytest.fixture
def bo(account: Account) -> Person:
    """A member who may look at people and change none."""
    role = Principal.objects.get(account=account, name="Reader")
    text = {"Effect": "Allow", "Action": ["kho:List*"], "Resource": "*"}
    policies.put_inline(operator(account.id), role, "look", json.dumps({"Version": "2012-10-17", "Statement": [text]}))
    person = people.create("bo@example.com", PASSWORD, name="Bo")
    people.add_to_account(person, account, "Reader")
    return person


def test_it_works_from_the_invitation_to_the_removal(ana: Client, account: Account) -> None:
    listed = page(ana, PEOPLE)
    assert "1 person" in listed and "Invite somebody" in listed and ">you<" in listed
    form = page(ana, f"{PEOPLE}/-/invite")
    assert "<option selected>Administrator</option>" in form and "<option>Reader</option>" in form
    answer = ana.post(f"{PEOPLE}/-/invite", {"email": "Cy@example.com", "role": "Reader"})
    assert answer.headers["Location"] == PEOPLE
    waiting = OutboxRow.objects.get(event="MailWritten").payload
    assert waiting["to"] == "cy@example.com" and "http://testserver/account/invitations/" in waiting["text"]
    listed = page(ana, PEOPLE)
    assert "cy@example.com" in listed and "Take back" in listed
    person = people.create("cy@example.com", PASSWORD)
    invitations.accept(Caller(), invitations.token_of(Invitation.objects.get()), person)
    assert "2 people" in page(ana, PEOPLE)
    assert "Change role" in page(ana, f"{PEOPLE}/cy@example.com")
    ana.post(f"{PEOPLE}/cy@example.com", {"role": "Administrator"})
    assert Membership.objects.get(person=person).role.name == "Administrator"
    assert "Role that they lose" in page(ana, f"{PEOPLE}/cy@example.com/-/remove")
    ana.post(f"{PEOPLE}/cy@example.com/-/remove")
    assert not Membership.objects.filter(person=person).exists()
    assert ana.get(f"{PEOPLE}/cy@example.com").status_code == 404
    assert ana.post(f"{PEOPLE}/cy@example.com/-/remove").status_code == 404, "once is enough"


def test_invitations_are_sent_again_and_taken_back(ana: Client, account: Account) -> None:
    form = {"email": "cy@example.com", "role": "Reader"}
    for _ in range(2):
        ana.post(f"{PEOPLE}/-/invite", form)
    assert Invitation.objects.count() == 1 and OutboxRow.objects.filter(event="MailWritten").count() == 2
    ana.post(f"{PEOPLE}/-/revoke", {"email": "cy@example.com"})
    assert not Invitation.objects.exists()
    answer = ana.post(f"{PEOPLE}/-/revoke", {"email": "cy@example.com"}, follow=True)
    assert "This invitation is gone" in answer.content.decode()
    assert ana.get(f"{PEOPLE}/-/revoke").status_code == 405


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"email": "no address", "role": "Reader"}, "Type a mail address"),
        ({"email": "", "role": "Reader"}, "Type a mail address"),
        ({"email": "ana@example.com", "role": "Reader"}, "is a member already"),
        ({"email": "cy@example.com", "role": "Nobody"}, "Choose a role."),
        ({"email": "cy@example.com"}, "Choose a role."),
    ],
)
def test_it_refuses_invitations_with_mistakes(ana: Client, account: Account, form: dict[str, str], words: str) -> None:
    answer = ana.post(f"{PEOPLE}/-/invite", form)
    assert answer.status_code == 422 and words in answer.content.decode()
    assert "<title>Error:" in answer.content.decode() and form["email"] in answer.content.decode()
    assert not Invitation.objects.exists()


def test_it_stops_mails_without_end(ana: Client, account: Account) -> None:
    form = {"email": "cy@example.com", "role": "Reader"}
    answers = [ana.post(f"{PEOPLE}/-/invite", form).status_code for _ in range(6)]
    assert answers == [302] * 5 + [422]


def test_it_refuses_to_lose_the_last_administrator(ana: Client, account: Account) -> None:
    place = f"{PEOPLE}/ana@example.com"
    assert "Nobody else administers" in page(ana, f"{place}/-/remove")
    for path, form in ((f"{place}/-/remove", {}), (place, {"role": "Reader"})):
        answer = ana.post(path, form)
        assert answer.status_code == 409 and "Nobody else administers" in answer.content.decode()
    assert ana.post(place, {"role": "Nobody"}).status_code == 409
    assert Membership.objects.get().role.name == "Administrator"


def test_who_may_look_changes_nothing(client: Client, bo: Person, account: Account) -> None:
    browser = Client()
    browser.force_login(bo)
    listed = browser.get(PEOPLE).content.decode()
    assert "2 people" in listed and "Invite somebody" not in listed
    assert "Change role" not in browser.get(f"{PEOPLE}/ana@example.com").content.decode()
    assert browser.get(f"{PEOPLE}/-/invite").status_code == 403
    for path, form in (
        (f"{PEOPLE}/-/invite", {"email": "cy@example.com", "role": "Reader"}),
        (f"{PEOPLE}/-/revoke", {"email": "cy@example.com"}),
        (f"{PEOPLE}/ana@example.com", {"role": "Reader"}),
        (f"{PEOPLE}/ana@example.com/-/remove", {}),
    ):
        answer = browser.post(path, form)
        assert answer.status_code == 403 and "kho:" in answer.content.decode()
    assert Membership.objects.count() == 2 and not Invitation.objects.exists()


def test_other_accounts_are_not_there(chi: Client, ana: Client, account: Account) -> None:
    for path in (PEOPLE, f"{PEOPLE}/-/invite", f"{PEOPLE}/ana@example.com", f"{PEOPLE}/ana@example.com/-/remove"):
        assert chi.get(path).status_code == 404
        assert chi.post(path, {"role": "Administrator"}).status_code in (404, 405)


def test_the_list_costs_the_same_however_long_it_is(
    ana: Client, account: Account, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(40):
        people.add_to_account(people.create(f"p{number}@example.com", PASSWORD), account, "Reader")
    with django_assert_max_num_queries(12):
        listed = page(ana, PEOPLE)
    assert "41 people" in listed
    assert "1 person" in page(ana, f"{PEOPLE}?contains=P39@")
    assert "Nobody has “%&lt;”" in page(ana, f"{PEOPLE}?contains=%25%3C")


# --- the switcher ----------------------------------------------------------------------------------------------------

OTHER = "444455556666"


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (f"{BASE}/iam/users", f"/console/{OTHER}/iam/users"),
        (f"{BASE}/iam/users/bo/keys", f"/console/{OTHER}/iam/users"),
        (f"{BASE}/iam/policies/x/-/edit", f"/console/{OTHER}/iam/policies"),
        (f"{BASE}/iam/people/ana@example.com", f"/console/{OTHER}/iam/people"),
        (f"{BASE}/us-east-1/repositories/team/app/-/images", f"/console/{OTHER}/us-east-1/repositories"),
        (f"{BASE}/public/repositories", f"/console/{OTHER}/public/repositories"),
        (BASE, f"/console/{OTHER}"),
        ("/search", f"/console/{OTHER}"),
        ("https://evil.example.com/console", f"/console/{OTHER}"),
        ("", f"/console/{OTHER}"),
    ],
)
def test_switching_keeps_the_kind_of_page(path: str, wanted: str) -> None:
    assert target(path, OTHER) == wanted


def test_switching_leads_to_another_region(settings: Settings) -> None:
    assert target(f"{BASE}/us-east-1/repositories", OTHER, "eu-west-1") == f"/console/{OTHER}/eu-west-1/repositories"
    assert target(f"{BASE}/iam/users", OTHER, "eu-west-1") == f"/console/{OTHER}/iam/users"
    assert target(BASE, OTHER, "eu-west-1") == f"/console/{OTHER}/eu-west-1/repositories"


def test_the_switcher_leads_to_accounts_of_one_s_own(ana: Client, account: Account) -> None:
    assert ana.get(f"/console/switch?to={OTHER}").status_code == 404
    other = accounts.create("Second", OTHER)
    assert ana.get(f"/console/switch?to={OTHER}").status_code == 404, "nor one of others"
    people.add_to_account(Person.objects.get(email="ana@example.com"), other)
    shown = page(ana, f"{BASE}/iam/groups")
    assert f"/console/switch?to={OTHER}&amp;from=/console/111122223333/iam/groups" in shown
    answer = ana.get(f"/console/switch?to={OTHER}&from={BASE}/iam/groups&region=mars-1")
    assert answer.headers["Location"] == f"/console/{OTHER}/iam/groups"
    for number in range(12):
        people.add_to_account(Person.objects.get(email="ana@example.com"), accounts.create(f"More {number}"))
    assert "All 13 other accounts" in page(ana, BASE)


def test_regions_are_chosen_where_there_are_several(ana: Client, account: Account, settings: Settings) -> None:
    assert 'id="switch-region"' not in page(ana, BASE)
    settings.REGIONS = ("us-east-1", "eu-west-1")
    assert "<option selected>us-east-1</option><option>eu-west-1</option>" in page(ana, BASE)
    answer = ana.get(f"/console/switch?to=111122223333&from={BASE}/us-east-1/repositories&region=eu-west-1")
    assert answer.headers["Location"] == f"{BASE}/eu-west-1/repositories"
