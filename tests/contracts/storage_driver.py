"""What every storage driver must do.

A driver's own tests derive a class from StorageDriverContract and give it the fixtures `driver`, `full_store` and
`damage`. States travel through JSON in between, as they do through the database.
"""

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.errors import StorageDamaged, StorageFull
from registry.storage.driver import Driver

State = dict[str, Any]
FullStore = Callable[[], AbstractContextManager[None]]
Damage = Callable[[str, int], None]

BLOCK = 1024 * 1024
BIG = os.urandom(3 * BLOCK + 17)


def new_upload() -> str:
    """An upload's id."""
    return str(uuid4())


def new_claim() -> str:
    """A writer's claim, as the core makes them."""
    return os.urandom(8).hex()


def append(driver: Driver, upload: str, state: State, content: bytes) -> State:
    """Write one request's bytes and let them count."""
    with driver.open_segment(upload, state, new_claim()) as segment:
        for start in range(0, len(content), BLOCK):
            segment.write(content[start : start + BLOCK])
        after: State = json.loads(json.dumps(segment.commit()))
    return after


def append_all(driver: Driver, upload: str, pieces: list[bytes]) -> State:
    """Write several requests' bytes."""
    state: State = {}
    for piece in pieces:
        state = append(driver, upload, state, piece)
    return state


def store(driver: Driver, *pieces: bytes) -> str:
    """Make a blob from several requests' bytes, and return its key."""
    upload = new_upload()
    state = append_all(driver, upload, list(pieces))
    key = driver.new_key(state)
    driver.finish(upload, state, key, sum(map(len, pieces)))
    driver.discard(upload, state)
    return key


def counting(driver: Driver, upload: str, state: State, size: int) -> bytes:
    """Finish an upload, and return the bytes of its blob; nothing can be appended any more."""
    key = driver.new_key(state)
    driver.finish(upload, state, key, size)
    return content_of(driver, key, size)


def content_of(driver: Driver, key: str, size: int) -> bytes:
    """The bytes of a blob."""
    with driver.open(key, size).file as file:
        return file.read()


class StorageDriverContract:
    """The suite. `full_store()` is a block in which no space is left; `damage(key, size)` cuts a blob (-1: removes)."""

    # --- it works

    def test_it_works_with_one_segment(self, driver: Driver) -> None:
        key = store(driver, BIG)
        assert content_of(driver, key, len(BIG)) == BIG
        assert driver.size(key) == len(BIG)
        assert [(each.key, each.size) for each in list(driver.keys())] == [(key, len(BIG))]
        assert list(driver.uploads()) == []

    def test_it_works_with_several_segments(self, driver: Driver) -> None:
        key = store(driver, BIG, b"-", BIG[::-1], b"end")
        whole = BIG + b"-" + BIG[::-1] + b"end"
        assert content_of(driver, key, len(whole)) == whole

    def test_it_works_with_no_bytes_at_all(self, driver: Driver) -> None:
        upload, key = new_upload(), driver.new_key()
        driver.finish(upload, {}, key, 0)
        driver.discard(upload, {})
        assert content_of(driver, key, 0) == b""
        assert driver.size(key) == 0
        assert list(driver.uploads()) == []

    @given(st.lists(st.binary(max_size=2000), max_size=6))
    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    def test_a_blob_is_its_segments_in_order(self, driver: Driver, pieces: list[bytes]) -> None:
        whole = b"".join(pieces)
        upload = new_upload()
        state = append_all(driver, upload, pieces)
        key = driver.new_key(state)
        driver.finish(upload, state, key, len(whole))
        assert content_of(driver, key, len(whole)) == whole
        driver.discard(upload, state)
        driver.delete(key)

    def test_a_memoryview_is_written_as_bytes_are(self, driver: Driver) -> None:
        upload = new_upload()
        with driver.open_segment(upload, {}, new_claim()) as segment:
            segment.write(memoryview(b"-registry-")[1:-1])
            segment.write(memoryview(bytearray(b"!")))
            state = segment.commit()
        assert counting(driver, upload, state, 9) == b"registry!"

    def test_keys_are_never_made_twice(self, driver: Driver) -> None:
        made = {driver.new_key() for _ in range(1000)}
        assert len(made) == 1000
        assert all(0 < len(key) <= 255 for key in made)

    def test_a_blob_is_opened_at_its_start_by_each_reader(self, driver: Driver) -> None:
        key = store(driver, b"0123456789")
        with driver.open(key, 10).file as one, driver.open(key, 10).file as other:
            assert one.read(4) == b"0123"
            assert other.read(4) == b"0123"
            assert one.seek(8) == 8
            assert one.read() == b"89"

    # --- segments

    def test_a_segment_without_commit_leaves_nothing(self, driver: Driver) -> None:
        upload = new_upload()
        before = append(driver, upload, {}, b"kept")
        with driver.open_segment(upload, before, new_claim()) as segment:
            segment.write(b"lost")
        after = append(driver, upload, before, b", more")
        assert counting(driver, upload, after, 10) == b"kept, more"

    def test_an_error_in_the_block_throws_its_bytes_away(self, driver: Driver) -> None:
        upload = new_upload()
        before = append(driver, upload, {}, b"kept")
        with suppress(ConnectionError), driver.open_segment(upload, before, new_claim()) as segment:
            segment.write(b"lost")
            raise ConnectionError("the client went away")
        assert counting(driver, upload, before, 4) == b"kept"

    def test_abort_throws_away_once_and_never_after_a_commit(self, driver: Driver) -> None:
        upload = new_upload()
        lost = driver.open_segment(upload, {}, new_claim())
        lost.write(b"lost")
        lost.abort()
        lost.abort()
        kept = driver.open_segment(upload, {}, new_claim())
        kept.write(b"kept")
        state = kept.commit()
        kept.abort()
        assert counting(driver, upload, state, 4) == b"kept"

    def test_two_writers_never_touch_each_others_bytes(self, driver: Driver) -> None:
        upload = new_upload()
        before = append(driver, upload, {}, b"first ")
        with (
            driver.open_segment(upload, before, new_claim()) as zombie,
            driver.open_segment(upload, before, new_claim()) as retry,
        ):
            for place in range(50):
                zombie.write(b"zombie%d" % place)
                retry.write(b"%02d" % place)
            after_retry = retry.commit()
            zombie.write(b"late")
            zombie.commit()
        expected = b"first " + b"".join(b"%02d" % place for place in range(50))
        assert counting(driver, upload, after_retry, len(expected)) == expected
        driver.discard(upload, after_retry)
        assert list(driver.uploads()) == []

    def test_the_old_state_stays_good_after_a_commit(self, driver: Driver) -> None:
        upload = new_upload()
        before = append(driver, upload, {}, b"kept")
        append(driver, upload, before, b" but never saved")
        after = append(driver, upload, before, b" and saved")
        assert counting(driver, upload, after, 14) == b"kept and saved"

    # --- finish

    @pytest.mark.parametrize("pieces", [[b"one"], [b"several", b" pieces"], []], ids=["one", "several", "none"])
    def test_finish_may_be_repeated(self, driver: Driver, pieces: list[bytes]) -> None:
        whole = b"".join(pieces)
        upload = new_upload()
        state = append_all(driver, upload, pieces)
        key = driver.new_key(state)
        driver.finish(upload, state, key, len(whole))
        driver.finish(upload, state, key, len(whole))
        driver.discard(upload, state)
        driver.finish(upload, state, key, len(whole))
        assert content_of(driver, key, len(whole)) == whole

    @pytest.mark.parametrize("pieces", [[b"12345"], [b"123", b"45"], []], ids=["one", "several", "none"])
    def test_finish_refuses_another_size(self, driver: Driver, pieces: list[bytes]) -> None:
        upload = new_upload()
        state = append_all(driver, upload, pieces)
        key = driver.new_key(state)
        with pytest.raises(StorageDamaged):
            driver.finish(upload, state, key, 6)
        assert driver.size(key) is None
        assert list(driver.keys()) == []

    @pytest.mark.parametrize("pieces", [[b"12345"], [b"123", b"45"]], ids=["one", "several"])
    def test_finish_refuses_segments_that_are_gone(self, driver: Driver, pieces: list[bytes]) -> None:
        upload = new_upload()
        state = append_all(driver, upload, pieces)
        key = driver.new_key(state)
        driver.discard(upload, state)
        with pytest.raises(StorageDamaged):
            driver.finish(upload, state, key, 5)
        assert driver.size(key) is None

    # --- keys

    def test_keys_come_in_order_from_a_key_on(self, driver: Driver) -> None:
        begun = datetime.now(UTC)
        keys = sorted(store(driver, bytes(size)) for size in range(5))
        found = list(driver.keys())
        assert [each.key for each in found] == keys
        assert all(abs(each.written_at - begun) < timedelta(minutes=1) for each in found)
        for place, key in enumerate(keys):
            assert [each.key for each in list(driver.keys(key))] == keys[place + 1 :]
        assert [each.key for each in list(driver.keys("0"))] == keys and not list(driver.keys("g"))

    # --- discard, delete

    def test_discard_forgets_what_never_counted_too(self, driver: Driver) -> None:
        upload, other = new_upload(), new_upload()
        state = append(driver, upload, {}, b"counts")
        append(driver, upload, {}, b"does not")
        kept = append(driver, other, {}, b"of another upload")
        driver.discard(upload, state)
        driver.discard(upload, state)
        assert list(driver.uploads()) == [other]
        assert counting(driver, other, kept, 17) == b"of another upload"

    def test_uploads_lists_those_with_segments(self, driver: Driver) -> None:
        ids = {new_upload() for _ in range(3)}
        for upload in ids:
            append(driver, upload, {}, b"x")
        assert set(driver.uploads()) == ids

    def test_delete_removes_one_blob_and_may_be_repeated(self, driver: Driver) -> None:
        key, other = store(driver, b"same"), store(driver, b"same")
        driver.delete(key)
        driver.delete(key)
        assert driver.size(key) is None
        assert [(each.key, each.size) for each in list(driver.keys())] == [(other, 4)]

    def test_a_fresh_store_is_empty(self, driver: Driver) -> None:
        assert list(driver.keys()) == []
        assert list(driver.uploads()) == []
        driver.discard(new_upload(), {})
        driver.delete(driver.new_key())

    # --- damage

    def test_it_refuses_to_open_a_blob_that_is_missing(self, driver: Driver) -> None:
        key = driver.new_key()
        with pytest.raises(StorageDamaged) as caught:
            driver.open(key, 1)
        assert caught.value.key == key
        assert driver.size(key) is None

    @pytest.mark.parametrize("left", [0, 1, 3 * BLOCK])
    def test_it_refuses_to_open_a_blob_that_is_cut_short(self, driver: Driver, damage: Damage, left: int) -> None:
        key = store(driver, BIG)
        damage(key, left)
        with pytest.raises(StorageDamaged) as caught:
            driver.open(key, len(BIG))
        assert caught.value.key == key
        assert driver.size(key) == left

    def test_it_refuses_to_open_a_blob_that_was_removed(self, driver: Driver, damage: Damage) -> None:
        key = store(driver, BIG)
        damage(key, -1)
        with pytest.raises(StorageDamaged):
            driver.open(key, len(BIG))
        assert list(driver.keys()) == []

    # --- no space

    def test_a_full_store_spoils_no_bytes_that_count(self, driver: Driver, full_store: FullStore) -> None:
        upload = new_upload()
        before = append(driver, upload, {}, BIG)
        with full_store(), pytest.raises(StorageFull):
            append(driver, upload, before, BIG)
        after = append(driver, upload, before, b"later")
        key = driver.new_key()
        driver.finish(upload, after, key, len(BIG) + 5)
        assert content_of(driver, key, len(BIG) + 5) == BIG + b"later"

    def test_a_full_store_shows_no_half_blob(self, driver: Driver, full_store: FullStore) -> None:
        upload = new_upload()
        state = append_all(driver, upload, [BIG, BIG])
        key = driver.new_key(state)
        with full_store(), pytest.raises(StorageFull):
            driver.finish(upload, state, key, 2 * len(BIG))
        assert driver.size(key) is None
        assert list(driver.keys()) == []
        driver.finish(upload, state, key, 2 * len(BIG))
        assert content_of(driver, key, 2 * len(BIG)) == BIG + BIG
