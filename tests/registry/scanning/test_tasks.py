"""What runs again and again: advisories of the settings are taken in, and what was left behind goes."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from registry.models import Advisory, AdvisoryImport, Sbom
from registry.scanning.tasks import look_after_scans, sync_advisories
from tests.registry.scanning.test_importing import zipped
from tests.registry.scanning.test_osv import record
from tests.registry.scanning.test_syncing import later

pytestmark = pytest.mark.django_db


def test_every_source_is_taken_in_whatever_becomes_of_the_others(settings: Settings, tmp_path: Path) -> None:
    settings.ADVISORY_SOURCES = (str(tmp_path / "none.zip"), zipped(tmp_path, {"a.json": record()}))
    assert sync_advisories() == 1
    assert Advisory.objects.count() == 1
    assert list(AdvisoryImport.objects.order_by("id").values_list("state", flat=True)) == ["failed", "done"]


def test_folders_of_workers_that_died_go_after_a_day(settings: Settings, tmp_path: Path) -> None:
    settings.SCAN_ROOT = tmp_path
    old, young, other = tmp_path / "scan-old", tmp_path / "scan-young", tmp_path / "other"
    for folder in (old, young, other):
        (folder / "image").mkdir(parents=True)
    for folder in (old, other):
        os.utime(folder, (1, 1))
    look_after_scans()
    assert not old.exists() and young.exists() and other.exists()


def test_a_young_sbom_waits_for_its_scan(settings: Settings, tmp_path: Path) -> None:
    settings.SCAN_ROOT = tmp_path / "none"
    Sbom.objects.create(manifest_digest="sha256:0", content=b"", package_count=0, generator="test")
    assert look_after_scans() == 0 and Sbom.objects.exists()


def test_a_folder_that_cant_be_read_is_no_reason_to_leave_others_out(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.json").write_bytes(record(id="DSA-2-1"))
    settings.ADVISORY_SOURCES = (str(folder), zipped(tmp_path, {"a.json": record()}))
    read = Path.open

    def refuse(place: Path, *rest: Any, **more: Any) -> Any:
        if place.parent == folder:
            raise OSError(errno.EIO, "Input/output error")
        return read(place, *rest, **more)

    with monkeypatch.context() as failing:
        failing.setattr(Path, "open", refuse)
        assert sync_advisories() == 1
    first = AdvisoryImport.objects.order_by("id")[0]
    assert (first.state, first.error) == ("failed", f"{folder} can't be read: Input/output error.")
    later(minutes=5)
    assert sync_advisories() == 1
