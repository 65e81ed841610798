"""A large blob needs hardly more memory in the web worker than a small one, in both directions."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.client import Registry
from tests.faults.server import FaultyServer

MIB = 1024 * 1024
SMALL, LARGE = MIB, 1024 * MIB
BLOCK = os.urandom(MIB)
ALLOWED = 32 * MIB
SLOW_BYTES = 48 * MIB


class Content:
    """A blob of any size that nobody holds in memory; `number` makes it another one."""

    def __init__(self, size: int, number: int, algorithm: str = "sha256") -> None:
        self.size = size
        self._first = number.to_bytes(8) + BLOCK[8:]
        digest = hashlib.new(algorithm)
        for block in self.blocks():
            digest.update(block)
        self.digest = f"{algorithm}:{digest.hexdigest()}"

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes, a MiB at a time."""
        yield self._first
        for _ in range(self.size // MIB - 1):
            yield BLOCK


def patch_in_chunks(registry: Registry, content: Content) -> None:
    """As docker does: one chunked PATCH, and a PUT without bytes."""
    upload = registry.start()
    assert registry.ask("PATCH", upload, content.blocks()).status == 202
    assert registry.finish(upload, content.digest).status == 201


def patch_twice(registry: Registry, content: Content) -> None:
    """Two segments, which are put together."""
    upload = registry.start()
    blocks = list(content.blocks())
    half = len(blocks) // 2
    for part in (blocks[:half], blocks[half:]):
        assert registry.ask("PATCH", upload, iter(part)).status == 202
    assert registry.finish(upload, content.digest).status == 201


def put_with_length(registry: Registry, content: Content) -> None:
    """All bytes in one PUT of a known length."""
    path = f"{registry.start()}?digest={content.digest}"
    answer = registry.ask("PUT", path, content.blocks(), **{"Content-Length": str(content.size)})
    assert answer.status == 201


def post_with_length(registry: Registry, content: Content) -> None:
    """All bytes in one POST of a known length."""
    path = f"{registry.base}/blobs/uploads/?digest={content.digest}"
    answer = registry.ask("POST", path, content.blocks(), **{"Content-Length": str(content.size)})
    assert answer.status == 201


def pull(registry: Registry, content: Content, *, pause: float = 0) -> None:
    """GET the blob, slowly at first, and look at every byte."""
    connection = registry.connect()
    connection.request("GET", f"{registry.base}/blobs/{content.digest}", headers=registry.headers)
    answer = connection.getresponse()
    assert answer.status == 200
    digest, received = hashlib.sha256(), 0
    while block := answer.read(MIB):
        digest.update(block)
        received += len(block)
        if pause and received <= SLOW_BYTES:
            time.sleep(pause)
    connection.close()
    assert received == content.size
    assert content.digest == f"sha256:{digest.hexdigest()}"


def pull_slowly(registry: Registry, content: Content) -> None:
    """GET the blob as a client on a thin line."""
    pull(registry, content, pause=0.02)


def peak(server: FaultyServer, action: Callable[[], None]) -> int:
    """The most memory, in bytes, that the web worker held during the action."""
    process = Path(f"/proc/{server.worker_pid()}")
    (process / "clear_refs").write_text("5", encoding="ascii")
    action()
    status = (process / "status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


Push = Callable[[Registry, Content], None]

PUSHES: list[Push] = [patch_in_chunks, patch_twice, put_with_length, post_with_length]


@pytest.mark.parametrize("push", PUSHES)
def test_pushing(server: FaultyServer, registry: Registry, push: Callable[[Registry, Content], None]) -> None:
    for number in range(3):
        push(registry, Content(2 * SMALL, number))
    small = peak(server, lambda: push(registry, Content(2 * SMALL, 3)))
    content = Content(LARGE, 4 + PUSHES.index(push))
    large = peak(server, lambda: push(registry, content))
    assert large - small <= ALLOWED, f"{small // MIB} MiB and {large // MIB} MiB"
    assert registry.blob(content.digest, "HEAD").headers["content-length"] == str(LARGE)
    forget(server, content)


@pytest.mark.parametrize("read", [pull, pull_slowly])
def test_pulling(server: FaultyServer, registry: Registry, read: Callable[[Registry, Content], None]) -> None:
    tiny, content = Content(SMALL, 0), Content(LARGE, 100)
    for each in (tiny, content):
        patch_in_chunks(registry, each)
    for _ in range(3):
        read(registry, tiny)
    small = peak(server, lambda: read(registry, tiny))
    large = peak(server, lambda: read(registry, content))
    assert large - small <= ALLOWED, f"{small // MIB} MiB and {large // MIB} MiB"
    forget(server, content)


def test_pushing_with_a_digest_that_must_be_read_again(server: FaultyServer, registry: Registry) -> None:
    patch_in_chunks(registry, Content(2 * SMALL, 0, "sha512"))
    small = peak(server, lambda: patch_in_chunks(registry, Content(2 * SMALL, 1, "sha512")))
    content = Content(LARGE, 200, "sha512")
    large = peak(server, lambda: patch_in_chunks(registry, content))
    assert large - small <= ALLOWED, f"{small // MIB} MiB and {large // MIB} MiB"
    forget(server, content)


def forget(server: FaultyServer, content: Content) -> None:
    """Remove the rows and the bytes of a large blob: other tests read all that is stored."""
    server.python(
        """
from registry import storage
from registry.models import Blob
blob = Blob.objects.get(digest=digest)
blob.delete()
storage.default().delete(blob.storage_key)
""",
        digest=content.digest,
    )
