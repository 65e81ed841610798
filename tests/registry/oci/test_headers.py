"""Ranges, pages and parameters, as requests may write them."""

import pytest
from django.test import RequestFactory

from registry.errors import InvalidValue, UploadOutOfOrder
from registry.oci import headers
from registry.oci.headers import ByteRange, InvalidPageSize, RangeNotSatisfiable

SIZE = 10


def blob_range(value: str, size: int = SIZE, if_range: str = "") -> ByteRange | None:
    """What a Range header asks for."""
    sent = {"Range": value} | ({"If-Range": if_range} if if_range else {})
    return headers.blob_range(RequestFactory().get("/", headers=sent), '"etag"', size)


@pytest.mark.parametrize(
    ("value", "start", "length"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-9", 0, 10),
        ("bytes=2-4", 2, 3),
        ("bytes=2-400", 2, 8),
        ("bytes=9-", 9, 1),
        ("bytes=-3", 7, 3),
        ("bytes=-30", 0, 10),
        ("bytes= 2 - 4 ", 2, 3),
    ],
)
def test_it_works_for_one_range(value: str, start: int, length: int) -> None:
    assert blob_range(value) == ByteRange(start, length)


@pytest.mark.parametrize("value", ["", "bytes=-", "bytes=0-1,3-4", "items=0-1", "bytes=a-b", "bytes=٣-٤", "0-1"])
def test_it_works_as_the_whole_for_what_it_does_not_read(value: str) -> None:
    assert blob_range(value) is None


def test_it_works_as_the_whole_if_the_range_is_meant_of_other_content() -> None:
    assert blob_range("bytes=1-2", if_range='"other"') is None
    assert blob_range("bytes=1-2", if_range='"etag"') == ByteRange(1, 2)


@pytest.mark.parametrize("value", ["bytes=10-", "bytes=10-20", "bytes=5-4", "bytes=-0"])
def test_it_refuses_ranges_outside(value: str) -> None:
    with pytest.raises(RangeNotSatisfiable) as caught:
        blob_range(value)
    assert caught.value.size == SIZE


@pytest.mark.parametrize("value", ["bytes=0-", "bytes=0-0", "bytes=-1"])
def test_it_refuses_every_range_of_an_empty_blob(value: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        blob_range(value, size=0)


@pytest.mark.parametrize(
    ("value", "length", "start"),
    [("0-9", 10, 0), ("5-9", None, 5), ("bytes 5-9/10", 5, 5), ("bytes=5-9", 5, 5), ("5-9/*", 5, 5)],
)
def test_it_works_for_a_chunk(value: str, length: int | None, start: int) -> None:
    request = RequestFactory().get("/", headers={"Content-Range": value})
    assert headers.content_range(request, "id", length) == start


def test_it_works_without_content_range() -> None:
    assert headers.content_range(RequestFactory().get("/"), "id", 1) is None


@pytest.mark.parametrize(
    ("value", "length"),
    [("5-9", 4), ("9-5", None), ("a-b", None), ("", 1), ("-5", 5), ("5-", 5), ("0-99999999999999999999", None)],
)
def test_it_refuses_chunks_that_contradict_themselves(value: str, length: int | None) -> None:
    with pytest.raises(UploadOutOfOrder):
        headers.content_range(RequestFactory().get("/", headers={"Content-Range": value}), "id", length)


@pytest.mark.parametrize(("query", "size"), [("", 1000), ("n=0", 0), ("n=7", 7), ("n=1000000", 1000), ("n=007", 7)])
def test_it_works_for_a_page(query: str, size: int) -> None:
    assert headers.page_size(RequestFactory().get(f"/?{query}")) == size


@pytest.mark.parametrize("value", ["", "-1", "1.5", "x", "1e3", "%D9%A3", "9" * 30])
def test_it_refuses_a_page_size_that_is_no_number(value: str) -> None:
    with pytest.raises(InvalidPageSize):
        headers.page_size(RequestFactory().get(f"/?n={value}"))


def test_it_works_as_a_link_that_keeps_the_other_parameters() -> None:
    request = RequestFactory().get("/v2/a/referrers/sha256:1?artifactType=a%2Fb&n=9&last=x")
    expected = '</v2/a/referrers/sha256%3A1?artifactType=a%2Fb&n=2&last=c%26d>; rel="next"'
    assert headers.next_link(request, 2, "c&d") == expected


def test_it_refuses_a_parameter_that_postgresql_does_not_take() -> None:
    assert headers.parameter(RequestFactory().get("/?last=a"), "last") == "a"
    assert headers.parameter(RequestFactory().get("/"), "last") == ""
    with pytest.raises(InvalidValue):
        headers.parameter(RequestFactory().get("/?last=a%00b"), "last")
