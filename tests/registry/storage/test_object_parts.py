"""Uploads into a bucket in parts: of any size, by any node, by writers that meet."""

import os
from contextlib import suppress
from typing import Any

import pytest
from pytest_django import Settings

from config.settings.object_store import ObjectStore as S3Settings
from registry.errors import StorageDamaged, StorageUnavailable
from registry.storage import object_segment
from registry.storage.object_store import ObjectStoreDriver
from tests.clients.s3 import ObjectStore
from tests.contracts.storage_driver import (
    BLOCK,
    append,
    append_all,
    content_of,
    counting,
    new_claim,
    new_upload,
)
from tests.registry.storage.bucket import BUCKET, PART, answering, driver, left_open, objects, s3, server

__all__ = ["driver", "s3", "server"]

# --- parts


def test_a_large_blob_goes_to_its_key_in_parts(driver: ObjectStoreDriver, server: ObjectStore) -> None:
    whole = os.urandom(2 * PART + 100)
    upload = new_upload()
    state = append(driver, upload, {}, whole)
    assert [size for _, _, size in state["parts"]] == [PART, PART] and state["tail"][1] == 100
    key = driver.new_key(state)
    driver.finish(upload, state, key, len(whole))
    assert content_of(driver, key, len(whole)) == whole
    driver.discard(upload, state)
    assert left_open(server) == [] and objects(server) == [f"blobs/{key[:2]}/{key}"]


@pytest.mark.parametrize("pieces", [[PART], [1, PART, 1], [PART - 1, 1], [PART - 1, 2, PART, 3], [3, 3, 3]])
def test_chunks_of_any_size_continue_on_any_node(s3: S3Settings, server: ObjectStore, pieces: list[int]) -> None:
    upload, contents = new_upload(), [os.urandom(size) for size in pieces]
    whole = b"".join(contents)
    state: dict[str, Any] = {}
    for content in contents:
        state = append(ObjectStoreDriver(), upload, state, content)
    driver = ObjectStoreDriver()
    key = driver.new_key(state)
    driver.finish(upload, state, key, len(whole))
    assert content_of(driver, key, len(whole)) == whole
    driver.discard(upload, state)
    driver.finish(upload, state, key, len(whole))
    assert left_open(server) == [] and list(driver.uploads()) == []


def test_a_stalled_writer_never_touches_parts_that_count(driver: ObjectStoreDriver, server: ObjectStore) -> None:
    upload, first, right = new_upload(), os.urandom(PART), os.urandom(2 * PART)
    before = append(driver, upload, {}, first)
    stalled = driver.open_segment(upload, before, new_claim())
    stalled.write(os.urandom(PART))
    retry = append(driver, upload, before, right)
    stalled.write(os.urandom(PART + 1))
    stalled.commit()
    assert counting(driver, upload, retry, 3 * PART) == first + right
    driver.discard(upload, retry)
    assert left_open(server) == []


def test_two_first_writers_begin_at_different_keys(driver: ObjectStoreDriver, server: ObjectStore) -> None:
    upload, right = new_upload(), os.urandom(PART + 5)
    stalled = driver.open_segment(upload, {}, new_claim())
    stalled.write(os.urandom(PART))
    retry = append(driver, upload, {}, right)
    stalled.write(b"late")
    assert stalled.commit()["key"] != retry["key"]
    assert len(left_open(server)) == 2
    assert counting(driver, upload, retry, len(right)) == right
    driver.discard(upload, retry)
    assert left_open(server) == [], "the other one's is ended too"
    assert content_of(driver, retry["key"], len(right)) == right


def test_a_segment_that_is_thrown_away_ends_what_it_began(driver: ObjectStoreDriver, server: ObjectStore) -> None:
    with driver.open_segment(new_upload(), {}, new_claim()) as segment:
        segment.write(os.urandom(PART + 5))
        assert len(left_open(server)) == 1
    assert left_open(server) == [] and objects(server) == []


def test_parts_that_were_replaced_are_never_mixed_in(driver: ObjectStoreDriver, server: ObjectStore) -> None:
    upload, right = new_upload(), os.urandom(2 * PART)
    state = append(driver, upload, {}, right)
    place = {"Bucket": BUCKET, "Key": f"blobs/{state['key'][:2]}/{state['key']}", "UploadId": state["multipart"]}
    server.client().upload_part(**place, PartNumber=state["parts"][0][0], Body=os.urandom(PART))
    # The protocol refuses the etag; this server knows both parts, and takes the one that the etag names.
    with suppress(StorageDamaged):
        driver.finish(upload, state, state["key"], 2 * PART)
        assert content_of(driver, state["key"], 2 * PART) == right
    wrong = state | {"parts": [[number, '"' + "0" * 32 + '"', size] for number, _, size in state["parts"]]}
    with pytest.raises(StorageDamaged):
        driver.finish(upload, wrong, driver.new_key(), 2 * PART)


def test_parts_grow_with_the_largest_blob(settings: Settings) -> None:
    settings.MAX_BLOB_BYTES = 52_000 * BLOCK
    assert object_segment.part_size() == 12 * BLOCK
    settings.MAX_BLOB_BYTES = 1_000_000 * BLOCK
    assert object_segment.part_size() == 223 * BLOCK
    settings.MAX_BLOB_BYTES = BLOCK
    assert object_segment.part_size() == 8 * BLOCK


def test_bytes_left_by_a_process_with_larger_parts_are_taken_up(
    driver: ObjectStoreDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, whole = new_upload(), os.urandom(2 * PART + 3)
    with monkeypatch.context() as patch:
        patch.setattr(object_segment, "part_size", lambda: 3 * PART)
        state = append(driver, upload, {}, whole[:-1])
    state = append(driver, upload, state, whole[-1:])
    assert [size for _, _, size in state["parts"]] == [PART, PART]
    assert counting(driver, upload, state, len(whole)) == whole


def test_a_server_that_copies_into_no_part_gets_the_bytes_again(driver: ObjectStoreDriver) -> None:
    upload, whole = new_upload(), os.urandom(PART + 100)
    state = append(driver, upload, {}, whole)
    with answering(driver, 501, "NotImplemented", "PUT", header="x-amz-copy-source"):
        assert counting(driver, upload, state, len(whole)) == whole


def test_two_requests_may_discard_one_upload(driver: ObjectStoreDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = new_upload()
    state = append(driver, upload, {}, os.urandom(PART + 1))
    seen = list(driver._bucket.listed(f"uploads/{upload}/"))
    assert len(seen) == 2
    driver.discard(upload, state)
    monkeypatch.setattr(driver._bucket, "listed", lambda prefix: iter(seen))
    driver.discard(upload, state)


def test_an_upload_with_too_many_parts_is_refused(driver: ObjectStoreDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_segment, "MOST_PARTS", 1)
    with pytest.raises(StorageUnavailable):
        append(driver, new_upload(), {}, os.urandom(2 * PART))


def test_pieces_arrive_whole_in_any_order_of_sizes(driver: ObjectStoreDriver) -> None:
    pieces = [os.urandom(size) for size in (0, 1, PART // 2, PART // 2, PART, 7)]
    upload = new_upload()
    state = append_all(driver, upload, pieces)
    whole = b"".join(pieces)
    assert counting(driver, upload, state, len(whole)) == whole
