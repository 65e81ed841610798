"""HTTP to a server under load: a checked answer, a download and an upload at the speed of the socket."""

import hashlib
import http.client
import socket
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from tests.benchmarks.content import BLOCK, MANIFEST_TYPE, TAG, Content, Piece

TIMEOUT: Final = 120
Headers = Mapping[str, str]


class WrongAnswer(Exception):
    """A server answered other than it must, so its speed means nothing."""


def ping(port: int, path: str) -> None:
    """Ask once, whatever the answer; OSError if there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    finally:
        connection.close()


def check(port: int, path: str, headers: Headers, piece: Piece, *, head: bool) -> None:
    """Ask once; raise WrongAnswer unless the answer is a 200 with exactly the bytes of `piece` (or only their size)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("HEAD" if head else "GET", path, headers=dict(headers))
        answer = connection.getresponse()
        hashed = hashlib.sha256()
        while block := answer.read(BLOCK):
            hashed.update(block)
        whole = answer.headers["Content-Length"] == str(piece.size)
        if answer.status != 200 or not whole or not (head or piece.digest == f"sha256:{hashed.hexdigest()}"):
            raise WrongAnswer(f"{answer.status} to {path} at port {port}, or not the bytes that were pushed")
    finally:
        connection.close()


def download(port: int, path: str, headers: Headers, size: int) -> float:
    """Read a blob over a new connection into one buffer, and return the seconds from the request to the last byte."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{lines}Connection: close\r\n\r\n".encode()
    buffer = memoryview(bytearray(BLOCK))
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
        begun = time.perf_counter()
        connection.sendall(request)
        head = b""
        while b"\r\n\r\n" not in head:
            head += (block := connection.recv(BLOCK))
            if not block:
                raise WrongAnswer(f"no answer to {path} at port {port}")
        got = len(head) - head.index(b"\r\n\r\n") - 4
        while got < size and (count := connection.recv_into(buffer)):
            got += count
        seconds = time.perf_counter() - begun
    if not head.startswith(b"HTTP/1.1 200 ") or got != size:
        raise WrongAnswer(f"{got} of {size} bytes of {path} at port {port}: {head[:200]!r}")
    return seconds


def upload(port: int, repository: str, headers: Headers, piece: Piece) -> float:
    """Push a blob: POST, one PATCH of all its bytes by sendfile, PUT; return the seconds for all three."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        begun = time.perf_counter()
        connection.request("POST", f"/v2/{repository}/blobs/uploads/", headers={**headers, "Content-Length": "0"})
        place = _location(connection.getresponse(), 202)
        connection.putrequest("PATCH", place)
        for name, value in {**headers, "Content-Type": "application/octet-stream"}.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(piece.size))
        connection.endheaders()
        with piece.file.open("rb") as stream:
            connection.sock.sendfile(stream)
        place = _location(connection.getresponse(), 202)
        joined = "&" if "?" in place else "?"
        connection.request("PUT", f"{place}{joined}digest={piece.digest}", headers={**headers, "Content-Length": "0"})
        _location(connection.getresponse(), 201)
        return time.perf_counter() - begun
    finally:
        connection.close()


def push(port: int, repository: str, headers: Headers, content: Content) -> None:
    """Push the whole image."""
    for blob in content.blobs:
        upload(port, repository, headers, blob)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        typed = {**headers, "Content-Type": MANIFEST_TYPE}
        connection.request("PUT", f"/v2/{repository}/manifests/{TAG}", content.manifest.file.read_bytes(), typed)
        _location(connection.getresponse(), 201)
    finally:
        connection.close()


def _location(answer: http.client.HTTPResponse, status: int) -> str:
    """The path that the answer names; WrongAnswer if it has another status."""
    body = answer.read()
    if answer.status != status:
        raise WrongAnswer(f"{answer.status} instead of {status}: {body[:500]!r}")
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
