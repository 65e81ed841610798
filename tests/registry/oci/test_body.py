"""Request bodies as streams: lengths, chunks, clients that go, and what is read of refused requests."""

import io
from typing import Any

import pytest
from django.http import HttpRequest

from registry.body import BLOCK, LARGEST_DRAIN, Body
from registry.errors import InvalidValue
from tests.registry.oci.wire import Chunks


class Counted(io.BytesIO):
    """Counts what was read."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and count."""
        block = super().read(size)
        self.taken += len(block)
        return block


def body(stream: Any, **meta: str) -> Body:
    """The body of a request with these environment variables."""
    request = HttpRequest()
    request.META = {"wsgi.input": stream, **meta}
    return Body(request)


def test_it_works_up_to_the_length() -> None:
    stream = io.BytesIO(b"first request, next request")
    first = body(stream, CONTENT_LENGTH="13")
    assert first.length == 13
    assert b"".join(first) == b"first request"
    assert list(first) == []
    assert stream.read() == b", next request"


def test_it_works_in_blocks() -> None:
    stream = io.BytesIO(bytes(BLOCK + 1))
    assert [len(block) for block in body(stream, CONTENT_LENGTH=str(BLOCK + 1))] == [BLOCK, 1]


def test_it_works_to_the_end_of_chunks() -> None:
    stream = Chunks(b"a", b"bc", b"def")
    chunked = body(stream, HTTP_TRANSFER_ENCODING="Chunked")
    assert chunked.length is None
    assert list(chunked) == [b"a", b"bc", b"def"]
    assert stream.largest_read == BLOCK


@pytest.mark.parametrize("meta", [{}, {"CONTENT_LENGTH": ""}, {"CONTENT_LENGTH": "0"}])
def test_it_works_without_a_body(meta: dict[str, str]) -> None:
    empty = body(io.BytesIO(b"not of this request"), **meta)
    assert empty.length == 0
    assert list(empty) == []


def test_it_works_as_a_short_stream_if_the_client_stops_early() -> None:
    assert list(body(io.BytesIO(b"abc"), CONTENT_LENGTH="10")) == [b"abc"]


@pytest.mark.parametrize("length", ["-1", "x", "1_0", "١", "9" * 19])
def test_it_refuses_a_length_that_is_no_number(length: str) -> None:
    with pytest.raises(InvalidValue):
        _ = body(io.BytesIO(), CONTENT_LENGTH=length).length
    body(io.BytesIO(), CONTENT_LENGTH=length).drain()


def test_it_refuses_to_hide_a_client_that_went_away() -> None:
    with pytest.raises(ConnectionResetError):
        list(body(Chunks(b"a", broken=True), HTTP_TRANSFER_ENCODING="chunked"))
    body(Chunks(b"a", broken=True), HTTP_TRANSFER_ENCODING="chunked").drain()


def test_it_works_to_drain_what_is_left() -> None:
    stream = Counted(bytes(2 * BLOCK))
    refused = body(stream, CONTENT_LENGTH=str(2 * BLOCK))
    next(iter(refused))
    refused.drain()
    assert stream.taken == 2 * BLOCK


def test_it_refuses_to_drain_without_end() -> None:
    stream = Counted(bytes(LARGEST_DRAIN + 4 * BLOCK))
    body(stream, CONTENT_LENGTH=str(LARGEST_DRAIN + 4 * BLOCK)).drain()
    assert stream.taken == LARGEST_DRAIN


def test_it_refuses_to_drain_what_the_client_has_not_sent_yet() -> None:
    stream = Counted(b"abc")
    body(stream, CONTENT_LENGTH="3", HTTP_EXPECT="100-continue").drain()
    assert stream.taken == 0
