"""The benchmark of policies itself: a small run does what its preview said, and the next one nothing."""

import pytest

from tests.benchmarks.lifecycle import measured


def test_a_small_run(capsys: pytest.CaptureFixture[str]) -> None:
    preview, first, second = measured(3000)
    assert preview["left"] == 3000 and preview["going"] == first["going"] > 2000
    assert first["left"] == second["left"] == 3000 - first["going"] and second["going"] == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
