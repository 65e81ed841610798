"""The benchmark itself: a quick run has numbers for Kho and for the registry that it is measured against."""

from pathlib import Path

import pytest

from tests.benchmarks.__main__ import main
from tests.benchmarks.fleet import installed
from tests.benchmarks.report import BEGIN, END
from tests.benchmarks.targets import BASELINE

PROGRAMS = (BASELINE, "wrk", "ab", "skopeo")
ROWS = (
    "manifest-tag-login",
    "manifest-digest-public",
    "head-blob",
    "blob-1k-login",
    "download",
    "upload",
    "skopeo",
)


@pytest.mark.skipif(not all(installed(each) for each in PROGRAMS), reason=f"needs {', '.join(PROGRAMS)}")
def test_a_quick_run_fills_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nan older table\n{END}\nafter\n", encoding="utf-8")
    arguments = ["--quick", "--servers", BASELINE, "--rows", *ROWS, "--output", str(page)]
    assert main(arguments) == 0, capsys.readouterr().err
    lines = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    heads, *rows = lines
    assert heads[1:3] == ["Kho", BASELINE]
    assert len(rows) == len(ROWS) + 2 + 2  # HEAD blob and skopeo are two rows each, and so is memory
    assert all(float(cell.replace(",", "")) > 0 for row in rows for cell in row[1:3])
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "an older table" not in text
    assert rows[0][0] in text
