"""Visitors report a repository; staff handles each report once."""

import pytest
from django.test import Client

from accounts.caller import Caller
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
