"""Scans that something hinders for a moment: they are made later, and FAILED means that the image is at fault."""

import errno
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts import outbox
from accounts.caller import Caller
from accounts.models import OutboxRow
from registry import storage
from registry.errors import StorageUnavailable
from registry.models import ImageScan
from registry.scanning import engine, sandbox, scans
from registry.scanning.syft import Syft
from registry.scanning.tasks import look_after_scans
from registry.values import Address
from tests.factories.registry import push_image
from tests.registry.aws.test_scanning import LAYERS, Quick
from tests.registry.scanning.test_contents import program

Status = ImageScan.Status


@pytest.fixture
def scan(
    alice: Caller, address: Address, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ImageScan:
    """A scan of an image with Debian's and Python's packages, that waits."""
    settings.SCAN_ROOT = tmp_path / "scans"
    engine.default.cache_clear()
    monkeypatch.setattr(engine, "default", Quick)
    image = push_image(alice, address, "1", layers=LAYERS)
    return scans.request(image, "BASIC")


def try_once(scan: ImageScan) -> bool:
    """Let a worker take the scan up; whether it was made."""
    row = OutboxRow.objects.get(event="ScanRequested")
    done = outbox.run(row.id)
    scan.refresh_from_db()
    return done


def test_a_store_that_is_away_for_long_does_not_fail_a_scan(scan: ImageScan, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise StorageUnavailable("it does not answer")

    with monkeypatch.context() as away:
        away.setattr(type(storage.default()), "open", refuse)
        for _ in range(scans.MOST_ATTEMPTS + 2):
            assert not try_once(scan) and scan.status == Status.IN_PROGRESS
    assert try_once(scan)
    assert scan.status == Status.FINDINGS_UNAVAILABLE and scan.sbom is not None


def test_a_program_that_the_system_kills_is_run_again(
    scan: ImageScan, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For want of memory, say: as often as if it had ended its worker."""
    settings.SYFT = program(tmp_path, "kill -9 $$")
    monkeypatch.setattr(engine, "default", Syft)
    for _ in range(scans.MOST_ATTEMPTS - 1):
        assert not try_once(scan) and scan.status == Status.IN_PROGRESS
    assert try_once(scan)
    assert (scan.status, scan.reason) == (Status.FAILED, "Syft could not list the packages: it was killed.")


@pytest.mark.parametrize("said", ["write /x: no space left on device", "fork: Resource temporarily unavailable"])
def test_a_program_that_finds_no_room_is_run_again(
    scan: ImageScan, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    settings.SYFT = program(tmp_path, f"echo '{said}' >&2; exit 1")
    with monkeypatch.context() as full:
        full.setattr(engine, "default", Syft)
        assert not try_once(scan) and scan.status == Status.IN_PROGRESS
    assert try_once(scan) and scan.sbom is not None


def test_a_disk_that_is_full_here_is_no_answer_that_cant_be_read(
    scan: ImageScan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(engine, "default", Syft)
        full.setattr(sandbox, "run", refuse)
        for _ in range(scans.MOST_ATTEMPTS + 1):
            assert not try_once(scan) and scan.status == Status.IN_PROGRESS
    assert try_once(scan) and scan.sbom is not None


def test_a_scan_whose_work_was_discarded_can_be_asked_for_again(scan: ImageScan) -> None:
    """Nobody would ever end it, and one that is under way is not begun anew."""
    ImageScan.objects.update(requested_at=timezone.now() - scans.SETTLED)
    look_after_scans()
    scan.refresh_from_db()
    assert scan.status == Status.PENDING
    OutboxRow.objects.filter(event="ScanRequested").update(dead_at=timezone.now())
    look_after_scans()
    scan.refresh_from_db()
    assert scan.status == Status.PENDING, "staff may have it tried again"
    OutboxRow.objects.filter(event="ScanRequested").delete()
    look_after_scans()
    scan.refresh_from_db()
    assert (scan.status, scan.reason) == (Status.FAILED, "The scan was given up.")
