"""Connections that break, clients that crawl, a full disk, and one upload that two nodes get."""

import http.client
import os
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.clients.server import Answer
from tests.faults.client import digest_of, make_image, received
from tests.faults.disk import MIB, SmallDisk
from tests.faults.production.checker import Checker
from tests.faults.production.client import PatientClient

CONTENT = os.urandom(3 * MIB)


def raw(client: PatientClient, path: str, length: int) -> ssl.SSLSocket:
    """A PATCH whose bytes the test sends itself."""
    host, port = client.topology.host.split(":")
    connection = client.trusting.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host)
    head = f"PATCH {path} HTTP/1.1\r\nHost: {client.topology.host}\r\nContent-Length: {length}\r\n"
    fields = "".join(f"{name}: {value}\r\n" for name, value in client.headers.items())
    connection.sendall(f"{head}{fields}Content-Type: application/octet-stream\r\n\r\n".encode())
    return connection


def at_node(client: PatientClient, node: str, method: str, path: str, body: bytes = b"") -> Answer:
    """Ask one web node, around the gateway."""
    connection = http.client.HTTPConnection("127.0.0.1", client.topology.ports[node], timeout=40)
    try:
        connection.request(method, path, body, client.headers | {"Host": client.topology.host})
        return received(connection.getresponse())
    finally:
        connection.close()


@pytest.mark.parametrize("sent", [0, 1000, 2 * MIB])
def test_a_reset_in_the_middle_of_a_push(client: PatientClient, checker: Checker, sent: int) -> None:
    upload = client.start()
    connection = raw(client, upload, len(CONTENT))
    connection.sendall(CONTENT[:sent])
    time.sleep(0.3)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    assert client.resume(upload, CONTENT).status in (200, 201)
    assert client.pull_blob(digest_of(CONTENT)) == CONTENT
    checker.require_whole()


def test_a_reset_in_the_middle_of_a_pull(client: PatientClient) -> None:
    client.push_blob_patiently(CONTENT)
    for _ in range(20):
        connection = client.connect()
        connection.request("GET", f"{client.base}/blobs/{digest_of(CONTENT)}", headers=client.headers)
        connection.getresponse().read(100)
        connection.close()
    assert client.pull_blob(digest_of(CONTENT)) == CONTENT


def test_slow_clients_hold_up_nobody(client: PatientClient) -> None:
    image = make_image(b"quick")
    client.push_patiently(image, "quick")
    uploads = [client.start() for _ in range(30)]
    crawling = [raw(client, upload, 1000) for upload in uploads]
    for _ in range(3):
        for connection in crawling:
            connection.sendall(b"x" * 10)
        began = time.monotonic()
        client.pull_patiently(image, "quick")
        client.push_patiently(make_image(os.urandom(10), comment=str(began)), "quick-too")
        assert time.monotonic() - began < 10
    for connection in crawling:
        connection.sendall(b"x" * 970)
    for connection, upload in zip(crawling, uploads, strict=True):
        assert connection.recv(100).startswith(b"HTTP/1.1 202")
        connection.close()
        assert client.offset(upload) == 1000


@pytest.fixture
def full(parts: SmallDisk) -> Iterator[SmallDisk]:
    """Nothing more fits on the disk of the web nodes, until the test is over."""
    parts.leave(64 * 1024)
    yield parts
    parts.leave(64 * MIB)


def test_a_full_disk_of_a_node(client: PatientClient, checker: Checker, full: SmallDisk) -> None:
    upload = client.start()
    assert client.append(upload, CONTENT[:1000]).status == 202
    answer = client.append(upload, CONTENT[1000:], 1000)
    assert answer.status == 507, answer
    assert client.offset(upload) == 1000
    full.leave(64 * MIB)
    assert client.resume(upload, CONTENT).status == 201
    assert client.pull_blob(digest_of(CONTENT)) == CONTENT
    checker.require_whole()


def test_two_nodes_get_one_upload(client: PatientClient, checker: Checker) -> None:
    """Chunks go to both in turn; then both get the same chunk at once, with different bytes."""
    upload = client.start()
    third = len(CONTENT) // 3
    for number, node in enumerate(("web-1", "web-2")):
        piece = CONTENT[number * third : (number + 1) * third]
        assert at_node(client, node, "PATCH", upload, piece).status == 202
    rest = CONTENT[2 * third :]
    with ThreadPoolExecutor(2) as both:
        answers = [
            both.submit(at_node, client, "web-1", "PATCH", upload, rest),
            both.submit(at_node, client, "web-2", "PATCH", upload, rest[::-1]),
        ]
    statuses = sorted(each.result().status for each in answers)
    assert statuses in ([202, 202], [202, 409], [202, 416]), statuses
    offset = client.offset(upload)
    if offset == len(CONTENT):
        answer = at_node(client, "web-2", "PUT", f"{upload}?digest={digest_of(CONTENT)}")
        assert answer.status in (201, 400), "these bytes, or a refusal: never a mixture under this digest"
    if client.blob(digest_of(CONTENT), "HEAD").status != 200:
        client.push_blob_patiently(CONTENT)
    assert client.pull_blob(digest_of(CONTENT)) == CONTENT
    checker.require_whole()
