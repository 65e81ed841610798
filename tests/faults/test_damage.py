"""A stored blob is missing or cut short: it is never answered as if whole, the log names it, and a push repairs it."""

import contextlib
import http.client
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.client import Registry, digest_of, make_image
from tests.faults.server import FaultyServer

MIB = 1024 * 1024
LARGE = 64 * MIB


def removed(file: Path) -> None:
    """The whole file is gone."""
    file.unlink()


def cut(file: Path) -> None:
    """The last byte is gone."""
    os.truncate(file, file.stat().st_size - 1)


def emptied(file: Path) -> None:
    """All bytes are gone."""
    os.truncate(file, 0)


DAMAGES: list[Callable[[Path], None]] = [removed, cut, emptied]


def require_error_in_log(server: FaultyServer, digest: str) -> None:
    """The log has a line of level error that names the digest."""
    lines = server.web.log.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if digest in line and "error" in line.lower()], server.logs()


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_damaged_blob_is_absent_and_the_next_push_repairs_it(
    server: FaultyServer, registry: Registry, damage: Callable[[Path], None], method: str
) -> None:
    blob = os.urandom(MIB)
    digest = digest_of(blob)
    image = make_image(blob)
    assert registry.push_image(image, "latest").status == 201
    damage(server.blob_file(digest))
    for _ in range(2):
        answer = registry.blob(digest, method)
        assert answer.status == 404
        assert b"BLOB_UNKNOWN" in answer.body or method == "HEAD"
    require_error_in_log(server, digest)
    assert registry.blob(digest, "HEAD").status == 404
    assert registry.push_image(image, "latest").status == 201
    assert registry.blob(digest).body == blob
    assert registry.blob(digest, "HEAD").status == 200
    assert server.check_storage().returncode == 0
    assert server.left_behind() == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_range_of_a_damaged_blob_is_not_sent(
    server: FaultyServer, registry: Registry, damage: Callable[[Path], None]
) -> None:
    blob = os.urandom(MIB)
    digest = digest_of(blob)
    assert registry.push_blob(blob).status == 201
    damage(server.blob_file(digest))
    answer = registry.ask("GET", f"{registry.base}/blobs/{digest}", Range="bytes=0-9")
    assert answer.status == 404
    require_error_in_log(server, digest)
    assert registry.push_blob(blob).status == 201
    assert registry.blob(digest).body == blob


@pytest.mark.parametrize("damage", DAMAGES)
def test_verify_storage_names_what_is_damaged(
    server: FaultyServer, registry: Registry, damage: Callable[[Path], None]
) -> None:
    blob, whole = os.urandom(MIB), os.urandom(MIB)
    for content in (blob, whole):
        assert registry.push_blob(content).status == 201
    damage(server.blob_file(digest_of(blob)))
    for _ in range(2):
        done = server.check_storage()
        assert done.returncode == 1
        word = "missing" if damage is removed else "cut short"
        assert f"{digest_of(blob)}: {word}" in done.stdout
        assert digest_of(whole) not in done.stdout
    assert registry.blob(digest_of(blob), "HEAD").status == 404
    assert registry.blob(digest_of(whole)).body == whole
    assert registry.push_blob(blob).status == 201
    done = server.check_storage()
    assert done.returncode == 0
    assert "whole" in done.stdout


def test_verify_storage_names_what_no_row_knows(server: FaultyServer, registry: Registry) -> None:
    blob = os.urandom(1000)
    assert registry.push_blob(blob).status == 201
    file = server.blob_file(digest_of(blob))
    stray = file.with_name(file.parent.name + "0" * 30)
    stray.write_bytes(b"stray")
    try:
        done = server.check_storage()
    finally:
        stray.unlink()
    assert done.returncode == 0
    assert f"{stray.name}: not named by any row" in done.stdout


def test_a_blob_of_several_repositories_is_repaired_for_all(server: FaultyServer, registry: Registry) -> None:
    blob = os.urandom(MIB)
    other = Registry(registry.tenant, "faults/other")
    for each in (registry, other):
        assert each.push_blob(blob).status == 201
    removed(server.blob_file(digest_of(blob)))
    assert other.blob(digest_of(blob)).status == 404
    assert registry.push_blob(blob).status == 201
    assert other.blob(digest_of(blob)).body == blob


def test_a_blob_that_is_cut_while_it_is_sent_ends_early(server: FaultyServer, registry: Registry) -> None:
    blob = os.urandom(MIB) * (LARGE // MIB)
    digest = digest_of(blob)
    assert registry.push_blob(blob).status == 201
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.connect()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    connection.request("GET", f"{registry.base}/blobs/{digest}", headers=registry.headers)
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.getheader("Content-Length") == str(len(blob))
    received = answer.read(MIB)
    os.truncate(server.blob_file(digest), LARGE - MIB)
    with contextlib.suppress(ConnectionError, http.client.IncompleteRead):
        while block := answer.read(MIB):
            received += block
    connection.close()
    assert len(received) < len(blob)
    assert blob.startswith(received)
    require_error_in_log(server, digest)
    assert registry.blob(digest).status == 404
    assert registry.push_blob(blob).status == 201
    assert registry.blob(digest, "HEAD").status == 200
