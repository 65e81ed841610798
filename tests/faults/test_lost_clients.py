"""Clients go in the middle of a push, and come back or not."""

import os
import time

import pytest

from tests.clients.processes import wait_for
from tests.faults.client import Registry, digest_of
from tests.faults.server import FaultyServer

MIB = 1024 * 1024
SIZE = 3 * MIB + 5

FRAMINGS = pytest.mark.parametrize("framing", ["chunked", "Content-Length"])


def open_uploads(server: FaultyServer) -> int:
    """How many folders of uploads there are."""
    folder = server.data / "blobs" / "uploads"
    return len(list(folder.iterdir())) if folder.exists() else 0


def settled(registry: Registry, upload: str) -> int:
    """The offset once the server has noticed that the client is gone."""
    offset = -1

    def is_settled() -> bool:
        nonlocal offset
        before, offset = offset, registry.offset(upload)
        return before == offset

    wait_for("the end of the lost request", is_settled, every=0.5)
    return offset


@FRAMINGS
def test_a_client_goes_in_the_middle_of_patch_and_comes_back(
    server: FaultyServer, registry: Registry, framing: str
) -> None:
    blob = os.urandom(SIZE)
    upload = registry.start()
    assert registry.append(upload, blob[:1000]).status == 202
    with registry.begin("PATCH", upload, None if framing == "chunked" else SIZE - 1000) as sending:
        sending.send(blob[1000 : 2 * MIB])
    offset = settled(registry, upload)
    assert 1000 <= offset <= 2 * MIB
    assert registry.blob(digest_of(blob), "HEAD").status == 404
    assert registry.resume(upload, blob).status == 201
    assert registry.blob(digest_of(blob)).body == blob
    assert server.left_behind() == []


@FRAMINGS
def test_a_client_goes_in_the_middle_of_put(server: FaultyServer, registry: Registry, framing: str) -> None:
    blob = os.urandom(SIZE)
    upload = registry.start()
    path = f"{upload}?digest={digest_of(blob)}"
    with registry.begin("PUT", path, None if framing == "chunked" else SIZE) as sending:
        sending.send(blob[: 2 * MIB])
    time.sleep(1)
    assert registry.blob(digest_of(blob), "HEAD").status == 404
    # A chunked body that breaks off looks whole to the web server: then the digest is wrong, and the upload over.
    assert registry.resume(upload, blob).status in (201, 404)
    assert registry.push_blob(blob).status == 201
    assert registry.blob(digest_of(blob)).body == blob
    assert server.left_behind() == []


@FRAMINGS
def test_a_client_goes_in_the_middle_of_a_push_in_one_request(
    server: FaultyServer, registry: Registry, framing: str
) -> None:
    registry.start()
    assert server.left_behind() == []
    blob = os.urandom(SIZE)
    path = f"{registry.base}/blobs/uploads/?digest={digest_of(blob)}"
    with registry.begin("POST", path, None if framing == "chunked" else SIZE) as sending:
        sending.send(blob[: 2 * MIB])
        wait_for("the upload", lambda: open_uploads(server) == 1)
    wait_for("the end of the upload", lambda: open_uploads(server) == 0)
    assert registry.blob(digest_of(blob), "HEAD").status == 404
    assert registry.push_blob(blob).status == 201
    assert server.left_behind() == []


def test_a_client_goes_in_the_middle_of_a_manifest(server: FaultyServer, registry: Registry) -> None:
    registry.start()
    path = f"{registry.base}/manifests/latest"
    with registry.begin("PUT", path, 1000) as sending:
        sending.send(b'{"schemaVersion": 2}')
    time.sleep(0.5)
    assert registry.tags() == []
    assert registry.manifest("latest").status == 404


def test_a_client_goes_in_the_middle_of_a_pull(server: FaultyServer, registry: Registry) -> None:
    blob = os.urandom(MIB) * 64
    assert registry.push_blob(blob).status == 201
    descriptors = server.open_files()
    for _ in range(5):
        connection = registry.connect()
        connection.request("GET", f"{registry.base}/blobs/{digest_of(blob)}", headers=registry.headers)
        assert len(connection.getresponse().read(MIB)) == MIB
        connection.close()
    wait_for("the end of the pulls", lambda: server.open_files() <= descriptors)
    assert registry.blob(digest_of(blob)).body == blob
