"""What is said about collections: bytes by kind, one line in the log, the last good one, sums over days."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from structlog.testing import capture_logs

from accounts.caller import Caller
from registry.core import verifying
from registry.core.collecting import collector, figures
from registry.models import BlobLink, CollectionRun
from registry.values import Address
from tests.factories.registry import push_blob


def unused(caller: Caller, address: Address, content: bytes) -> None:
    """A blob that nothing needs, its grace over."""
    push_blob(caller, address, content)
    BlobLink.objects.update(keep_until=timezone.now() - timedelta(days=2))


def ended(days: float, state: str = "done", **fields: Any) -> CollectionRun:
    """A pass that ended so many days ago, after ten seconds."""
    at = timezone.now() - timedelta(days=days)
    known: dict[str, Any] = {"kind": "collect", "started_at": at - timedelta(seconds=10), "finished_at": at}
    return CollectionRun.objects.create(state=state, **known | fields)


def test_it_works(alice: Caller, address: Address) -> None:
    unused(alice, address, b"hello")
    with capture_logs() as lines:
        run = collector.collect(walks=True)
    assert run is not None
    [line] = [each for each in lines if each["event"] == "collection finished"]
    assert line["kind"] == "collect" and line["state"] == "done" and line["seconds"] >= 0 and line["problems"] == 0
    assert line["counts"]["blobs"] == 1 and line["sizes"] == {"blobs": 5} and line["bytes"] == 5
    found, last = figures.lately(), figures.last()
    assert (found.runs, found.problems, found.freed, found.counts["links"]) == (1, 0, 5, 1)
    assert found.sizes == {"blobs": 5}
    assert last.run == run and last.succeeded_at == run.finished_at and not last.is_late


def test_bytes_by_kind_outlive_a_pass_that_is_cut_short(alice: Caller, address: Address) -> None:
    unused(alice, address, b"hello")
    CollectionRun.objects.create(kind="collect", state="waiting", counts={"orphans": 2}, sizes={"orphans": 7})
    run = collector.collect()
    assert run is not None and run.sizes == {"orphans": 7, "blobs": 5}


def test_a_verification_says_what_it_read(alice: Caller, address: Address) -> None:
    push_blob(alice, address, b"hello")
    with capture_logs() as lines:
        assert verifying.read_all() is not None
    [line] = [each for each in lines if each["event"] == "collection finished"]
    assert line["kind"] == "verify" and line["counts"] == {"read": 1} and line["bytes"] == 5


def test_the_last_one_and_the_last_good_one(db: None) -> None:
    assert figures.last() == figures.Last(None, None, is_late=False)
    good = ended(3)
    assert figures.last() == figures.Last(good, good.finished_at, is_late=True)
    ended(0, kind="dry")
    CollectionRun.objects.create(kind="collect", state="running", started_at=timezone.now())
    bad = ended(0.5, "partial", problem_count=1)
    assert figures.last() == figures.Last(bad, good.finished_at, is_late=False)


def test_sums_are_of_the_days_asked_for(db: None) -> None:
    ended(1, counts={"blobs": 2, "images": 1}, sizes={"blobs": 30}, freed_bytes=30)
    ended(2, "partial", problem_count=4, counts={"blobs": 1, "orphans": 1}, sizes={"orphans": 5}, freed_bytes=5)
    ended(9, counts={"blobs": 100}, sizes={"blobs": 1000}, freed_bytes=1000)
    ended(1, kind="dry", counts={"blobs": 7})
    found = figures.lately(7)
    assert (found.runs, found.seconds, found.problems, found.freed) == (2, 20, 4, 35)
    assert found.counts == {"blobs": 3, "images": 1, "orphans": 1} and found.sizes == {"blobs": 30, "orphans": 5}
    assert figures.lately(30).runs == 3
