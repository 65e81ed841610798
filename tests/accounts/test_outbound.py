"""Requests to addresses that users name stay out of private networks."""

import errno
import io
import socket
import tempfile
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import Thread
from typing import Any

import pytest
from pytest_django import Settings

from accounts import outbound
from accounts.outbound import OutboundRefused
from tests.clients.receiver import Behaviour, Receiver, byte_by_byte, megabytes, never, slow_head
from tests.clients.receiver import answer as answer_with

MOVED = {
    "/elsewhere": "/small",
    "/twice": "/elsewhere",
    "/round": "/round",
    "/inside": "http://10.0.0.1/",
    "/metadata": "http://169.254.169.254/latest/meta-data/",
    "/file": "file:///etc/passwd",
    "/nonsense": "http://[",
}
"""Paths that lead elsewhere."""


class Answers(BaseHTTPRequestHandler):
    """Small, large, elsewhere."""

    def do_GET(self) -> None:
        """Answer by path."""
        target = MOVED.get(self.path, "")
        self.send_response(302 if target else 404 if self.path == "/none" else 200)
        if target:
            self.send_header("Location", target)
        self.end_headers()
        for _ in range(40 if self.path == "/slow" else 0):
            time.sleep(0.1)
            try:
                self.wfile.write(b"x")
            except OSError:  # whoever asked has had enough
                return
        self.wfile.write(b"x" * (5_000_000 if self.path == "/large" else 5))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing."""


@pytest.fixture
def origin() -> Iterator[str]:
    """A server on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_it_works_in_a_network_that_is_allowed(origin: str, settings: Settings) -> None:
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    assert outbound.fetch(f"{origin}/small") == b"xxxxx"
    for path in ("/large", "/elsewhere"):
        with pytest.raises(OutboundRefused):
            outbound.fetch(origin + path, limit=1000)


def test_redirects_are_followed_where_asked_and_checked_anew(origin: str, settings: Settings) -> None:
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    assert outbound.fetch(f"{origin}/twice", redirects=2) == b"xxxxx"
    for path, said in (
        ("/twice", "on and on"),
        ("/round", "on and on"),
        ("/inside", "private network"),
        ("/metadata", "private network"),
        ("/file", "not one of https"),
        ("/nonsense", "no address"),
    ):
        with pytest.raises(OutboundRefused, match=said):
            outbound.fetch(origin + path, redirects=1)


def test_redirects_do_not_leave_https(monkeypatch: pytest.MonkeyPatch) -> None:
    def move(*_args: object, **_options: object) -> bytes:
        raise outbound._Moved("http://example.com/")

    monkeypatch.setattr(outbound, "_fetch", move)
    with pytest.raises(OutboundRefused, match="away from https"):
        outbound.fetch("https://example.com/", redirects=3)


def test_it_refuses_private_networks(origin: str) -> None:
    for url in (origin, "http://localhost/", "https://10.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/"):
        with pytest.raises(OutboundRefused, match="private network"):
            outbound.fetch(url)


@pytest.mark.parametrize(
    "url", ["", "ftp://example.com/", "file:///etc/passwd", "https://a@example.com/", "https://x:99999/"]
)
def test_it_refuses_what_is_no_address(url: str) -> None:
    with pytest.raises(OutboundRefused):
        outbound.fetch(url)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.1", False),
        ("224.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b:1::a00:1", False),
        ("::ffff:0:7f00:1", False),
        ("5f00::1", False),
        ("::10.0.0.1", False),
        ("fec0::1", False),
        ("2002:a00:1::", False),
        ("fe80::1", False),
        ("fd00::1", False),
    ],
)
def test_it_knows_public_addresses(address: str, public: bool) -> None:
    assert outbound.is_public(ip_address(address)) is public


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A receiver on this machine, which the operator allows."""
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    started = Receiver().start()
    yield started
    started.stop()


def test_it_posts(receiver: Receiver) -> None:
    answer = outbound.post(f"{receiver.url}?a=1", b"{}", {"X-Word": "hello"})
    assert (answer.status, answer.body, answer.is_cut) == (200, b"thanks", False)
    [message] = receiver.messages
    assert message.body == b"{}" and message.headers["x-word"] == "hello"
    assert message.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize(
    ("behaviour", "least", "most"), [(never, 4, 7), (slow_head, 2, 4)], ids=["never answers", "its head never ends"]
)
def test_it_waits_for_nobody_for_ever(
    receiver: Receiver, behaviour: Behaviour, least: float, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    if behaviour is slow_head:
        monkeypatch.setattr(outbound, "ALL_SECONDS", 2.5)
    receiver.behaviour, began = behaviour, time.monotonic()
    with pytest.raises(OutboundRefused, match="in time"):
        outbound.post(receiver.url, b"{}", {})
    assert least < time.monotonic() - began < most


def test_a_body_without_end_is_cut_in_time(receiver: Receiver) -> None:
    receiver.behaviour, began = byte_by_byte, time.monotonic()
    answer = outbound.post(receiver.url, b"{}", {})
    assert answer.status == 200 and answer.is_cut and set(answer.body) == {ord("x")}
    assert time.monotonic() - began < 4


def test_a_large_body_is_cut(receiver: Receiver) -> None:
    receiver.behaviour, began = megabytes, time.monotonic()
    answer = outbound.post(receiver.url, b"{}", {})
    assert answer.status == 200 and answer.is_cut and answer.body == b"y" * 4096
    assert time.monotonic() - began < 4


def test_redirects_are_answers_and_are_not_followed(receiver: Receiver) -> None:
    receiver.behaviour = answer_with(307, Location="http://169.254.169.254/latest/meta-data/")
    assert outbound.post(receiver.url, b"{}", {}).status == 307
    assert len(receiver.messages) == 1


def test_a_name_that_changes_is_connected_to_where_it_was_checked(
    receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: a public address when it is checked, one of this machine when it is connected to."""
    settings.OUTBOUND_PRIVATE_NETWORKS = ()
    asked: list[str] = []
    real = socket.getaddrinfo
    connected: list[tuple[str, int]] = []

    def resolve(host: str, port: int, *args: Any, **more: Any) -> Any:
        if host != "rebinding.example":
            return real(host, port, *args, **more)
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(place: tuple[str, int], *_: Any, **__: Any) -> Any:
        connected.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr("accounts.outbound.sockets.create_connection", connect)
    with pytest.raises(OutboundRefused):
        outbound.post(f"https://rebinding.example:{receiver.port}/", b"{}", {})
    assert connected == [("93.184.216.34", receiver.port)] and len(asked) == 1
    with pytest.raises(OutboundRefused, match="private network"):
        outbound.post(f"https://rebinding.example:{receiver.port}/", b"{}", {})
    assert len(connected) == 1 and receiver.messages == []


def test_a_certificate_of_nobody_is_refused(receiver: Receiver) -> None:
    with pytest.raises(OutboundRefused, match="does not speak TLS"):
        outbound.post(receiver.url.replace("http:", "https:"), b"{}", {})


def test_addresses_are_checked_beforehand(settings: Settings) -> None:
    with pytest.raises(OutboundRefused, match="private network"):
        outbound.check("https://127.0.0.1/hook")
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    outbound.check("http://127.0.0.1/hook")
    with pytest.raises(OutboundRefused, match="only https"):
        outbound.check("http://93.184.216.34/hook")


def test_a_file_is_downloaded_within_bounds(origin: str, settings: Settings) -> None:
    """Redirects are followed and checked; what is too large, too slow or not there is refused."""
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    with tempfile.TemporaryFile() as file:
        assert outbound.download(f"{origin}/large", file, limit=10_000_000, seconds=20) == 5_000_000
    with tempfile.TemporaryFile() as file:
        assert outbound.download(f"{origin}/twice", file, limit=10, seconds=5) == 5
        assert file.seek(0) == 0 and file.read() == b"xxxxx"
    for path, limit, why in (
        ("/large", 1000, "too large"),
        ("/round", 1000, "on and on"),
        ("/inside", 1000, "private network"),
        ("/nonsense", 1000, "no address"),
    ):
        with tempfile.TemporaryFile() as file, pytest.raises(OutboundRefused, match=why):
            outbound.download(f"{origin}{path}", file, limit=limit, seconds=5)


def test_a_download_that_trickles_or_fails_is_refused(origin: str, settings: Settings) -> None:
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    for path, why in (("/slow", "too slow"), ("/none", "answers 404")):
        with tempfile.TemporaryFile() as file, pytest.raises(OutboundRefused, match=why):
            outbound.download(f"{origin}{path}", file, limit=10_000, seconds=1.5)


class _Full(io.BytesIO):
    """A file on a disk that is full."""

    def write(self, _: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_download_that_cant_be_kept_says_so(origin: str, settings: Settings) -> None:
    """The server is not to blame."""
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    with pytest.raises(OutboundRefused, match="can't be kept here: No space left on device"):
        outbound.download(f"{origin}/large", _Full(), limit=10_000_000, seconds=20)
