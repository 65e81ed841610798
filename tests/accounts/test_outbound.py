"""Requests to addresses that users name stay out of private networks."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import Thread

import pytest
from pytest_django import Settings

from accounts import outbound
from accounts.outbound import OutboundRefused


class Answers(BaseHTTPRequestHandler):
    """Small, large, elsewhere."""

    def do_GET(self) -> None:
        """Answer by path."""
        self.send_response(302 if self.path == "/elsewhere" else 200)
        self.send_header("Location", "/small")
        self.end_headers()
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
        ("2002:a00:1::", False),
        ("fe80::1", False),
        ("fd00::1", False),
    ],
)
def test_it_knows_public_addresses(address: str, public: bool) -> None:
    assert outbound.is_public(ip_address(address)) is public
