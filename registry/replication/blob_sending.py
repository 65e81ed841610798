"""Sends one blob to a peer: a small one in one request, others from the byte on where they stand, in kept pieces.

No database: it runs in threads beside others.
"""

from collections.abc import Iterator
from time import sleep
from typing import Final

import structlog

from accounts.outbound import Answer
from registry.core import blobs
from registry.errors import (
    PeerError,
    PeerMisbehaved,
    PeerRefused,
    PeerUnavailable,
    StorageDamaged,
    StorageUnavailable,
)
from registry.models import Blob
from registry.replication.courier import Courier

log = structlog.get_logger(__name__)

PIECE: Final = 32 * 1024 * 1024
"""Bytes of one request: what is lost at most of a blob if either side dies."""
BLOCK: Final = 256 * 1024
MOST_STALLS: Final = 4
"""How often in a row an upload may make no progress; then the reason of the last try counts."""
PAUSE: Final = 0.25
LOST: Final = frozenset({"UploadNotFound", "UploadCutShort", "UploadOutOfOrder"})
"""Refusals of a piece that are mended by asking where the upload stands."""


def send(courier: Courier, blob: Blob) -> int:
    """Let the peer have a blob; return how many bytes were sent.

    Raises StorageDamaged if it is not whole here, StorageUnavailable, and what `Courier.ask` raises.
    """
    if blob.size <= PIECE:
        try:
            answer = _piece(courier, "POST", f"blobs/uploads/?digest={blob.digest}", blob, 0, blob.size, 201)
            courier.digest(answer, blob.digest)
            return blob.size
        except PeerUnavailable as error:
            log.info("a blob goes on by an upload", digest=blob.digest, why=error.why)
        except PeerRefused as error:
            if error.code not in LOST:
                raise
    best, stalls, sent = -1, 0, 0
    for _ in range(MOST_STALLS * (blob.size // PIECE + 2)):
        problem: PeerError = PeerMisbehaved(courier.peer.name, "it accepts bytes and does not keep them")
        try:
            answer = courier.ask("POST", f"blobs/uploads/?mount={blob.digest}", {201, 202})
            if answer.status == 201:
                courier.digest(answer, blob.digest)
                return sent
            offset = courier.offset(answer, blob.size)
            if offset > best:
                best, stalls = offset, 0
            for count, is_over in _rest(courier, blob, courier.upload_id(answer), offset):
                sent += count
                if is_over:
                    return sent
        except PeerUnavailable as error:
            problem = error
        except PeerRefused as error:
            if error.code not in LOST:
                raise
            problem = PeerUnavailable(courier.peer.name, error.code)
        stalls += 1
        if stalls >= MOST_STALLS:
            raise problem
        sleep(PAUSE * 2**stalls)
    # A bad line looks like this, too: the next try goes on where this one stands, and a day is the end of it.
    raise PeerUnavailable(courier.peer.name, "it goes on and on in little steps")


def _rest(courier: Courier, blob: Blob, upload_id: str, offset: int) -> Iterator[tuple[int, bool]]:
    """Send piece after piece; yield how many bytes each had, and whether the blob is there now."""
    path = f"blobs/uploads/{upload_id}"
    while blob.size - offset > PIECE:
        answer = _piece(courier, "PATCH", path, blob, offset, PIECE, 202)
        yield PIECE, False
        if courier.offset(answer, blob.size) != offset + PIECE:
            return
        offset += PIECE
    answer = _piece(courier, "PUT", f"{path}?digest={blob.digest}", blob, offset, blob.size - offset, 201)
    courier.digest(answer, blob.digest)
    yield blob.size - offset, True


def _piece(courier: Courier, method: str, path: str, blob: Blob, start: int, length: int, expected: int) -> Answer:
    headers = {"Content-Type": "application/octet-stream"}
    if length and method != "POST":
        headers["Content-Range"] = f"{start}-{start + length - 1}"
    return courier.ask(
        method, path, {expected}, body=_bytes(blob, start, length) if length else b"", length=length, headers=headers
    )


def _bytes(blob: Blob, start: int, length: int) -> Iterator[bytes]:
    """Read a part of a blob. StorageDamaged; StorageUnavailable, lest the peer be blamed for a disk that fails here."""
    with blobs.stored_bytes(blob) as file:
        left = length
        try:
            file.seek(start)
            while left and (block := file.read(min(BLOCK, left))):
                left -= len(block)
                yield block
        except OSError as error:
            raise StorageUnavailable(str(error)) from error
    if left:
        raise StorageDamaged(blob.storage_key)
