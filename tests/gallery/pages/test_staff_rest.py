"""Staff: reports, takedowns, accounts and the system; strangers see nothing of it."""

import pytest
from django.test import Client

from accounts import outbox
from accounts.caller import Caller
from accounts.models import Account, AuditEvent, OutboxRow, Person
from gallery.models import Listing, Report
from gallery.reports import reports
from gallery.search import index
from registry.core import aliases
from registry.models import Repository, Takedown
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


def test_a_repository_is_taken_down_and_says_so(boss: Client, path: str) -> None:
    form = {"path": path, "reason": "It mines coins.", "typed": path}
    assert f'value="{path}"' in boss.get(f"/staff/takedowns/-/new?path={path}").content.decode()
    answer = boss.post("/staff/takedowns/-/new", form, follow=True)
    assert "is taken down." in answer.content.decode() and "It mines coins." in answer.content.decode()
    run_work()
    stranger = Client()
    for each in (f"/{path}", f"/{path}/-/tags", f"/{path}/-/history"):
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


def test_the_system_shows_what_fails(boss: Client) -> None:
    OutboxRow.objects.all().delete()
    assert "Nothing has failed." in boss.get("/staff/system").content.decode()
    OutboxRow.objects.create(event="E", task="no.such.task", payload={}, tries=3, last_error="ImportError('no')")
    text = boss.get("/staff/system").content.decode()
    assert "no.such.task" in text and "ImportError" in text and "Can be written and read" in text
