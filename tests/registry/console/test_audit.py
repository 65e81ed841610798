"""The audit log: filters, pages, one event, export; and what was denied."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.audit import lookup
from accounts.audit.lookup import EventFilter
from accounts.caller import Caller, Staff
from accounts.directory import accounts
from accounts.errors import AccessDenied, CredentialsMissing
from accounts.models import AuditEvent
from registry.core import audit_pages, repositories
from registry.metering import drain
from registry.values import Address
from tests.factories.registry import make_repository, push_image
from tests.registry.console.test_console import BASE, PRIVATE, ana, chi, page
from tests.registry.console.test_iam import reader

__all__ = ["ana", "chi", "reader"]
AUDIT = f"{BASE}/audit"


def test_it_works_with_every_filter(ana: Client, alice: Caller, address: Address) -> None:
    push_image(alice, address, "1")
    AuditEvent.objects.create(
        event_source="ecr.amazonaws.com",
        event_name="BatchGetImage",
        read_only=True,
        account_id=alice.account_id,
        principal_arn="arn:aws:iam::444455556666:user/eve",
        access_key_id="AKIAEVE",
        request_id="one-request",
    )
    text = page(ana, AUDIT)
    assert "PutImage" in text and "CreateRepository" in text and "BatchGetImage" not in text
    assert "BatchGetImage" in page(ana, f"{AUDIT}?reads=on")
    assert "1 event<" in page(ana, f"{AUDIT}?reads=on&who=AKIAEVE") and "1 event<" in page(
        ana, f"{AUDIT}?reads=on&who=EVE"
    )
    assert "1 event<" in page(ana, f"{AUDIT}?reads=on&request=one-request")
    assert "1 event<" in page(ana, f"{AUDIT}?action=putimage")
    assert "No events match these filters." in page(ana, f"{AUDIT}?resource=team/other")
    assert "No events match these filters." in page(ana, f"{AUDIT}?denied=on")
    day = datetime.now(UTC).date()
    assert "1 event<" in page(ana, f"{AUDIT}?action=PutImage&since={day}&until={day}")
    assert "No events match" in page(ana, f"{AUDIT}?until={day - timedelta(days=1)}")
    assert "1 event<" in page(ana, f"{AUDIT}?action=PutImage&until=9999-12-31")
    assert ana.get(f"{AUDIT}?since=yesterday").status_code == 400
    events = page(ana, f"{PRIVATE}/team/app/-/events")
    assert "PutImage" in events and "Export" not in events
    at = AuditEvent.objects.get(event_name="PutImage").event_time
    assert f" {at:%H:%M:%S} UTC</time>" in text and "docker/28" in text
    found = re.search(r"Export the newest 10,000 as <a [^>]*>CSV</a> or <a [^>]*>JSON</a>", text)
    assert found and "audit.csv?" in found[0]
    detail = page(ana, f"{AUDIT}/{AuditEvent.objects.get(event_name='PutImage').id}")
    assert f" {at:%H:%M:%S} UTC</time>" in detail


def test_pages_go_on_where_they_ended(alice: Caller, address: Address) -> None:
    for number in range(5):
        make_repository(alice, f"app-{number}")
    AuditEvent.objects.update(event_time=datetime(2026, 1, 2, tzinfo=UTC))
    seen, after = [], ""
    while True:
        found = lookup.page(alice.account_id, EventFilter(), after=after, limit=2)
        seen += [event.id for event in found.rows]
        if found.previous:
            back = lookup.page(alice.account_id, EventFilter(), before=found.previous, limit=2)
            assert [event.id for event in back.rows] == seen[-2 - len(found.rows) :][:2] and back.next == after
        if not found.next:
            break
        after = found.next
    assert len(seen) == len(set(seen)) == 6 == found.total
    end = lookup.page(alice.account_id, EventFilter(), after="2020-01-01T00:00:00Z~" + "0" * 32, limit=4)
    assert (end.rows, end.next, end.previous) == ([], "", "~")
    last = lookup.page(alice.account_id, EventFilter(), before="~", limit=4)
    assert [event.id for event in last.rows] == seen[2:] and not last.next
    AuditEvent.objects.filter(id=seen[1]).delete()
    first = lookup.page(alice.account_id, EventFilter(), before=last.previous, limit=4)
    assert [event.id for event in first.rows] == [seen[0], *seen[2:5]] and not first.previous and first.next
    AuditEvent.objects.filter(id__in=seen[:3]).delete()
    assert not lookup.page(alice.account_id, EventFilter(), after=last.previous, limit=4).previous
    AuditEvent.objects.filter(id__in=seen[3:]).delete()
    assert lookup.page(alice.account_id, EventFilter(), after=last.previous).previous == ""


def test_places_that_can_not_be_read_begin_again(alice: Caller, address: Address) -> None:
    for number in range(5):
        make_repository(alice, f"app-{number}")
    for broken in ("x", "2026-01-01~", "~", "2026-01-02T00:00:00~x"):
        assert len(lookup.page(alice.account_id, EventFilter(), after=broken).rows) == 6


def test_an_event_is_a_cloudtrail_record(ana: Client, alice: Caller, address: Address) -> None:
    event = AuditEvent.objects.get(event_name="CreateRepository")
    text = page(ana, f"{AUDIT}/{event.id}")
    assert "eventVersion" in text and "Events of the same resource" in text
    record = lookup.as_cloudtrail(event)
    assert record["userIdentity"] == {
        "type": "IAMUser",
        "arn": alice.principal_arn,
        "accountId": alice.account_id,
        "userName": alice.name,
    }
    assert (record["eventName"], record["awsRegion"]) == ("CreateRepository", "us-east-1")
    assert record["resources"][0]["ARN"].endswith("repository/team/app")
    page(ana, f"{AUDIT}/{'0' * 36}", 404)


def test_export_is_streamed_and_safe_in_spreadsheets(ana: Client, alice: Caller, address: Address) -> None:
    AuditEvent.objects.update(user_agent="=1+1")
    answer = ana.get(f"{AUDIT}.csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]
    assert rows[0]["eventName"] == "CreateRepository" and rows[0]["userAgent"] == "'=1+1"
    assert "attachment" in answer.headers["Content-Disposition"]
    answer = ana.get(f"{AUDIT}.jsonl?action=CreateRepository")
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert [json.loads(line)["eventName"] for line in lines] == ["CreateRepository"]
    assert ana.get(f"{AUDIT}.csv?since=x").status_code == 400


def test_new_events_are_told(ana: Client, alice: Caller, address: Address) -> None:
    first = AuditEvent.objects.latest("event_time")
    assert "new event" not in page(ana, f"{AUDIT}?newer={first.id}")
    make_repository(alice, "more")
    assert "1 new event: show" in page(ana, f"{AUDIT}?newer={first.id}")
    assert "new event" not in page(ana, f"{AUDIT}?newer=nonsense")


def test_what_was_denied_is_in_the_trail(ana: Client, charlie: Caller, anonymous: Caller, address: Address) -> None:
    for caller, error in ((charlie, AccessDenied), (anonymous, CredentialsMissing)):
        with pytest.raises(error):
            repositories.delete(caller, address)
    drain.drain()
    event = AuditEvent.objects.get(error_code="AccessDenied")
    assert (event.event_name, event.read_only, event.principal_arn) == (
        "DeleteRepository",
        False,
        charlie.principal_arn,
    )
    assert event.account_id == address.registry.account_id
    text = page(ana, f"{AUDIT}?denied=on")
    assert "AccessDenied" in text and "1 event<" in text


def test_it_refuses_who_may_not_look(reader: Client, chi: Client, charlie: Caller, address: Address) -> None:
    event = AuditEvent.objects.filter(event_name="CreateRepository").first()
    assert event is not None
    for path in (AUDIT, f"{AUDIT}/{event.id}", f"{AUDIT}.csv", f"{PRIVATE}/team/app/-/events"):
        answer = reader.get(path)
        assert answer.status_code == 403 and "cloudtrail:LookupEvents" in answer.content.decode()
        page(chi, path, 404)
    part = reader.get(AUDIT, headers={"HX-Request": "true"})
    assert part.status_code == 403 and "<h1" not in part.content.decode() and "LookupEvents" in part.content.decode()
    assert "Last changes" not in page(reader, BASE)
    with pytest.raises(AccessDenied):
        audit_pages.page(charlie, EventFilter(), address=address)


def test_what_staff_did_does_not_name_them(ana: Client, alice: Caller) -> None:
    accounts.suspend(Staff("boss@example.com", "192.0.2.77"), alice.account_id, "A secret of ours.")
    accounts.resume(Staff("boss@example.com", "192.0.2.77"), alice.account_id, "A secret of ours.")
    event = AuditEvent.objects.get(event_name="SuspendAccount")
    texts = [page(ana, AUDIT), page(ana, f"{AUDIT}/{event.id}"), page(ana, BASE)]
    exported = [b"".join(ana.get(f"{AUDIT}.{kind}")).decode() for kind in ("csv", "jsonl")]
    assert all("SuspendAccount" in text for text in (*texts, *exported))
    assert all("staff of this registry" in text for text in (*texts, exported[1]))
    for text in (*texts, *exported):
        assert "boss@" not in text and "192.0.2.77" not in text and "A secret of ours" not in text


def test_days_are_chosen_in_a_calendar(ana: Client, address: Address) -> None:
    for path in (AUDIT, f"{PRIVATE}/team/app/-/events"):
        text = page(ana, f"{path}?since=2026-01-31&until=2026-02-01")
        assert re.search(r'<input[^>]* type="date" name="since" value="2026-01-31"', text)
        assert re.search(r'<input[^>]* type="date" name="until" value="2026-02-01"', text)
