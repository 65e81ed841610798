"""The benchmark of following images itself: a small run looks at all of them, and what is new changes findings."""

import pytest

from tests.benchmarks.rescan import measured


def test_a_small_run(capsys: pytest.CaptureFixture[str]) -> None:
    first, later, same = measured(20)
    assert first["records"] > 1000 and 40 < later["records"] < 100 and same["records"] == 0
    assert first["followed"] == later["followed"] == 20
    assert 0 < first["findings"] < later["findings"] == same["findings"]
    assert len(capsys.readouterr().out.splitlines()) == 3
