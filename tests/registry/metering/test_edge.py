"""What the web server in front answered from its cache is counted like any pull."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.audit import spool
from accounts.caller import Caller
from accounts.models import AuditEvent
from registry.core import addresses
from registry.metering.drain import drain
from registry.models import Image, PullCount
from registry.values import Address
from tests.factories.registry import push_image

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


@pytest.fixture
def image(alice: Caller, public_address: Address) -> Image:
    """A public image."""
    return push_image(alice, public_address, "1")


def log(folder: Path, *lines: dict[str, Any], hour: datetime | None = None) -> Path:
    """Write a file as the web server does."""
    spooled = folder / "spool"
    spooled.mkdir(exist_ok=True)
    path = spooled / f"edge-node1-{hour or datetime.now(UTC):%Y-%m-%dT%H}.jsonl"
    with path.open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    return path


def line(path: str, **changed: Any) -> dict[str, Any]:
    """A line of the web server's log."""
    return {
        "v": 1,
        "kind": "edge",
        "at": "2026-03-01T19:30:00+07:00",
        "host": "kho.test",
        "method": "GET",
        "path": path,
        "status": 200,
        "client": "192.0.2.44",
        "agent": "containerd/2",
        "request_id": "of-nginx",
        **changed,
    }


def test_it_works(data_folder: Path, public_address: Address, image: Image) -> None:
    path = f"/v2/{addresses.path(public_address)}/manifests/{image.digest}"
    log(data_folder, line(path), line(path), line(path, method="HEAD"))
    assert drain() == 3
    image.refresh_from_db()
    assert (image.pull_count, image.last_recorded_pull_time) == (2, NOW)
    assert PullCount.objects.get().count == 2
    event = AuditEvent.objects.filter(event_name="BatchGetImage").first()
    assert event is not None and (event.source_ip, event.user_agent) == ("192.0.2.44", "containerd/2")
    assert (event.event_time, event.request_id, event.principal_arn) == (NOW, "of-nginx", "")
    assert drain() == 0


def test_what_is_no_pull_is_left_out(data_folder: Path, public_address: Address, image: Image) -> None:
    place = f"/v2/{addresses.path(public_address)}"
    path = f"{place}/manifests/{image.digest}"
    log(
        data_folder,
        line(path, status=404),
        line(path, method="PUT"),
        line(f"{place}/blobs/{image.digest}"),
        line(f"{place}/manifests/1"),
        line(f"{place}/manifests/sha256:{'0' * 64}"),
        line(f"/v2/nobody/app/manifests/{image.digest}"),
        line(f"/v2/BAD NAME/manifests/{image.digest}"),
    )
    assert drain() == 7
    assert not PullCount.objects.exists()


def test_a_private_image_is_never_answered_in_front(data_folder: Path, alice: Caller, address: Address) -> None:
    private = push_image(alice, address, "1")
    log(data_folder, line(f"/v2/{addresses.path(address)}/manifests/{private.digest}"))
    assert drain() == 1
    assert not PullCount.objects.exists()


def test_a_file_is_removed_when_its_hour_is_over(data_folder: Path, public_address: Address, image: Image) -> None:
    path = f"/v2/{addresses.path(public_address)}/manifests/{image.digest}"
    now = datetime.now(UTC)
    present = log(data_folder, line(path))
    past = log(data_folder, line(path), hour=now - timedelta(hours=3))
    strange = data_folder / "spool" / "edge-node1.jsonl"
    strange.touch()
    assert [spool.is_finished(each) for each in (present, past, strange)] == [False, True, False]
    drain()
    assert present.exists() and strange.exists() and not past.exists()
    image.refresh_from_db()
    assert image.pull_count == 2


def test_bytes_that_are_no_text_stop_nothing(data_folder: Path, public_address: Address, image: Image) -> None:
    path = f"/v2/{addresses.path(public_address)}/manifests/{image.digest}"
    file = log(data_folder, line(path, agent="AGENT"), line(path, agent="\ud800"), line(path, agent="whole"))
    file.write_bytes(file.read_bytes().replace(b"AGENT", b"\xed\xa0\x80\xff"))
    assert drain() == 3
    image.refresh_from_db()
    assert image.pull_count == 3
