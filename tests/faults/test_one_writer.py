"""Two requests write to one upload: a retry and its zombie. Stored bytes always have the digest that they are under."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.clients.processes import wait_for
from tests.faults.client import SERVER_GONE, Registry, Sending, digest_of
from tests.faults.server import CLAIM_SECONDS, FaultyServer

MIB = 1024 * 1024
OLD, NEW = b"o" * (2 * MIB), b"n" * (2 * MIB)


def begun(server: FaultyServer, registry: Registry, upload: str, content: bytes) -> Sending:
    """A PATCH of which the first half has arrived, and the rest does not come."""
    sending = registry.begin("PATCH", upload)
    sending.send(content[:MIB])
    folder = server.data / "blobs" / "uploads" / upload.rpartition("/")[2]
    wait_for(
        "the first bytes",
        lambda: folder.exists() and any(file.stat().st_size >= MIB // 2 for file in folder.iterdir()),
    )
    return sending


def late_status(sending: Sending, content: bytes) -> int:
    """Wake a PATCH up: send its rest, and return the status of its answer; 0 if the server closed the connection."""
    try:
        sending.send(content[MIB:])
        return sending.end().status
    except SERVER_GONE:
        return 0


def test_a_second_patch_is_refused_while_the_first_is_being_written(server: FaultyServer, registry: Registry) -> None:
    upload = registry.start()
    with begun(server, registry, upload, OLD) as first:
        assert registry.append(upload, NEW).status == 409
        assert registry.append(upload, NEW, offset=MIB).status in (409, 416)
        assert registry.finish(upload, digest_of(NEW), NEW).status == 409
        first.send(OLD[MIB:])
        assert first.end().status == 202
    assert registry.offset(upload) == len(OLD)
    assert registry.finish(upload, digest_of(NEW)).status == 400
    assert registry.blob(digest_of(NEW)).status == registry.blob(digest_of(OLD)).status == 404
    assert registry.push_blob(OLD).status == 201
    assert registry.blob(digest_of(OLD)).body == OLD


def test_a_stalled_patch_wakes_after_its_retry(server: FaultyServer, registry: Registry) -> None:
    upload = registry.start()
    with begun(server, registry, upload, OLD) as zombie:
        time.sleep(CLAIM_SECONDS + 0.5)
        assert registry.append(upload, NEW, offset=0).status == 202
        assert late_status(zombie, OLD) in (0, 409, 416)
    assert registry.offset(upload) == len(NEW)
    assert registry.finish(upload, digest_of(NEW)).status == 201
    assert registry.blob(digest_of(NEW)).body == NEW
    assert registry.blob(digest_of(OLD)).status == 404
    assert server.damaged() == []
    assert server.left_behind() == []


def test_a_stalled_patch_wakes_while_its_retry_is_being_written(server: FaultyServer, registry: Registry) -> None:
    upload = registry.start()
    with begun(server, registry, upload, OLD) as zombie:
        time.sleep(CLAIM_SECONDS + 0.5)
        with registry.begin("PATCH", upload) as retry:
            retry.send(NEW[:MIB])
            time.sleep(0.2)
            assert late_status(zombie, OLD) in (0, 409, 416)
            retry.send(NEW[MIB:])
            assert retry.end().status == 202
    assert registry.finish(upload, digest_of(NEW)).status == 201
    assert registry.blob(digest_of(NEW)).body == NEW
    assert server.damaged() == []


def test_a_stalled_patch_wakes_after_the_upload_is_finished(server: FaultyServer, registry: Registry) -> None:
    upload = registry.start()
    with begun(server, registry, upload, OLD) as zombie:
        time.sleep(CLAIM_SECONDS + 0.5)
        assert registry.finish(upload, digest_of(NEW), NEW).status == 201
        assert late_status(zombie, OLD) in (0, 404, 409, 416, 503)
    assert registry.offset(upload) == -1
    assert registry.blob(digest_of(NEW)).body == NEW
    assert registry.blob(digest_of(OLD)).status == 404
    assert server.damaged() == []
    assert server.left_behind() == []


def test_a_stalled_patch_wakes_after_the_upload_is_cancelled(server: FaultyServer, registry: Registry) -> None:
    upload = registry.start()
    with begun(server, registry, upload, OLD) as zombie:
        assert registry.ask("DELETE", upload).status == 204
        assert late_status(zombie, OLD) in (0, 404, 409, 416, 503)
    assert registry.offset(upload) == -1
    assert registry.blob(digest_of(OLD)).status == 404
    assert server.left_behind() == []


def test_a_retry_without_waiting_goes_on_when_the_first_is_lost(server: FaultyServer, registry: Registry) -> None:
    upload = registry.start()
    with begun(server, registry, upload, OLD):
        pass
    assert registry.resume(upload, OLD).status == 201
    assert registry.blob(digest_of(OLD)).body == OLD


@pytest.mark.parametrize("rounds", [6])
def test_many_writers_on_one_upload(server: FaultyServer, registry: Registry, rounds: int) -> None:
    contents = [os.urandom(MIB + number) for number in range(4)]

    def push(upload: str, content: bytes) -> int:
        """PATCH and PUT without looking at what others do."""
        for piece in (content[:MIB], content[MIB:]):
            if piece and registry.append(upload, piece).status != 202:
                return 0
        return registry.finish(upload, digest_of(content)).status

    for _ in range(rounds):
        upload = registry.start()
        with ThreadPoolExecutor(len(contents)) as clients:
            statuses = list(clients.map(push, [upload] * len(contents), contents))
        assert set(statuses) <= {0, 201, 400, 404, 409}
        for status, content in zip(statuses, contents, strict=True):
            found = registry.blob(digest_of(content))
            assert found.status == 200 or status != 201
            assert found.status == 404 or found.body == content
    assert server.damaged() == []
    assert server.left_behind() == []
