"""The server is killed at every step of a push, started again, and the push is repeated.

What is visible after a kill is whole; what the client was told is stored stays stored.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.clients.processes import wait_for
from tests.faults.client import SERVER_GONE, Registry, digest_of, make_image
from tests.faults.server import FaultyServer

SIZE = 3 * 1024 * 1024 + 5

STEPS_OF_A_CHUNK = ["before update registry_upload offset", "after update registry_upload offset"]
STEPS_OF_A_BLOB = [
    "before rename",
    "after rename",
    "before insert registry_blob",
    "after insert registry_blob",
    "before commit registry_blob",
    "after commit registry_blob",
]
STEPS_OF_A_MANIFEST = [
    "before insert registry_manifest",
    "before insert registry_image",
    "after insert registry_image",
    "before commit registry_image",
    "after commit registry_image",
]


def require_whole(server: FaultyServer, registry: Registry) -> None:
    """Everything visible is whole, and nothing that the database names is missing."""
    assert server.damaged() == []
    done = server.check_storage()
    assert done.returncode == 0, done.stdout + done.stderr
    registry.require_whole()


def push_again(server: FaultyServer, registry: Registry, blob: bytes, upload: str) -> None:
    """Both ways of a client succeed: to go on with the upload, and to begin anew."""
    assert registry.resume(upload, blob).status in (200, 201)
    assert registry.push_blob(blob).status == 201
    assert registry.blob(digest_of(blob)).body == blob
    require_whole(server, registry)
    assert server.left_behind() == []


def test_a_kill_after_post(server: FaultyServer, registry: Registry) -> None:
    blob = os.urandom(SIZE)
    upload = registry.start()
    server.kill_and_restart()
    assert registry.offset(upload) == 0
    push_again(server, registry, blob, upload)


@pytest.mark.parametrize("framing", ["chunked", "Content-Length"])
def test_a_kill_in_the_middle_of_patch(server: FaultyServer, registry: Registry, framing: str) -> None:
    blob = os.urandom(SIZE)
    upload = registry.start()
    assert registry.append(upload, blob[:1000]).status == 202
    rest = blob[1000:]
    with registry.begin("PATCH", upload, None if framing == "chunked" else len(rest)) as sending:
        sending.send(rest[: 2 * 1024 * 1024])
        segments = server.data / "blobs" / "uploads" / upload.rpartition("/")[2]
        wait_for(
            "bytes in the new segment",
            lambda: sum(file.stat().st_size for file in segments.iterdir()) > 1024 * 1024,
        )
        server.kill_and_restart()
    assert registry.offset(upload) == 1000
    assert registry.blob(digest_of(blob)).status == 404
    push_again(server, registry, blob, upload)


@pytest.mark.parametrize("step", STEPS_OF_A_CHUNK)
def test_a_kill_when_a_chunk_is_recorded(server: FaultyServer, registry: Registry, step: str) -> None:
    blob = os.urandom(SIZE)
    upload = registry.start()
    server.die_at(step)
    with pytest.raises(SERVER_GONE):
        registry.append(upload, blob)
    server.restart()
    assert registry.offset(upload) == (len(blob) if step.startswith("after") else 0)
    push_again(server, registry, blob, upload)


@pytest.mark.parametrize("step", STEPS_OF_A_BLOB)
@pytest.mark.parametrize("pieces", [1, 3])
def test_a_kill_when_a_blob_is_finished(server: FaultyServer, registry: Registry, step: str, pieces: int) -> None:
    blob = os.urandom(SIZE)
    upload = registry.start()
    third = len(blob) // 3
    for piece in [blob] if pieces == 1 else [blob[:third], blob[third : 2 * third], blob[2 * third :]]:
        assert registry.append(upload, piece).status == 202
    server.die_at(step)
    with pytest.raises(SERVER_GONE):
        registry.finish(upload, digest_of(blob))
    server.restart()
    is_visible = step == "after commit registry_blob"
    assert registry.blob(digest_of(blob), "HEAD").status == (200 if is_visible else 404)
    assert registry.blob(digest_of(blob)).body == blob if is_visible else True
    require_whole(server, registry)
    push_again(server, registry, blob, upload)


@pytest.mark.parametrize("step", STEPS_OF_A_BLOB)
def test_a_kill_of_a_push_in_one_request(server: FaultyServer, registry: Registry, step: str) -> None:
    blob = os.urandom(SIZE)
    registry.start()
    server.die_at(step)
    with pytest.raises(SERVER_GONE):
        registry.ask("POST", f"{registry.base}/blobs/uploads/?digest={digest_of(blob)}", blob)
    server.restart()
    require_whole(server, registry)
    assert registry.ask("POST", f"{registry.base}/blobs/uploads/?digest={digest_of(blob)}", blob).status == 201
    assert registry.blob(digest_of(blob)).body == blob
    assert server.left_behind() == []


@pytest.mark.parametrize("step", STEPS_OF_A_MANIFEST)
@pytest.mark.parametrize("tagged_before", [False, True])
def test_a_kill_when_a_manifest_is_pushed(
    server: FaultyServer, registry: Registry, step: str, *, tagged_before: bool
) -> None:
    old, new = make_image(os.urandom(1000), comment="old"), make_image(os.urandom(2000), comment="new")
    if tagged_before:
        assert registry.push_image(old, "latest").status == 201
    for blob in new.blobs:
        assert registry.push_blob(blob).status == 201
    server.die_at(step)
    with pytest.raises(SERVER_GONE):
        registry.push_manifest(new, "latest")
    server.restart()
    if step.startswith("after commit"):
        assert registry.manifest("latest").body == new.manifest
        assert registry.manifest(new.digest).body == new.manifest
    else:
        assert registry.manifest(new.digest).status == 404
        found = registry.manifest("latest")
        assert (found.body == old.manifest) if tagged_before else (found.status == 404)
    require_whole(server, registry)
    assert registry.push_image(new, "latest").status == 201
    assert registry.manifest("latest").body == new.manifest
    assert registry.tags() == ["latest"]
    require_whole(server, registry)


def test_kills_at_any_moment_of_pushes(server: FaultyServer, registry: Registry) -> None:
    with ThreadPoolExecutor(1) as client:
        for moment in range(8):
            image = make_image(os.urandom(SIZE), comment=str(moment))
            push = client.submit(registry.push_image, image, "latest")
            time.sleep(0.03 * moment)
            server.kill9()
            if push.exception() is None:
                assert push.result().status == 201
            server.start()
            require_whole(server, registry)
            if push.exception() is None:
                assert registry.manifest("latest").body == image.manifest
            assert registry.push_image(image, "latest").status == 201
            assert registry.manifest("latest").body == image.manifest
    require_whole(server, registry)
    assert server.left_behind() == []
