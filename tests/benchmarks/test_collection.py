"""The benchmark of collection itself: a small run removes what is garbage, and nothing else."""

import pytest

from tests.benchmarks.collection import measured


def test_a_small_run(capsys: pytest.CaptureFixture[str]) -> None:
    dry, first, second = measured(3000, part=10, orphans=20)
    assert dry["counts"] == {"links": 300, "blobs": 300, "orphans": 20} == first["counts"]
    assert dry["left"] == 3000 and first["left"] == second["left"] == 2700
    assert second["counts"] == {}
    assert all(set(each["spent"]) >= {"links", "blobs", "compare"} for each in (dry, first, second))
    assert first["peak"] - first["before"] < 30
    assert len(capsys.readouterr().out.splitlines()) == 3
