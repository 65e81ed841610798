"""Lists of an account with none, one and ten thousand repositories: as many queries, a page of rows, true totals."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.caller import Caller
from accounts.models import AuditEvent
from registry.models import Repository, WorkItem
from tests.factories.registry import make_repository
from tests.registry.console.test_console import BASE, PRIVATE, ana, page

__all__ = ["ana"]
MANY = 10_000
SORTS = (
    "",
    "?sort=-name",
    "?sort=-images",
    "?sort=-size",
    "?sort=pushed",
    "?sort=-pulled",
    "?contains=7",
    "?empty=yes",
)


def make_many(caller: Caller, count: int) -> None:
    """Repositories, events and jobs, without the verbs that make them one by one."""
    pattern = make_repository(caller, "n-pattern")
    fields = [field for field in Repository._meta.concrete_fields if not field.primary_key and not field.generated]
    values = {field.attname: getattr(Repository.objects.get(id=pattern.id), field.attname) for field in fields}
    names = [f"team-{number % 50:02}/app-{number:05}" for number in range(1, count)]
    rows = [Repository(**values | {"name": name}) for name in names]
    Repository.objects.bulk_create(rows, batch_size=500)
    event = {"event_source": "ecr.amazonaws.com", "event_name": "PutImage", "read_only": False}
    AuditEvent.objects.bulk_create(
        (AuditEvent(account_id=caller.account_id, **event) for _ in range(count)), batch_size=500
    )
    WorkItem.objects.bulk_create(
        (WorkItem(account_id=caller.account_id, region="us-east-1", kind="tag-repositories") for _ in range(200)),
        batch_size=100,
    )


def cost(client: Client, path: str) -> int:
    """How many queries a page takes when nothing has to be learned first."""
    page(client, path)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page(client, path)
    return len(queries)


def rows_of(text: str) -> int:
    return len(re.findall(r'<input type="checkbox" name="name"', text))


@pytest.fixture
def paths() -> list[str]:
    """Every list that grows with an account, in every order."""
    return [*(f"{PRIVATE}{each}" for each in SORTS), BASE, f"{BASE}/audit", f"{BASE}/work"]


def test_ten_thousand_cost_what_one_does(ana: Client, alice: Caller, paths: list[str]) -> None:
    make_repository(alice, "app-7")
    few = {path: cost(ana, path) for path in paths}
    Repository.objects.all().delete()
    make_many(alice, MANY)
    many = {path: cost(ana, path) for path in paths}
    more = {path: (few[path], many[path]) for path in paths if many[path] > few[path] + 1}
    assert not more, "a next page may take one query; more grow with the rows"
    text = page(ana, PRIVATE)
    assert rows_of(text) == 50 and ">10000 repositories<" in text.replace(",", "").replace("\xa0", "")
    assert 'rel="next"' in text
    found = page(ana, f"{PRIVATE}?contains=app-09999&sort=-images")
    assert rows_of(found) == 1
    assert page(ana, f"{BASE}/audit").count("/audit/") <= 60


def test_none_and_one(ana: Client, alice: Caller) -> None:
    for sort in SORTS[:6]:
        text = page(ana, f"{PRIVATE}{sort}")
        assert "No repositories in us-east-1 yet." in text and not rows_of(text)
    make_repository(alice, "only")
    for sort in SORTS[:6]:
        text = page(ana, f"{PRIVATE}{sort}")
        assert rows_of(text) == 1 and ">1 repository<" in text and 'rel="next"' not in text
    assert "1" in page(ana, BASE)
