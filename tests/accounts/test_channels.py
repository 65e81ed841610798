"""A kept connection: several requests, checked addresses, and an end to whatever does not end."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from threading import Thread
from typing import Any

import pytest
from pytest_django import Settings

from accounts.channels import Channel
from accounts.outbound import OutboundRefused


class Echo(BaseHTTPRequestHandler):
    """Answers with the body that it got; paths say how."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-From", str(self.client_address[1]))
        self.end_headers()
        with suppress(OSError):  # the client may have heard enough
            for at in range(len(body)):
                if self.path == "/slow":
                    time.sleep(0.05)
                self.wfile.write(body[at : at + 1])
        self.close_connection = self.path != "/"

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def origin(settings: Settings) -> Iterator[str]:
    """Where it listens."""
    settings.OUTBOUND_PRIVATE_NETWORKS = [ip_network("127.0.0.0/8")]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def put(channel: Channel, path: str, body: bytes = b"abc", **options: Any) -> Any:
    return channel.ask("PUT", path, {"Content-Length": str(len(body))}, iter([body]), **({"seconds": 5} | options))


def test_it_works_again_and_again(origin: str) -> None:
    channel = Channel(origin)
    answers = [put(channel, "/") for _ in range(3)]
    assert [each.body for each in answers] == [b"abc"] * 3
    assert len({each.headers["X-From"] for each in answers}) == 1, "one connection"
    channel.close()
    assert put(channel, "/").headers["X-From"] != answers[0].headers["X-From"]
    channel.close()


def test_a_connection_that_ends_is_made_anew(origin: str) -> None:
    channel = Channel(origin)
    first = put(channel, "/closed")
    try:
        second = put(channel, "/")
    except OutboundRefused:
        second = put(channel, "/")
    assert first.headers["X-From"] != second.headers["X-From"]
    channel.close()


def test_redirects_are_answers(origin: str) -> None:
    with closing(Channel(origin)) as channel:
        assert put(channel, "/moved").status == 302


def test_it_reads_no_more_than_it_wants(origin: str) -> None:
    channel = Channel(origin)
    answer = put(channel, "/", b"x" * 100, limit=10)
    assert (answer.body, answer.is_cut) == (b"x" * 10, True)
    assert put(channel, "/").body == b"abc", "over another connection"
    channel.close()


def test_it_ends_what_trickles(origin: str) -> None:
    before = time.monotonic()
    answer = put(Channel(origin), "/slow", b"x" * 1000, seconds=0.5)
    assert answer.is_cut and time.monotonic() - before < 3


def nobody_listens() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize(
    ("where", "networks", "why"),
    [
        (lambda: "http://127.0.0.1:1", [], "private network"),
        (nobody_listens, ["127.0.0.0/8"], "does not answer"),
        (lambda: "http://192.0.2.1.invalid", [], "can't be resolved"),
    ],
)
def test_it_refuses(settings: Settings, where: Callable[[], str], networks: list[str], why: str) -> None:
    settings.OUTBOUND_PRIVATE_NETWORKS = [ip_network(each) for each in networks]
    with pytest.raises(OutboundRefused, match=why) as refused:
        put(Channel(where()), "/")
    assert refused.value.is_private == (why == "private network")


def test_a_server_that_says_nothing(settings: Settings) -> None:
    settings.OUTBOUND_PRIVATE_NETWORKS = [ip_network("127.0.0.0/8")]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        channel = Channel(f"http://127.0.0.1:{silent.getsockname()[1]}", read_seconds=0.2)
        with pytest.raises(OutboundRefused, match="does not answer in time"):
            put(channel, "/")


def test_a_connection_that_the_server_has_closed_is_opened_anew(settings: Settings) -> None:
    settings.OUTBOUND_PRIVATE_NETWORKS = [ip_network("127.0.0.0/8")]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        channel = Channel(f"http://127.0.0.1:{listening.getsockname()[1]}")

        def answer_once() -> None:
            """One request on one connection, which is closed though nobody was told."""
            accepted, _ = listening.accept()
            with accepted:
                accepted.recv(65536)
                accepted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        for _ in range(2):
            server = Thread(target=answer_once)
            server.start()
            assert channel.ask("GET", "/", {}, seconds=5).body == b"ok"
            server.join()
        channel.close()
