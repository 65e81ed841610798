"""Visitors report a repository; staff handles each report once."""

import pytest
from django.test import Client

from accounts.caller import Caller
from accounts.models import Account
from gallery.errors import AlreadyHandled, TooManyReports
from gallery.models import Report
from gallery.reports import reports
from registry.core import aliases
from registry.models import Repository
from registry.values import Address

WORDS = "The entry point downloads a miner from example.com."
GIVEN = {"reason": "malware", "text": WORDS, "mail": "vi@example.com"}


@pytest.fixture
def path(alice: Caller, public_address: Address) -> str:
    """The page of a public repository."""
    return f"/{aliases.primary(alice.account_id)}/app"


def test_it_works(client: Client, path: str) -> None:
    assert "Report this repository" in client.get(path).content.decode()
    assert client.get(f"{path}/-/report").status_code == 200
    answer = client.post(f"{path}/-/report", GIVEN, follow=True)
    assert "Thank you. The staff will look at it." in answer.content.decode()
    row = Report.objects.get()
    assert (row.path, row.reason, row.text, row.mail, row.state) == (path[1:], "malware", WORDS, GIVEN["mail"], "open")
    assert row.source_ip == "127.0.0.1" and reports.open_count() == 1
    assert WORDS not in client.get(path).content.decode()


def test_sent_twice_it_is_one(client: Client, path: str) -> None:
    for _ in range(3):
        client.post(f"{path}/-/report", GIVEN)
    assert Report.objects.count() == 1


@pytest.mark.parametrize(
    "change", [{"reason": ""}, {"reason": "nothing"}, {"text": "bad"}, {"text": "x" * 4001}, {"mail": "nobody"}]
)
def test_it_refuses_what_is_not_filled_in(client: Client, path: str, change: dict[str, str]) -> None:
    answer = client.post(f"{path}/-/report", GIVEN | change)
    assert answer.status_code == 422 and "Nothing was saved" in answer.content.decode()
    assert not Report.objects.exists()


def test_it_refuses_floods(client: Client, path: str) -> None:
    for number in range(reports.MOST_AN_HOUR):
        client.post(f"{path}/-/report", GIVEN | {"text": f"{WORDS} {number}"})
    answer = client.post(f"{path}/-/report", GIVEN)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert Report.objects.count() == reports.MOST_AN_HOUR
    repository = Repository.objects.get()
    with pytest.raises(TooManyReports):
        reports.create(repository, path, reason="spam", text=WORDS, source_ip="127.0.0.1")
    assert reports.create(repository, path, reason="spam", text=WORDS, source_ip="192.0.2.1")


def test_it_refuses_repositories_that_are_not_there(client: Client, path: str) -> None:
    assert client.get(f"{path}-not/-/report").status_code == 404


def test_staff_handles_a_report_once(path: str) -> None:
    row = reports.create(Repository.objects.get(), path, reason="spam", text=WORDS)
    assert reports.close(row.id, "one@example.com", acted=False, note="It is none.").state == "dismissed"
    with pytest.raises(AlreadyHandled) as late:
        reports.close(row.id, "two@example.com", acted=True)
    assert late.value.by == "one@example.com" and reports.open_count() == 0
    assert [each.note for each in reports.of_state("dismissed")] == ["It is none."]
    assert not reports.of_state("open")


def test_a_publisher_is_reported_as_a_whole(client: Client, path: str) -> None:
    """From the page of the publisher and back to it; the publisher sees nothing of it."""
    alias = path.split("/")[1]
    assert f'href="/{alias}/-/report"' in client.get(f"/{alias}").content.decode()
    assert "Report this publisher" in client.get(f"/{alias}/-/report").content.decode()
    answer = client.post(f"/{alias}/-/report", GIVEN | {"reason": "impersonation"}, follow=True)
    assert answer.redirect_chain[-1][0] == f"/{alias}" and "Thank you." in answer.content.decode()
    row = Report.objects.get()
    assert (row.repository, row.account, row.path) == (None, Account.objects.get(), alias)
    assert (row.reason, row.text, row.mail) == ("impersonation", WORDS, GIVEN["mail"]) and reports.open_count() == 1
    assert WORDS not in client.get(f"/{alias}").content.decode()


def test_publishers_and_repositories_are_told_apart_and_count_together(client: Client, path: str) -> None:
    alias = path.split("/")[1]
    for _ in range(2):
        for place in (path, f"/{alias}"):
            client.post(f"{place}/-/report", GIVEN)
    assert Report.objects.count() == 2
    assert set(Report.objects.values_list("path", "account_id")) == {
        (place, Repository.objects.get().account_id) for place in (path[1:], alias)
    }
    for number in range(reports.MOST_AN_HOUR - 2):
        client.post(f"{path}/-/report", GIVEN | {"text": f"{WORDS} {number}"})
    answer = client.post(f"/{alias}/-/report", GIVEN | {"reason": "spam"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert Report.objects.count() == reports.MOST_AN_HOUR


def test_reports_about_publishers_are_checked_as_well(client: Client, path: str) -> None:
    alias = path.split("/")[1]
    answer = client.post(f"/{alias}/-/report", GIVEN | {"reason": "", "text": "bad"})
    text = answer.content.decode()
    assert answer.status_code == 422 and "Choose what is wrong." in text and "<title>Error:" in text
    assert 'aria-describedby="reason-error"' in text and "Say what you saw." not in text
    assert "Say what you saw." in client.post(f"/{alias}/-/report", GIVEN | {"text": ""}).content.decode()
    assert not Report.objects.exists()


def test_it_refuses_publishers_that_are_not_there(client: Client, path: str) -> None:
    alias = path.split("/")[1]
    for method in (client.get, client.post):
        assert method(f"/{alias}-not/-/report").status_code == 404
    Account.objects.update(is_active=False)
    assert client.get(f"/{alias}/-/report").status_code == client.post(f"/{alias}/-/report", GIVEN).status_code == 404
    assert not Report.objects.exists()
