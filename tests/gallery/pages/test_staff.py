"""The staff area: nothing for others; the queue, the reserved names, the publishers."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.http import Http404
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from accounts.caller import Caller
from accounts.models import AuditEvent, Person
from gallery.aliases import decisions, requests, routing
from gallery.models import AliasRequest, Listing, ReservedName
from gallery.pages.views.staff import access
from registry.core import aliases
from registry.models import RegistryCatalogData
from tests.factories.aliases import REASON, STAFF, ask_for, give, run_outbox
from tests.factories.registry import make_account, make_caller, make_public_repository
from tests.gallery.aliases.conftest import ana, boss, staff
from tests.registry.console.test_console import page

__all__ = ["ana", "boss", "staff"]

PATHS = (
    "/staff",
    "/staff/aliases",
    "/staff/aliases/acme/1",
    "/staff/reserved-names",
    "/staff/reserved-names/-/new",
    "/staff/reserved-names/-/remove?pattern=docker",
    "/staff/publishers",
    "/staff/publishers/111122223333",
    "/staff/publishers/111122223333/-/unverify",
)


@pytest.fixture
def desk(boss: Person) -> Client:
    """The browser of a member of the staff."""
    client = Client()
    client.force_login(boss)
    return client


@pytest.fixture
def asked(alice: Caller, ana: Person) -> AliasRequest:
    """A request that waits."""
    return ask_for(alice, person=ana)


def test_others_find_nothing(client: Client, alice: Caller, ana: Person, asked: AliasRequest) -> None:
    for path in PATHS:
        assert client.get(path).headers["Location"].startswith("/sign-in?next=/staff")
    client.force_login(ana)
    for path in (*PATHS, "/staff/aliases/-/decide"):
        page(client, path, 404)
        assert client.post(path, {"step": "approve", "revision": 0, "request": f"{asked.id}:0"}).status_code == 404
    assert AliasRequest.objects.get().state == "requested"
    assert 'href="/staff"' not in page(client, "/")
    request = RequestFactory().get("/staff")
    request.user = AnonymousUser()
    with pytest.raises(Http404):
        access.staff_of(request)


def test_the_overview_says_what_waits(desk: Client, asked: AliasRequest) -> None:
    text = page(desk, "/staff")
    assert "1 thing waits for a decision." in text and "for acme, came" in text
    decisions.reject(STAFF, asked.id, "No.")
    assert "Nothing waits for a decision." in page(desk, "/staff")


def test_the_queue_filters_and_sorts(desk: Client, asked: AliasRequest, charlie: Caller) -> None:
    ask_for(charlie, "datadog-tools")
    routing.check_all()
    text = page(desk, "/staff/aliases")
    assert "2 requests" in text and text.index("/acme/1") < text.index("/datadog-tools/1") and "Names a brand" in text
    newest = page(desk, "/staff/aliases?sort=newest")
    assert newest.index("/datadog-tools/1") < newest.index("/acme/1")
    for query, there in (
        ("flag=brand", "datadog-tools"),
        ("q=dog", "datadog-tools"),
        ("q=444455556666", "datadog-tools"),
        ("q=alice", "acme"),
    ):
        text = page(desk, f"/staff/aliases?{query}")
        assert "1 request" in text and f"/staff/aliases/{there}/1" in text
    assert "No request matches." in page(desk, "/staff/aliases?state=approved")
    decisions.reject(STAFF, asked.id, "No.")
    assert "/acme/1" not in page(desk, "/staff/aliases") and "/acme/1" in page(desk, "/staff/aliases?state=rejected")
    assert "2 requests" in page(desk, "/staff/aliases?state=all")
    for bad in ("state=nonsense", "flag=nonsense", "sort=nonsense", "q=" + "x" * 200):
        page(desk, f"/staff/aliases?{bad}", 400)
    page(desk, "/staff/aliases?page=²")
    part = desk.get("/staff/aliases", headers={"HX-Request": "true"})
    assert b"<html" not in part.content and "HX-Request" in part.headers["Vary"]


def test_an_empty_queue_says_so(desk: Client) -> None:
    assert "No requests are waiting." in page(desk, "/staff/aliases")


def test_a_request_shows_all_that_helps(desk: Client, asked: AliasRequest, alice: Caller, charlie: Caller) -> None:
    make_public_repository(alice, "warehouse")
    decisions.reject(STAFF, ask_for(charlie).id, "Yours is another name.")
    give(charlie, "acne")
    text = page(desk, "/staff/aliases/acme/1")
    for words in (REASON, "ana@example.com", "warehouse", "acne", "Requests of others", "/staff/aliases/acme/2"):
        assert words in text
    page(desk, "/staff/aliases/acme/9", 404)
    page(desk, f"/staff/aliases/acme/{'9' * 12}", 404)


def test_it_works_to_approve(desk: Client, asked: AliasRequest, alice: Caller, ana: Person) -> None:
    form = {"step": "approve", "note": "Welcome.", "revision": 0}
    answer = desk.post("/staff/aliases/acme/1", form, follow=True)
    assert "The alias acme is approved." in answer.content.decode()
    assert aliases.find("acme") == alice.account_id
    event = AuditEvent.objects.get(event_name="ApproveRegistryAlias")
    assert event.user_agent == "staff: boss@example.com" and event.source_ip == "127.0.0.1" and event.request_id
    run_outbox()
    assert [letter.to for letter in mail.outbox if "approved" in letter.subject] == [["ana@example.com"]]


def test_it_works_to_ask_and_to_refuse(desk: Client, asked: AliasRequest) -> None:
    desk.post("/staff/aliases/acme/1", {"step": "ask", "note": "Who?", "revision": 0})
    assert AliasRequest.objects.get().state == "asked"
    desk.post("/staff/aliases/acme/1", {"step": "reject", "note": "Silence.", "revision": 1})
    assert AliasRequest.objects.get().note == "Silence."
    assert 'name="step"' not in page(desk, "/staff/aliases/acme/1")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"step": "reject", "revision": 0}, "Write the reason"),
        ({"step": "ask", "revision": 0}, "Write the question."),
        ({"revision": 0}, "Choose what to do."),
        ({"step": "nonsense", "revision": 0}, "Choose."),
        ({"step": "approve"}, "The form is not complete."),
        ({"step": "approve", "revision": "x"}, "The form is not complete."),
        ({"step": "reject", "note": "x" * 2001, "revision": 0}, "at most 2000 characters"),
    ],
)
def test_it_refuses_decisions_that_are_not_complete(
    desk: Client, asked: AliasRequest, form: dict[str, object], words: str
) -> None:
    answer = desk.post("/staff/aliases/acme/1", form)
    assert answer.status_code == 422 and words in answer.content.decode()
    assert AliasRequest.objects.get().revision == 0


def test_the_second_of_two_sees_who_was_faster(desk: Client, asked: AliasRequest) -> None:
    decisions.approve(STAFF, asked.id)
    answer = desk.post("/staff/aliases/acme/1", {"step": "reject", "note": "Not theirs.", "revision": 0})
    text = answer.content.decode()
    assert answer.status_code == 409 and "Decided by staff@example.com at" in text and "Not theirs." in text
    assert AliasRequest.objects.get().state == "approved" and len(requests.history(asked)) == 2


def test_what_changed_meanwhile_is_shown(desk: Client, asked: AliasRequest, alice: Caller) -> None:
    decisions.ask(STAFF, asked.id, "Who?")
    requests.reply(alice, alice.account_id, "acme", "Acme of Hanoi.")
    answer = desk.post("/staff/aliases/acme/1", {"step": "approve", "revision": 0})
    text = answer.content.decode()
    assert answer.status_code == 409 and "changed since it was shown" in text and "Acme of Hanoi." in text
    assert re.search(r'name="revision" value="2"', text)


def test_it_refuses_a_name_that_is_not_free_any_more(desk: Client, asked: AliasRequest, charlie: Caller) -> None:
    give(charlie)
    answer = desk.post("/staff/aliases/acme/1", {"step": "approve", "revision": 0})
    assert answer.status_code == 409 and "“acme” is taken." in answer.content.decode()


def test_a_template_is_inserted_and_the_mail_previewed(desk: Client, asked: AliasRequest, ana: Person) -> None:
    ana.language = "vi"
    ana.save()
    text = desk.post("/staff/aliases/acme/1", {"insert": "1", "template": "general"}).content.decode()
    typed = re.search(r'<textarea id="id_note"[^>]*>([^<]+)<', text)
    assert typed and "organisation" not in typed[1] and 'value="reject" checked' in text
    assert desk.post("/staff/aliases/acme/1", {"insert": "1", "template": "x"}).status_code == 404
    form = {"preview": "1", "step": "reject", "note": "Because <b>."}
    text = desk.post("/staff/aliases/acme/1", form).content.decode()
    assert "ana@example.com" in text and "&gt; Because &lt;b&gt;." in text and 'lang="vi"' in text
    part = desk.post("/staff/aliases/acme/1", form, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and "Because" in part
    assert "Choose what to do." in desk.post("/staff/aliases/acme/1", {"preview": "1"}).content.decode()
    assert AliasRequest.objects.get().state == "requested" and not mail.outbox


def test_several_are_decided_at_once(desk: Client, asked: AliasRequest, charlie: Caller) -> None:
    other = ask_for(charlie, "other")
    third = ask_for(make_third(), "third")
    boxes = {"request": [f"{row.id}:0" for row in (asked, other, third)], "step": "reject"}
    text = desk.post("/staff/aliases/-/decide", boxes).content.decode()
    assert "Refuse 3 requests?" in text and AliasRequest.objects.filter(state="requested").count() == 3
    answer = desk.post("/staff/aliases/-/decide", boxes | {"confirmed": "1"})
    assert answer.status_code == 422 and "Write the reason" in answer.content.decode()
    decisions.approve(STAFF, other.id)
    decisions.ask(STAFF, third.id, "Who?")
    text = desk.post("/staff/aliases/-/decide", boxes | {"confirmed": "1", "note": "No."}, follow=True).content.decode()
    assert "Refused: acme." in text and "other was decided by staff@example.com already." in text
    assert "third changed since it was shown" in text
    assert set(AliasRequest.objects.values_list("alias", "state")) == {
        ("acme", "rejected"),
        ("other", "approved"),
        ("third", "asked"),
    }


def make_third() -> Caller:
    """Somebody of a third account."""
    make_account("777788889999")
    return make_caller("777788889999", "dave")


def test_several_are_approved_but_what_is_taken(desk: Client, asked: AliasRequest, charlie: Caller) -> None:
    rival = ask_for(charlie)
    boxes = {"request": [f"{asked.id}:0", f"{rival.id}:0"], "step": "approve", "confirmed": "1"}
    text = desk.post("/staff/aliases/-/decide", boxes, follow=True).content.decode()
    assert "Approved: acme." in text and "“acme” is taken." in text
    assert aliases.find("acme") == asked.account_id


@pytest.mark.parametrize("boxes", [{}, {"step": "approve"}, {"request": "1:0"}, {"request": ["x", "1", "1:²", ":"]}])
def test_it_refuses_to_decide_about_nothing(desk: Client, boxes: dict[str, object]) -> None:
    text = desk.post("/staff/aliases/-/decide", {"confirmed": "1"} | boxes, follow=True).content.decode()
    assert "Choose at least one request." in text


def test_names_are_reserved_after_a_look_at_what_they_fit(desk: Client, alice: Caller) -> None:
    give(alice, "acme-tools")
    form = {"pattern": "Acme", "kind": "prefix", "why": "other", "note": "A brand."}
    text = desk.post("/staff/reserved-names/-/new", form | {"step": "check"}).content.decode()
    assert "acme* fits 1 live alias." in text and alice.account_id in text
    assert not ReservedName.objects.filter(pattern="acme").exists()
    text = desk.post("/staff/reserved-names/-/new", form | {"step": "save"}, follow=True).content.decode()
    assert "acme* is reserved." in text
    text = page(desk, "/staff/reserved-names?q=acme")
    assert "1 pattern" in text and "boss@example.com" in text and re.search(r'class="num">1<', text)
    assert aliases.find("acme-tools") == alice.account_id
    text = desk.post("/staff/reserved-names/-/new", form | {"pattern": "*-xx", "kind": "wildcard"}).content.decode()
    assert "*-xx fits no live alias." in text


@pytest.mark.parametrize(
    ("pattern", "kind", "words"),
    [
        ("", "exact", "Type a pattern."),
        ("acme*", "exact", "An exact name has the form"),
        ("acme*", "prefix", "without a star"),
        ("*", "wildcard", "at least two letters"),
        ("docker", "exact", "in the list already"),
        ("acme", "nonsense", "Select a valid choice"),
    ],
)
def test_it_refuses_what_is_no_new_pattern(desk: Client, pattern: str, kind: str, words: str) -> None:
    form = {"pattern": pattern, "kind": kind, "why": "other", "step": "save"}
    answer = desk.post("/staff/reserved-names/-/new", form)
    assert answer.status_code == 422 and words in answer.content.decode()


def test_a_pattern_is_removed(desk: Client) -> None:
    assert "Remove docker from the reserved names?" in page(desk, "/staff/reserved-names/-/remove?pattern=docker")
    text = desk.post("/staff/reserved-names/-/remove", {"pattern": "docker"}, follow=True).content.decode()
    assert "docker is not reserved any more." in text
    page(desk, "/staff/reserved-names/-/remove?pattern=docker", 404)
    assert desk.post("/staff/reserved-names/-/remove", {"pattern": "docker"}).status_code == 404
    page(desk, "/staff/reserved-names/-/remove", 404)


def test_reserved_names_are_listed_by_pages_and_reasons(desk: Client) -> None:
    text = page(desk, "/staff/reserved-names")
    assert "Page 1 of" in text and "sign-in" in text
    assert "datadog" in page(desk, "/staff/reserved-names?why=seller&q=data")
    assert "No pattern matches." in page(desk, "/staff/reserved-names?q=zzz")
    page(desk, "/staff/reserved-names?page=99")
    page(desk, "/staff/reserved-names?why=nonsense", 400)
    assert b"<html" not in desk.get("/staff/reserved-names", headers={"HX-Request": "true"}).content
    ReservedName.objects.all().delete()
    assert "The list is empty" in page(desk, "/staff/reserved-names")


def test_a_publisher_is_verified_and_the_mark_taken_away(desk: Client, alice: Caller) -> None:
    make_public_repository(alice)
    run_outbox()
    assert "1 publisher" in page(desk, "/staff/publishers") and "0 publishers" in page(
        desk, "/staff/publishers?verified=yes"
    )
    path = "/staff/publishers/111122223333"
    answer = desk.post(path, {"because": "short"})
    assert answer.status_code == 422 and "at least 10 characters" in answer.content.decode()
    text = desk.post(path, {"because": "Their site names this registry."}, follow=True).content.decode()
    assert "Alice is verified." in text and "Their site names this registry." in text
    [row] = RegistryCatalogData.objects.exclude(verified_at=None)
    assert row.verified_by == "boss@example.com"
    assert AuditEvent.objects.get(event_name="VerifyPublisher").account_id == "111122223333"
    before = Listing.objects.get().refreshed_at
    run_outbox()
    assert Listing.objects.get().refreshed_at > before
    assert "1 publisher" in page(desk, "/staff/publishers?verified=yes&q=ali")
    name = aliases.primary("111122223333")
    assert desk.post(f"{path}/-/unverify", {"typed": "x"}).status_code == 422
    text = desk.post(f"{path}/-/unverify", {"typed": name}, follow=True).content.decode()
    assert "Alice is not verified any more." in text
    [row] = RegistryCatalogData.objects.filter(verified_at=None)
    assert row.verified_because == ""
    assert desk.get(f"{path}/-/unverify").headers["Location"] == path


def test_it_refuses_publishers_that_are_none(desk: Client, alice: Caller) -> None:
    assert "Nobody publishes here yet." in page(desk, "/staff/publishers")
    page(desk, "/staff/publishers/111122223333", 404)
    assert desk.post("/staff/publishers/999999999999", {"because": "Because I say so."}).status_code == 404
    page(desk, "/staff/publishers?verified=nonsense", 400)
    assert "No publisher matches." in page(desk, "/staff/publishers?q=zzz")
    assert b"<html" not in desk.get("/staff/publishers", headers={"HX-Request": "true"}).content


def test_pages_cost_the_same_however_many_rows(
    desk: Client, asked: AliasRequest, alice: Caller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_public_repository(alice)
    for number in range(30):
        account = make_account(f"2000000000{number:02}")
        caller = make_caller(account.id, "x")
        make_public_repository(caller)
        ask_for(caller, f"warehouse-{number}" if number % 2 else "acme")
    routing.check_all()
    for path in PATHS[:-1]:
        with django_assert_max_num_queries(12):
            page(desk, path)


def test_a_request_leads_to_the_account(desk: Client, asked: AliasRequest) -> None:
    text = desk.get(f"/staff/aliases/{asked.alias}/{asked.number}").content.decode()
    assert f'href="/staff/accounts/{asked.account_id}"' in text
