"""A publisher's aliases in the console: the table, asking, answering, making primary, releasing."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.caller import Caller, operator
from accounts.directory import people, policies
from accounts.models import Membership, Person, Principal
from gallery.aliases import decisions
from gallery.models import AliasRequest
from registry.core import aliases
from registry.models import Alias
from registry.values import Address
from tests.factories.aliases import REASON, STAFF, WEBSITE, ask_for, give
from tests.factories.registry import make_public_repository
from tests.registry.console.test_console import PASSWORD, member, page

BASE = "/console/111122223333/public/aliases"
WORDS = {"alias": "acme", "reason": REASON, "website": WEBSITE, "agreed": "on"}


@pytest.fixture
def ana(client: Client, alice: Caller, public_address: Address) -> Client:
    """The browser of the publisher."""
    client.force_login(member(alice.account_id, "ana@example.com"))
    return client


@pytest.fixture
def reader(ana: Client, alice: Caller) -> Client:
    """The browser of a member who may look and nothing else."""
    role = Principal.objects.create(
        account_id=alice.account_id, kind=Principal.Kind.ROLE, name="Reader", unique_id="AROAREADER"
    )
    arn = "arn:aws:iam::aws:policy/AmazonElasticContainerRegistryPublicReadOnly"
    policies.attach(operator(alice.account_id), role, arn)
    person = member(alice.account_id, "reader@example.com")
    Membership.objects.filter(person=person).update(role=role)
    client = Client()
    client.force_login(person)
    return client


def test_it_works(ana: Client, alice: Caller) -> None:
    text = page(ana, BASE)
    assert aliases.primary(alice.account_id) in text and "Ask for an alias" in text
    answer = ana.post(BASE, WORDS, follow=True)
    text = answer.content.decode()
    assert "The alias acme is asked for." in text and "Requested" in text and "Withdraw the request" in text
    asked = AliasRequest.objects.get()
    assert asked.person == Person.objects.get(email="ana@example.com") and asked.asked_by == "ana@example.com"
    assert Person.objects.get(email="ana@example.com").language == "en"
    text = page(ana, BASE)
    assert "is not decided yet" in text and "<form" in text and 'name="reason"' not in text
    decisions.ask(STAFF, asked.id, "Which company?")
    text = page(ana, f"{BASE}/acme")
    assert "Which company?" in text and "staff@example.com" not in text
    ana.post(f"{BASE}/acme", {"step": "reply", "text": "Acme of Hanoi."})
    decisions.approve(STAFF, asked.id, note="Welcome.")
    text = page(ana, f"{BASE}/acme")
    assert "Welcome." in text and "testserver/acme/…" in text and "Make primary…" in text


def test_the_first_submit_counts(ana: Client) -> None:
    for _ in range(2):
        assert ana.post(BASE, WORDS).headers["Location"] == f"{BASE}/acme"
    assert AliasRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"alias": ""}, "Type the name that you want."),
        ({"alias": "Not Legal"}, "Use 2 to 50 lower-case letters"),
        ({"alias": "a" * 51}, "at most 50 characters"),
        ({"alias": "aws"}, "“aws” is reserved by “aws*”: name of a cloud service."),
        ({"alias": "eks"}, "“eks” is reserved by “eks”: name of a cloud service."),
        ({"alias": "datadog"}, "“datadog” is reserved by “datadog”: marketplace seller."),
        ({"alias": "amaz0n"}, "“amaz0n” looks like “amazon*”, which is reserved: name of a cloud service."),
        ({"alias": "console"}, "“console” is reserved by “console”: a word of this deployment"),
        ({"alias": "example"}, "“example” is taken."),
        ({"alias": "examp1e"}, "“examp1e” could be taken for “example”"),
        ({"reason": "short"}, "at least 20 characters"),
        ({"reason": ""}, "Say in 20 letters or more"),
        ({"website": "nonsense"}, "Enter a valid URL."),
        ({"website": "ftp://acme.example"}, "be understood or is too long."),
        ({"agreed": ""}, "Without this the staff"),
    ],
)
def test_it_refuses_with_the_reason_and_keeps_what_was_typed(
    ana: Client, charlie: Caller, change: dict[str, str], words: str
) -> None:
    give(charlie, "example")
    answer = ana.post(BASE, WORDS | change)
    text = answer.content.decode().replace("&#x27;", "'")
    assert answer.status_code == 422 and words in text and "<title>Error:" in text
    typed = WORDS | change
    assert f'value="{typed["alias"]}"' in text and typed["reason"] in text
    assert not AliasRequest.objects.filter(account_id="111122223333").exists()


def test_it_refuses_a_second_name_that_was_typed_before(ana: Client, alice: Caller) -> None:
    ask_for(alice, "first")
    answer = ana.post(BASE, WORDS)
    assert answer.status_code == 422 and "asks for “first” already" in answer.content.decode()


@pytest.mark.parametrize(
    ("alias", "words"), [("acme", "is free"), ("eks", "is reserved"), ("", ""), ("A" * 200, "Use 2 to 50")]
)
def test_a_name_is_checked_when_its_field_is_left(ana: Client, alias: str, words: str) -> None:
    text = page(ana, f"{BASE}/-/check?alias={alias}")
    assert words in text and "<html" not in text


def test_a_request_is_withdrawn(ana: Client, alice: Caller) -> None:
    ask_for(alice)
    text = ana.post(f"{BASE}/acme", {"step": "withdraw"}, follow=True).content.decode()
    assert "The request is withdrawn." in text and "Withdraw the request" not in text
    assert 'name="reason"' in page(ana, BASE)


def test_a_refusal_is_shown_word_for_word(ana: Client, alice: Caller) -> None:
    decisions.reject(STAFF, ask_for(alice).id, "The <b>proof</b> is missing.")
    assert "The &lt;b&gt;proof&lt;/b&gt; is missing." in page(ana, f"{BASE}/acme")


def test_stale_forms_say_what_happened(ana: Client, alice: Caller) -> None:
    asked = ask_for(alice)
    decisions.ask(STAFF, asked.id, "Who?")
    assert ana.post(f"{BASE}/acme", {"step": "reply", "text": " "}).status_code == 422
    decisions.approve(STAFF, asked.id)
    for step in ({"step": "reply", "text": "Late."}, {"step": "withdraw"}):
        answer = ana.post(f"{BASE}/acme", step)
        assert answer.status_code == 409 and "changed meanwhile" in answer.content.decode()
    assert ana.post(f"{BASE}/acme", {"step": "nonsense"}).status_code == 404
    assert ana.post(f"{BASE}/acme", {"step": "take-back"}).status_code == 404
    assert aliases.find("acme") == alice.account_id


def test_a_name_is_made_primary(ana: Client, alice: Caller) -> None:
    give(alice)
    first = aliases.primary(alice.account_id)
    text = page(ana, f"{BASE}/acme/-/primary")
    assert f"testserver/{first}/app" in text and "testserver/acme/app" in text
    text = ana.post(f"{BASE}/acme/-/primary", follow=True).content.decode()
    assert "acme is the primary alias now." in text and aliases.primary(alice.account_id) == "acme"
    assert ana.get(f"{BASE}/acme/-/primary").headers["Location"] == f"{BASE}/acme"


def test_a_name_is_released_by_typing_it_and_taken_back(ana: Client, alice: Caller) -> None:
    give(alice)
    text = page(ana, f"{BASE}/acme/-/release")
    assert "testserver/acme/app" in text and "held for this account for 30 days" in text
    answer = ana.post(f"{BASE}/acme/-/release", {"typed": "acm"})
    assert answer.status_code == 422 and "Type “acme” to confirm." in answer.content.decode()
    text = ana.post(f"{BASE}/acme/-/release", {"typed": "acme"}, follow=True).content.decode()
    assert "The alias acme is released." in text and "nobody else can have it until" in text
    assert aliases.find("acme") is None
    page(ana, f"{BASE}/acme/-/release", 404)
    page(ana, f"{BASE}/acme/-/primary", 404)
    text = ana.post(f"{BASE}/acme", {"step": "take-back"}, follow=True).content.decode()
    assert "leads to your repositories again" in text and aliases.find("acme") == alice.account_id


def test_the_default_name_has_a_page_and_stays(ana: Client, alice: Caller) -> None:
    name = aliases.primary(alice.account_id)
    text = page(ana, f"{BASE}/{name}")
    assert "The default alias can't be released." in text and "Release…" not in text
    page(ana, f"{BASE}/{name}/-/release", 404)
    assert ana.post(f"{BASE}/{name}/-/release", {"typed": name}).status_code == 404
    page(ana, f"{BASE}/absent", 404)


def test_who_may_only_read_sees_the_table_only(reader: Client, alice: Caller) -> None:
    give(alice)
    text = page(reader, BASE)
    assert "acme" in text and "ecr-public:CreateRegistryAlias" in text and 'name="reason"' not in text
    text = page(reader, f"{BASE}/acme")
    assert "Make primary…" not in text and "Release…" not in text
    for path in ("acme/-/primary", "acme/-/release"):
        assert reader.get(f"{BASE}/{path}").status_code == 403
        assert reader.post(f"{BASE}/{path}", {"typed": "acme"}).status_code == 403
    assert reader.post(BASE, WORDS | {"alias": "other"}).status_code == 403
    assert AliasRequest.objects.count() == 1


def test_members_of_other_accounts_and_strangers_learn_nothing(ana: Client, charlie: Caller) -> None:
    chi = Client()
    chi.force_login(member(charlie.account_id, "chi@example.com"))
    for path in (BASE, f"{BASE}/acme", f"{BASE}/acme/-/primary", f"{BASE}/acme/-/release", f"{BASE}/-/check?alias=x"):
        page(chi, path, 404)
        assert Client().get(path).headers["Location"].startswith("/sign-in?next=")
    assert chi.post(BASE, WORDS).status_code == 404


def test_the_page_costs_the_same_however_many_names(
    ana: Client, alice: Caller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    page(ana, BASE)
    for number in range(8):
        decisions.approve(STAFF, ask_for(alice, f"acme-{number}").id)
    for number in range(30):
        make_public_repository(alice, f"more-{number}")
    assert Alias.objects.count() == 9
    for path in (BASE, f"{BASE}/acme-1", f"{BASE}/acme-1/-/primary", f"{BASE}/acme-1/-/release"):
        with django_assert_max_num_queries(12):
            page(ana, path)


def test_a_person_without_rights_in_the_account_of_the_name(ana: Client) -> None:
    new = Client()
    new.force_login(people.create("new@example.com", PASSWORD))
    page(new, BASE, 404)
