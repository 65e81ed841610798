"""A person's notices: the bell, the list, one by one, all at once, and how they are told."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.caller import Caller
from accounts.directory import people
from accounts.models import Person
from registry.models import Notice
from registry.notifications import notices
from tests.registry.console.test_console import PASSWORD, member, page

PAGE = "/account/notifications"
ALIAS = {"alias": "acme", "account": "Acme (111122223333)", "note": "Ask <b>again</b>."}


@pytest.fixture
def person(alice: Caller) -> Person:
    """Ana."""
    return member(alice.account_id, "ana@example.com")


@pytest.fixture
def ana(client: Client, person: Person) -> Client:
    """Her browser."""
    client.force_login(person)
    return client


def tell(person: Person, number: int = 1) -> Notice:
    """One thing happened."""
    path = "/console/111122223333/public/aliases"
    notices.notify([person], "alias.rejected", ALIAS, path=path, key=str(number))
    return Notice.objects.get(person=person, key=str(number))


def test_it_works(ana: Client, person: Person) -> None:
    assert "Nothing has happened yet that concerns you." in page(ana, PAGE)
    notice = tell(person)
    text = page(ana, "/")
    assert "1 unread" in text and f'href="{PAGE}"' in text
    text = page(ana, PAGE)
    assert "The alias acme is refused" in text and "Ask &lt;b&gt;again&lt;/b&gt;." in text and "Unread:" in text
    assert ana.post(f"{PAGE}/{notice.id}").headers["Location"] == notice.path
    text = page(ana, PAGE)
    assert "All of them are read." in text and "1 unread" not in text
    assert "Nothing is unread." in page(ana, f"{PAGE}?show=unread")


def test_all_are_marked_as_read(ana: Client, person: Person) -> None:
    for number in range(3):
        tell(person, number)
    assert "3 notices are marked as read." in ana.post(f"{PAGE}/read", follow=True).content.decode()


def test_choices_are_kept(ana: Client, person: Person) -> None:
    text = page(ana, PAGE)
    assert "An alias that your account asked for is refused" in text and "Somebody asks for an alias" not in text
    answer = ana.post(f"{PAGE}/choices", {"alias.rejected": "off", "nonsense": "off"}, follow=True)
    assert "The choices are saved." in answer.content.decode()
    assert notices.notify([person], "alias.rejected", ALIAS, path="/", key="x") == 0


def test_the_language_of_pages_is_that_of_mails(ana: Client, client: Client) -> None:
    ana.post("/account/preferences", {"language": "vi", "next": "/"})
    assert Person.objects.get().language == "vi"
    ana.post("/account/preferences", {"language": "nonsense", "next": "/"})
    assert Person.objects.get().language == "vi"
    assert Client().post("/account/preferences", {"language": "vi", "next": "/"}).status_code == 302


def test_the_account_leads_to_its_reader(ana: Client) -> None:
    assert ana.get("/console/111122223333/notifications").headers["Location"] == PAGE
    page(ana, "/console/999999999999/notifications", 404)


def test_it_refuses_strangers_and_notices_of_others(ana: Client, person: Person) -> None:
    for path in (PAGE, f"{PAGE}/read", f"{PAGE}/choices", f"{PAGE}/1"):
        assert Client().get(path).headers["Location"].startswith("/sign-in?next=")
    notice = tell(person)
    other = Client()
    other.force_login(people.create("other@example.com", PASSWORD))
    for number in (str(notice.id), "999999", "9" * 18):
        assert other.post(f"{PAGE}/{number}").status_code == 404
    assert "Nothing has happened" in page(other, PAGE)
    notice.refresh_from_db()
    assert notice.read_at is None
    assert ana.get(f"{PAGE}/{notice.id}").status_code == 405


@pytest.mark.parametrize("after", ["x", "²", "9" * 30, "-1"])
def test_it_refuses_bad_places_in_the_list(ana: Client, after: str) -> None:
    page(ana, f"{PAGE}?after={after}", 400)
    page(ana, f"{PAGE}?before={after}", 400)


def test_long_lists_go_on_and_cost_the_same(
    ana: Client, person: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(55):
        tell(person, number)
    with django_assert_max_num_queries(12):
        text = page(ana, PAGE)
    assert text.count('class="unread"') == 50 and "Older" in text and "Newer" not in text
    oldest = Notice.objects.order_by("id")[5]
    text = page(ana, f"{PAGE}?after={oldest.id}")
    assert text.count('class="unread"') == 5 and f"?before={oldest.id - 1}" in text and "Newer" in text
    assert page(ana, f"{PAGE}?before={oldest.id}").count('class="unread"') == 50
    assert "Nothing comes behind this place" in page(ana, f"{PAGE}?after=1")
    assert page(ana, f"{PAGE}?before=~").count('class="unread"') == 50
