"""A clock that jumps is not believed for an hour; one that runs on is."""

from datetime import UTC, datetime, timedelta

import pytest

from registry.core import clock
from registry.models import LifecycleClock

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
TICK = timedelta(minutes=10)


@pytest.mark.django_db
def test_it_works() -> None:
    assert clock.held_until(NOW) is None
    assert all(clock.look(NOW + number * TICK) for number in range(5))
    assert clock.held_until(NOW + 5 * TICK) is None


@pytest.mark.django_db
def test_a_jump_forwards_is_not_believed_for_an_hour() -> None:
    clock.look(NOW)
    later = NOW + timedelta(days=400)
    assert clock.held_until(later) == later + timedelta(hours=1)
    assert [clock.look(later + number * TICK) for number in range(8)] == [False] * 6 + [True] * 2
    assert LifecycleClock.objects.count() == 1 and clock.held_until(later + 8 * TICK) is None


@pytest.mark.django_db
def test_a_clock_that_is_set_right_again_is_believed() -> None:
    clock.look(NOW)
    assert not clock.look(NOW + timedelta(days=400))
    assert clock.held_until(NOW + TICK) is None
    assert clock.look(NOW + TICK) and clock.look(NOW + 2 * TICK)


@pytest.mark.django_db
def test_a_night_without_workers_is_no_jump() -> None:
    clock.look(NOW)
    assert clock.look(NOW + timedelta(hours=12))
