"""Staff: reports, takedowns, accounts and the system; strangers see nothing of it."""

import html
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import outbox
from accounts.caller import Caller
from accounts.models import Account, AuditEvent, OutboxRow, Person
from gallery.models import Listing, Report
from gallery.reports import reports
from gallery.search import index
from registry.core import aliases
from registry.models import AdvisoryImport, Blob, CollectionRun, Repository, Takedown
from registry.scanning.tasks import sync_advisories
from registry.templatetags import kho
from registry.values import Address
from tests.factories.registry import push_image

ID = "111122223333"
PATHS = (
    "/staff/reports",
    "/staff/reports/1",
    "/staff/takedowns",
    "/staff/takedowns/-/new",
    "/staff/accounts",
    f"/staff/accounts/{ID}",
    "/staff/storage",
    "/staff/work",
    "/staff/activity",
    "/staff/system",
)


@pytest.fixture
def boss(client: Client, db: None) -> Client:
    """The browser of a member of the staff."""
    client.force_login(Person.objects.create_user("boss@example.com", is_staff=True))
    return client


@pytest.fixture
def path(alice: Caller, public_address: Address) -> str:
    """A public repository with an image, listed."""
    push_image(alice, public_address, "1")
    index.rebuild()
    return f"{aliases.primary(alice.account_id)}/app"


def run_work() -> None:
    """Do what events have announced."""
    for row in OutboxRow.objects.filter(event__in=["TakenDown", "AccountChanged", "RepositoryDeleted"]):
        outbox.run(row.id)


def test_strangers_see_nothing(client: Client, path: str) -> None:
    for each in PATHS:
        assert client.get(each).headers["Location"] == f"/sign-in?next={each}"
    client.force_login(Person.objects.create_user("ana@example.com"))
    for each in PATHS:
        assert client.get(each).status_code == client.post(each).status_code == 404
    assert client.post("/staff/takedowns/1/-/lift").status_code == 404


def test_a_report_is_closed_once(boss: Client, path: str) -> None:
    row = reports.create(Repository.objects.get(), path, reason="spam", text="Nothing but advertising here.")
    assert path in boss.get("/staff/reports").content.decode()
    assert "1 thing waits" in boss.get("/staff").content.decode()
    page = f"/staff/reports/{row.id}"
    assert "Nothing but advertising here." in boss.get(page).content.decode()
    boss.post(page, {"step": "dismissed", "note": "It is none."})
    assert Report.objects.get().state == "dismissed"
    late = boss.post(page, {"step": "acted"})
    assert late.status_code == 409 and "boss@example.com has decided" in late.content.decode()
    assert "No reports are waiting." in boss.get("/staff/reports").content.decode()
    assert "It is none." in boss.get(page).content.decode()
    assert boss.get("/staff/reports?state=nonsense").status_code == 400
    assert boss.get("/staff/reports/999").status_code == 404


def test_a_report_about_a_publisher_leads_to_the_account(boss: Client, path: str) -> None:
    alias = path.split("/", maxsplit=1)[0]
    row = reports.create(Account.objects.get(), alias, reason="impersonation", text="This name is somebody else's.")
    reports.create(Repository.objects.get(), path, reason="spam", text="Nothing but advertising here.")
    listed = boss.get("/staff/reports").content.decode()
    assert listed.count('<span class="badge">Publisher</span>') == 1 and "2 reports" in listed
    text = boss.get(f"/staff/reports/{row.id}").content.decode()
    assert "somebody else" in text and f'href="/{alias}"' in text
    assert f'href="/staff/accounts/{ID}#change"' in text and "/staff/takedowns/-/new" not in text
    assert boss.post(f"/staff/reports/{row.id}", {"step": "acted", "note": "Suspended."}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.note, row.handled_by) == ("acted", "Suspended.", "boss@example.com")


def test_a_repository_is_taken_down_and_says_so(boss: Client, path: str) -> None:
    form = {"path": path, "reason": "It mines coins.", "typed": path}
    assert f'value="{path}"' in boss.get(f"/staff/takedowns/-/new?path={path}").content.decode()
    answer = boss.post("/staff/takedowns/-/new", form, follow=True)
    assert "is taken down." in answer.content.decode() and "It mines coins." in answer.content.decode()
    run_work()
    stranger = Client()
    for each in (f"/{path}", f"/{path}/-/tags", f"/{path}/-/history", f"/{path}/-/statistics.csv"):
        gone = stranger.get(each)
        assert gone.status_code == 410 and "It mines coins." in gone.content.decode(), each
    assert not Listing.objects.exists()
    row = Takedown.objects.get()
    assert row.by == "boss@example.com" and row.purged_at
    boss.post(f"/staff/takedowns/{row.id}/-/lift")
    assert stranger.get(f"/{path}").status_code == 404
    assert boss.post(f"/staff/takedowns/{row.id}/-/lift").status_code == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"typed": ""}, "to confirm."),
        ({"reason": ""}, "Say why"),
        ({"path": "nobody/app", "typed": "nobody/app"}, "There is no public repository at this path."),
        ({"digest": "sha256:xyz"}, "This is not a digest."),
        ({"digest": f"sha256:{'0' * 64}"}, "The repository has no image with this digest."),
    ],
)
def test_it_refuses_to_take_down_what_is_not_meant(boss: Client, path: str, change: dict[str, str], words: str) -> None:
    answer = boss.post("/staff/takedowns/-/new", {"path": path, "reason": "x", "typed": path} | change)
    assert answer.status_code == 422 and words in answer.content.decode()
    assert not Takedown.objects.exists()


def test_an_account_is_suspended_and_resumed(boss: Client, path: str) -> None:
    page = f"/staff/accounts/{ID}"
    assert ID in boss.get("/staff/accounts?q=alice").content.decode()
    assert "No account matches." in boss.get("/staff/accounts?suspended=yes").content.decode()
    assert boss.post(page, {"because": "Abuse", "typed": "no"}).status_code == 422
    assert boss.post(page, {"because": "", "typed": ID}).status_code == 422
    assert "is suspended." in boss.post(page, {"because": "Abuse", "typed": ID}, follow=True).content.decode()
    run_work()
    assert not Account.objects.get().is_active and not Listing.objects.exists()
    assert Client().get(f"/{path}").status_code == 404
    assert "Abuse" in boss.get(page).content.decode()
    boss.post(page, {"because": "Sorted out"})
    run_work()
    assert Account.objects.get().is_active and Client().get(f"/{path}").status_code == 200
    events = AuditEvent.objects.filter(event_name__in=["SuspendAccount", "ResumeAccount"]).order_by("event_time")
    assert [(each.event_name, each.user_agent) for each in events] == [
        ("SuspendAccount", "staff: boss@example.com"),
        ("ResumeAccount", "staff: boss@example.com"),
    ]
    assert boss.get("/staff/accounts/999988887777").status_code == 404
    assert boss.get("/staff/accounts?suspended=perhaps").status_code == 400


def test_storage_shows_collections_and_starts_them(boss: Client, path: str) -> None:
    assert "Nothing was collected yet." in boss.get("/staff/storage").content.decode()
    for kind, said in (("dry", "A dry run will begin soon."), ("collect", "A collection will begin soon.")):
        answer = boss.post("/staff/storage", {"kind": kind}, follow=True)
        assert said in answer.content.decode()
        assert boss.post("/staff/storage", {"kind": kind}).status_code == 302, "once more is the same one"
    assert CollectionRun.objects.filter(asked_by="boss@example.com").count() == 2
    text = boss.get("/staff/storage").content.decode()
    assert text.count("waiting") == 2 and "http-equiv" in text
    for row in OutboxRow.objects.filter(event="CollectionAsked"):
        outbox.run(row.id)
    CollectionRun.objects.filter(kind="collect").update(
        counts={"blobs": 3, "images": 1}, freed_bytes=3_000_000, problem_count=1, problems=["the disk is tired"]
    )
    now = timezone.now()
    CollectionRun.objects.filter(kind="dry").update(started_at=now - timedelta(seconds=75), finished_at=now)
    assert "took 75 seconds" in boss.get("/staff/storage").content.decode()
    text = boss.get("/staff/storage").content.decode()
    for said in (kho.size(3_000_000), "the disk is tired", "boss@example.com", "blobs: 3", "http-equiv"):
        assert (said in text) != (said == "http-equiv"), said
    assert boss.post("/staff/storage", {"kind": "verify"}).status_code == 404


def test_storage_adds_up_the_collections_of_a_week(boss: Client, path: str) -> None:
    now = timezone.now()
    for days, state, problems in ((0.2, "partial", 2), (1, "done", 0), (8, "done", 0)):
        ended = now - timedelta(days=days)
        CollectionRun.objects.create(
            kind="collect",
            state=state,
            created_at=ended,
            started_at=ended - timedelta(seconds=70),
            finished_at=ended,
            counts={"blobs": 40, "links": 3},
            sizes={"blobs": 5_000_000},
            freed_bytes=5_000_000,
            problem_count=problems,
        )
    text = re.sub(r"<[^>]+>", "|", boss.get("/staff/storage").content.decode())
    lately = re.sub(r"[|\s]+", "|", text[text.index("The last 7 days") : text.index("Last collections")])
    for said in ("Collections|2", "140 seconds", "Problems|2", "Blobs|80", "repositories|6"):
        assert said.replace(" ", "|") in lately, (said, lately)
    assert kho.size(10_000_000).replace(" ", "|").replace("\xa0", "|") in lately.replace("\xa0", "|")


def test_storage_says_what_is_damaged(boss: Client, path: str) -> None:
    assert "All blobs are whole" in boss.get("/staff/storage").content.decode()
    Blob.objects.update(state=Blob.State.DAMAGED)
    assert "2 blobs are damaged" in boss.get("/staff/storage").content.decode()


def test_the_storage_page_costs_no_more_with_more_rows(
    boss: Client, path: str, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        CollectionRun.objects.create(kind="collect", state="done", counts={"blobs": number})
    with django_assert_max_num_queries(12):
        boss.get("/staff/storage")


def test_the_system_shows_its_parts(boss: Client) -> None:
    text = boss.get("/staff/system").content.decode()
    assert "Can be written and read" in text and "/staff/work" in text


def test_the_system_shows_the_last_collection(boss: Client) -> None:
    assert "Nothing was collected yet." in boss.get("/staff/system").content.decode()
    now = timezone.now()
    common: dict[str, Any] = {"kind": "collect", "started_at": now - timedelta(days=4, seconds=9)}
    CollectionRun.objects.create(**common, state="done", finished_at=now - timedelta(days=4))
    text = boss.get("/staff/system").content.decode()
    assert "Late:" in text and "9 seconds" in text and "3 problems" not in text
    CollectionRun.objects.create(**common, state="partial", finished_at=now, problem_count=3, problems=["no"])
    CollectionRun.objects.create(kind="dry", state="done", started_at=now, finished_at=now + timedelta(seconds=1))
    text = boss.get("/staff/system").content.decode()
    assert "Late:" not in text and "3 problems" in text and kho.moment(now - timedelta(days=4)) in text


def test_the_system_shows_sources_of_advisories_and_why_one_is_not_read(
    boss: Client, settings: Settings, tmp_path: Path, django_assert_max_num_queries: Any
) -> None:
    assert "No source of advisories is set" in boss.get("/staff/system").content.decode()
    settings.ADVISORY_SOURCES = tuple(str(tmp_path / f"{number}.zip") for number in range(20))
    assert "Not read yet" in boss.get("/staff/system").content.decode()
    sync_advisories()
    AdvisoryImport.objects.update(finished_at=timezone.now() - timedelta(minutes=5))
    sync_advisories()
    with django_assert_max_num_queries(12):
        text = boss.get("/staff/system").content.decode()
    assert text.count("2 times in a row") == text.count("No such file or directory") == 20
    assert ">20<" in boss.get("/staff").content.decode()


def dead_letter(**fields: Any) -> OutboxRow:
    """Work that was given up."""
    known: dict[str, Any] = {"event": "ImagePushed", "task": "no.such.task", "tries": 30, "dead_at": timezone.now()}
    known |= {"payload": {"repository": 7, "text": "a secret of a mail"}, "last_error": "ImportError('no')"}
    return OutboxRow.objects.create(**known | fields)


def test_work_that_fails_is_shown(boss: Client) -> None:
    OutboxRow.objects.all().delete()
    text = boss.get("/staff/work").content.decode()
    assert "Nothing has failed." in text and "Nothing was given up." in text
    OutboxRow.objects.create(event="E", task="no.such.task", payload={}, tries=3, last_error="ImportError('no')")
    text = boss.get("/staff/work").content.decode()
    assert "no.such.task" in text and "ImportError" in text and "Nothing was given up." in text


def test_work_that_was_given_up_is_tried_again(boss: Client) -> None:
    OutboxRow.objects.all().delete()
    row = dead_letter()
    text = boss.get("/staff/work").content.decode()
    assert "repository=7" in text and "ImportError" in text and "secret of a mail" not in text
    assert "1 piece of work" in text and ">1<" in boss.get("/staff").content.decode()
    assert boss.post(f"/staff/work/{row.id}/-/retry").status_code == 302
    row.refresh_from_db()
    assert row.dead_at is None and row.tries == 0 and row.due_at > timezone.now()
    event = AuditEvent.objects.get(event_name="RetryWork")
    assert event.user_agent == "staff: boss@example.com" and event.resource_arn == f"arn:aws:kho:::work/{row.id}"
    assert event.details["repository"] == "7" and "secret" not in str(event.details)
    assert boss.post(f"/staff/work/{row.id}/-/retry").status_code == 404, "it is not dead any more"
    assert boss.get(f"/staff/work/{row.id}/-/retry").status_code == 405


def test_all_of_it_is_tried_again(boss: Client) -> None:
    OutboxRow.objects.all().delete()
    for number in range(3):
        dead_letter(payload={"repository": number})
    waiting = dead_letter(dead_at=None)
    assert "3 pieces of work are tried again." in boss.post("/staff/work/-/retry-all", follow=True).content.decode()
    assert not OutboxRow.objects.exclude(dead_at=None).exists() and AuditEvent.objects.count() == 3
    waiting.refresh_from_db()
    assert waiting.tries == 30


def test_work_is_discarded_after_a_question(boss: Client) -> None:
    row, other = dead_letter(), dead_letter(dead_at=None)
    path = f"/staff/work/{row.id}/-/discard"
    assert "Discard this work?" in boss.get(path).content.decode() and OutboxRow.objects.filter(id=row.id).exists()
    assert boss.post(path).status_code == 302
    assert not OutboxRow.objects.filter(id=row.id).exists()
    assert AuditEvent.objects.get(event_name="DiscardWork").details["task"] == "no.such.task"
    assert boss.get(path).status_code == boss.post(path).status_code == 404
    assert boss.post(f"/staff/work/{other.id}/-/discard").status_code == 404, "living work can't be discarded"


def test_dead_letters_come_in_pages(boss: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    OutboxRow.objects.all().delete()
    for number in range(60):
        dead_letter(payload={"repository": 1000 + number}, dead_at=timezone.now() - timedelta(seconds=number // 3))
    with django_assert_max_num_queries(12):
        first = boss.get("/staff/work").content.decode()
    after = re.findall(r'rel="next" href="([^"]+)"', first)
    second = boss.get("/staff/work" + html.unescape(after[0])).content.decode()
    shown = re.findall(r"repository=(\d+)", first + second)
    assert len(shown) == len(set(shown)) == 60
    for wrong in ("x", "~", "2026-01-01~1", "2026-13-45T00:00:00+00:00~1"):
        assert boss.get("/staff/work", {"after": wrong}).status_code == 200


def test_what_staff_did_is_in_one_place_with_who_did_it(boss: Client, alice: Caller) -> None:
    assert "Nothing was changed for the whole deployment." in boss.get("/staff/activity").content.decode()
    name = {"kind": "exact", "pattern": "warehouse-of-ours", "why": "brand", "note": "Ours."}
    assert boss.post("/staff/reserved-names/-/new", name | {"step": "save"}).status_code == 302
    text = boss.get("/staff/activity").content.decode()
    assert "CreateReservedName" in text and "warehouse-of-ours" in text and ">boss@example.com" in text
    boss.post(f"/staff/accounts/{ID}", {"because": "Spam.", "typed": ID})
    text = boss.get(f"/staff/activity?account={ID}").content.decode()
    assert "SuspendAccount" in text and "Spam." in text and "CreateReservedName" not in text
    assert f'href="/staff/activity?account={ID}"' in boss.get(f"/staff/accounts/{ID}").content.decode()
    for wrong in ("1", "999999999999", "x"):
        assert boss.get("/staff/activity", {"account": wrong}).status_code == 404
