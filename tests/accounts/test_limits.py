"""Counting how often somebody does something."""

import pytest
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as RedisAway

from accounts import limits
from config.cache import RedisIfThere
from config.deploy.local import free_port


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time; tests move it."""
    now = [600.0]
    monkeypatch.setattr("accounts.limits.time.time", lambda: now[0])
    return now


def test_it_works(clock: list[float]) -> None:
    assert [limits.take("search", "a", 2, 60) for _ in range(3)] == [0, 0, 60]
    assert limits.take("search", "b", 2, 60) == 0, "others are not concerned"
    assert limits.take("pull", "a", 2, 60) == 0, "nor other things"
    clock[0] += 50
    assert limits.take("search", "a", 2, 60) == 10
    clock[0] += 10
    assert limits.take("search", "a", 2, 60) == 0


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("nonsense", "unknown"),
        ("", "unknown"),
    ],
)
def test_an_address_stands_for_a_customer(address: str, whose: str) -> None:
    assert limits.source(address) == whose


def test_a_cache_that_is_away_stops_nobody() -> None:
    away = RedisIfThere(f"redis://127.0.0.1:{free_port()}/0", {"OPTIONS": {"socket_connect_timeout": 0.1}})
    assert away.add("a", 1) is True
    assert away.get("a", 7) == 7
    assert away.incr("a") == 1
    away.set("a", 2)
    assert away.delete("a") is False
    with pytest.raises(RedisAway):
        RedisCache.get(away, "a")
