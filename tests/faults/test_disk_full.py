"""The disk is full: 507, nothing half visible, and the upload goes on once there is space again."""

import json
import os
from collections.abc import Iterator

import pytest

from tests.clients import deployments, tenants
from tests.clients.server import Answer
from tests.faults.client import Registry, digest_of, make_image
from tests.faults.disk import MIB, SmallDisk
from tests.faults.server import FaultyServer

PLENTY = 64 * MIB


@pytest.fixture(scope="module", params=["blobs", "all data"])
def disk_and_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[SmallDisk, FaultyServer]]:
    """A deployment of its own on a small disk: only its blobs, or the database and the spool too."""
    folder = tmp_path_factory.mktemp("full")
    with deployments.database() as url:
        server = FaultyServer(folder / "kho", url)
        disk = SmallDisk(server.data / "blobs" if request.param == "blobs" else server.data)
        try:
            server.prepare()
            server.start()
            yield disk, server
        finally:
            server.stop()
            disk.close()
            server.close()


@pytest.fixture
def disk(disk_and_server: tuple[SmallDisk, FaultyServer]) -> SmallDisk:
    """The small disk, with plenty of space at first."""
    disk_and_server[0].leave(PLENTY)
    return disk_and_server[0]


@pytest.fixture
def server(disk_and_server: tuple[SmallDisk, FaultyServer]) -> FaultyServer:
    """The deployment on it."""
    return disk_and_server[1]


@pytest.fixture
def registry(server: FaultyServer) -> Registry:
    """An empty repository of an account of its own."""
    account_id = f"{int.from_bytes(os.urandom(4)):012d}"
    return Registry(tenants.open_account(server, "alice", account_id, create_on_push=True), "faults/full")


def require_full(answer: Answer) -> None:
    """507 in the protocol's words."""
    assert answer.status == 507, answer
    (error,) = json.loads(answer.body)["errors"]
    assert error["code"] == "UNAVAILABLE"
    assert "No space is left" in error["message"]


def require_whole(server: FaultyServer, registry: Registry) -> None:
    """Everything visible is whole, and nothing lies there without a row."""
    registry.require_whole()
    assert server.damaged() == []
    assert server.check_storage().returncode == 0
    assert server.left_behind() == []


@pytest.mark.parametrize("framing", ["chunked", "Content-Length"])
def test_an_upload_goes_on_when_there_is_space_again(
    disk: SmallDisk, server: FaultyServer, registry: Registry, framing: str
) -> None:
    blob = os.urandom(5 * MIB)
    upload = registry.start()
    assert registry.append(upload, blob[:MIB]).status == 202
    disk.leave(2 * MIB)
    rest = blob[MIB:]
    for _ in range(2):
        require_full(registry.ask("PATCH", upload, rest if framing == "Content-Length" else iter([rest])))
    assert registry.offset(upload) == MIB
    assert registry.blob(digest_of(blob), "HEAD").status == 404
    disk.leave(PLENTY)
    assert registry.resume(upload, blob).status == 201
    assert registry.blob(digest_of(blob)).body == blob
    require_whole(server, registry)


def test_the_last_bytes_do_not_fit(disk: SmallDisk, server: FaultyServer, registry: Registry) -> None:
    blob = os.urandom(4 * MIB)
    upload = registry.start()
    disk.leave(2 * MIB)
    require_full(registry.finish(upload, digest_of(blob), blob))
    assert registry.offset(upload) == 0
    assert registry.blob(digest_of(blob)).status == 404
    disk.leave(PLENTY)
    assert registry.finish(upload, digest_of(blob), blob).status == 201
    require_whole(server, registry)


def test_all_bytes_fit_but_not_twice(disk: SmallDisk, server: FaultyServer, registry: Registry) -> None:
    blob = os.urandom(4 * MIB)
    upload = registry.start()
    for start in range(0, len(blob), MIB):
        assert registry.append(upload, blob[start : start + MIB]).status == 202
    disk.leave(MIB)
    require_full(registry.finish(upload, digest_of(blob)))
    assert registry.blob(digest_of(blob)).status == 404
    disk.leave(PLENTY)
    assert registry.finish(upload, digest_of(blob)).status == 201
    assert registry.blob(digest_of(blob)).body == blob
    require_whole(server, registry)


def test_a_push_in_one_request_leaves_nothing(disk: SmallDisk, server: FaultyServer, registry: Registry) -> None:
    blob = os.urandom(4 * MIB)
    registry.start()
    disk.leave(2 * MIB)
    path = f"{registry.base}/blobs/uploads/?digest={digest_of(blob)}"
    for _ in range(3):
        require_full(registry.ask("POST", path, blob))
    disk.leave(PLENTY)
    assert registry.ask("POST", path, blob).status == 201
    require_whole(server, registry)


def test_a_cancelled_upload_makes_space(disk: SmallDisk, server: FaultyServer, registry: Registry) -> None:
    blob = os.urandom(4 * MIB)
    upload = registry.start()
    assert registry.append(upload, os.urandom(4 * MIB)).status == 202
    disk.leave(2 * MIB)
    require_full(registry.append(registry.start(), blob))
    assert registry.ask("DELETE", upload).status == 204
    assert registry.push_blob(blob).status == 201
    require_whole(server, registry)


def test_no_byte_is_free_and_pulls_go_on(disk: SmallDisk, server: FaultyServer, registry: Registry) -> None:
    image = make_image(os.urandom(MIB))
    assert registry.push_image(image, "latest").status == 201
    upload = registry.start()
    disk.leave(0)
    for _ in range(3):
        assert registry.manifest("latest").body == image.manifest
        registry.require_whole()
    assert [server.get(path).status for path in ("/", "/search?q=hello", "/sign-in")] == [200] * 3
    blob = os.urandom(MIB)
    require_full(registry.append(upload, blob))
    if disk.folder == server.data and not server.database_url:
        require_full(registry.ask("POST", f"{registry.base}/blobs/uploads/"))
        require_full(registry.push_manifest(image, "other"))
    disk.leave(PLENTY)
    assert registry.tags() == ["latest"]
    assert registry.resume(upload, blob).status == 201
    require_whole(server, registry)
