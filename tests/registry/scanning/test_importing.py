"""Advisories taken in from zips, folders, files and addresses; again, changed, withdrawn, broken and huge."""

import io
import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import OutboxRow
from registry.models import Advisory, AdvisoryImport, AffectedPackage
from registry.scanning import importing, osv, sources
from registry.scanning.sources import SourceRefused
from tests.registry.scanning.test_osv import record

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[2] / "data" / "advisories"


def zipped(folder: Path, files: dict[str, bytes], name: str = "all.zip") -> str:
    """A zip of records."""
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in files.items():
            archive.writestr(each, content)
    return str(folder / name)


def test_it_works(capsys: pytest.CaptureFixture[str]) -> None:
    """All real records are taken; a second time nothing changes."""
    files = [str(DATA / f"{name}.zip") for name in ("Debian", "AlmaLinux", "PyPI")]
    call_command("import_advisories", *files)
    assert "410 read, 410 new, 0 changed, 0 withdrawn, 0 refused" in capsys.readouterr().out
    assert Advisory.objects.count() == 410 + 884 + 158
    kernel = Advisory.objects.get(id="ALSA-2025:0059")
    assert (kernel.severity, kernel.names[0], len(kernel.names)) == ("HIGH", "CVE-2024-46713", 4)
    assert kernel.affected.get(name="bpftool").ranges == [[["introduced", "0"], ["fixed", "7.4.0-503.21.1.el9_5"]]]
    call_command("import_advisories", files[0])
    assert "410 read, 0 new, 0 changed" in capsys.readouterr().out
    last = AdvisoryImport.objects.latest("id")
    assert last.state == "done" and last.changed == [] and not last.changed_all


def test_only_what_changed_is_written_and_said(tmp_path: Path) -> None:
    """A newer record replaces the packages of the one before, an older one does not, a withdrawn one is noted."""
    other = record(id="DSA-2-1", affected=[])
    importing.run(zipped(tmp_path, {"a.json": record(), "b.json": other, "README.md": b"no"}))
    affected: list[dict[str, Any]] = [{"package": {"ecosystem": "Debian:11", "name": "gnutls28"}, "versions": ["1"]}]
    newer = record(modified="2023-05-01T00:00:00Z", affected=affected)
    done = importing.run(zipped(tmp_path, {"a.json": newer, "b.json": other}))
    assert (done.read, done.added, done.updated) == (2, 0, 1)
    assert done.changed == [["Debian:11", "gnutls28"], ["Debian:11", "openssl"]]
    assert list(AffectedPackage.objects.values_list("name", flat=True)) == ["gnutls28"]
    assert importing.run(zipped(tmp_path, {"a.json": record()})).updated == 0
    withdrawn = record(modified="2023-06-01T00:00:00Z", affected=affected, withdrawn="2023-06-01T00:00:00Z")
    done = importing.run(zipped(tmp_path, {"a.json": withdrawn}))
    assert (done.updated, done.withdrawn, done.changed) == (1, 1, [["Debian:11", "gnutls28"]])
    assert Advisory.objects.get(id="DSA-1-1").withdrawn_at is not None


def test_what_an_import_wrote_that_was_killed_is_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one of its source finds nothing changed; scans are looked at again all the same, once."""
    source = zipped(tmp_path, {"a.json": record()})

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(importing, "_finish", killed)
        with pytest.raises(KeyboardInterrupt):
            importing.run(source)
    assert not OutboxRow.objects.filter(event="AdvisoriesChanged").exists()
    for _ in range(2):
        assert importing.run(source).changed == []
        lost = AdvisoryImport.objects.earliest("id")
        assert lost.state == "failed" and lost.changed_all and lost.error
        told = OutboxRow.objects.get(event="AdvisoriesChanged")
        assert told.payload["advisory_import"] == lost.id


def test_folders_and_single_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.json").write_bytes(record())
    (tmp_path / "b.json").write_bytes(record(id="DSA-2-1"))
    (tmp_path / "c.json").symlink_to("/etc/passwd")
    assert importing.run(str(tmp_path)).added == 2
    assert importing.run(str(tmp_path / "b.json")).read == 1


def test_broken_records_are_refused_in_words_and_the_others_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    huge = b" " * (osv.LARGEST + 1)
    source = zipped(tmp_path, {"a.json": record(), "b.json": b"{", "c.json": b"{}", "d.json": huge})
    call_command("import_advisories", source)
    said = capsys.readouterr()
    assert "1 read, 1 new, 0 changed, 0 withdrawn, 3 refused" in said.out
    assert "b.json: it is not JSON" in said.err and "d.json: it has more than" in said.err


def test_it_refuses_sources_that_cant_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with a sentence, and the others are taken all the same."""
    good = zipped(tmp_path, {"a.json": record()})
    cut = tmp_path / "cut.zip"
    cut.write_bytes(Path(good).read_bytes()[:-30])
    bent = bytearray(Path(good).read_bytes())
    bent[60] ^= 0xFF
    (tmp_path / "bent.zip").write_bytes(bent)
    (tmp_path / "text").write_text("no advisories")
    empty = zipped(tmp_path, {}, "empty.zip")
    for source, why in (
        (str(cut), "broken zip"),
        (str(tmp_path / "bent.zip"), "broken zip"),
        (str(tmp_path / "none"), "No such file"),
        (str(tmp_path / "text"), "holds no advisory. text: it is not JSON"),
        (empty, "holds no advisory"),
        ("http://127.0.0.1:9/all.zip", "private network"),
        ("https://192.0.2.1/all.zip", "private network"),
    ):
        with pytest.raises(CommandError, match=why):
            call_command("import_advisories", source, good)
    assert Advisory.objects.count() == 1
    assert AdvisoryImport.objects.filter(state="failed").count() == 7
    monkeypatch.setattr(sources, "MOST_RECORDS", 1)
    with pytest.raises(SourceRefused, match="more than 1 files"):
        importing.run(zipped(tmp_path, {"a.json": record(), "b.json": record()}))


def test_a_zip_that_grows_without_an_end_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = zipped(tmp_path, {f"{number}.json": record(details="x" * 100_000) for number in range(10)})
    monkeypatch.setattr(sources, "LARGEST_UNPACKED", 1_000_000)
    with pytest.raises(SourceRefused, match="more than 1000000 bytes"):
        importing.run(source)
    assert not Advisory.objects.exists()


def test_few_large_records_are_in_memory_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = {f"{n}.json": record(id=f"DSA-{n}-1", details="x" * 1_000_000) for n in range(60)}
    source = zipped(tmp_path, large)
    monkeypatch.setattr(importing, "BATCH_BYTES", 4_000_000)
    tracemalloc.start()
    assert importing.run(source).added == 60
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 30_000_000


def test_so_many_changes_that_all_scans_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MOST_CHANGED", 1)
    packages = [{"package": {"ecosystem": "npm", "name": name}, "versions": ["1"]} for name in ("a", "b")]
    done = importing.run(zipped(tmp_path, {"a.json": record(affected=packages)}))
    assert done.changed_all and done.changed == []


def test_a_zip_that_grows_is_read_no_further_than_a_record_may_go(tmp_path: Path) -> None:
    """A gigabyte of blanks in a megabyte: refused after a few of them."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("bomb.json", "w") as entry:
        for _ in range(64):
            entry.write(b" " * (1 << 20))
    (tmp_path / "bomb.zip").write_bytes(made.getvalue())
    with pytest.raises(SourceRefused, match="more than"):
        importing.run(str(tmp_path / "bomb.zip"))
    assert json.loads(json.dumps(AdvisoryImport.objects.get().problems))[0].startswith("bomb.json")
