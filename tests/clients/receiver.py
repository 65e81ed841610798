"""A receiver of webhooks on a local port: keeps what it was sent, answers as a test wants, goes and comes back."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.clients.processes import free_port

Behaviour = Callable[[BaseHTTPRequestHandler], None]


def answer(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    """Answer at once."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def never(handler: BaseHTTPRequestHandler) -> None:
    """Say nothing for a long time."""
    time.sleep(30)


def byte_by_byte(handler: BaseHTTPRequestHandler) -> None:
    """Answer 200, and then one byte after the other for ever."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(300):
        handler.wfile.write(b"x")
        time.sleep(0.1)


def slow_head(handler: BaseHTTPRequestHandler) -> None:
    """The head of an answer, one byte after the other."""
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: 1\r\n" * 100:
        handler.wfile.write(bytes([byte]))
        time.sleep(0.1)


def megabytes(handler: BaseHTTPRequestHandler) -> None:
    """Send back far more than anybody wants."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(64):
        handler.wfile.write(b"y" * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class Message:
    """A request that came."""

    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def event(self) -> dict[str, Any]:
        """What it says."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    def is_signed(self, secret: str) -> bool:
        """Check it as the libraries of Standard Webhooks do: one good signature does, within five minutes."""
        came_at = time.time() - (time.monotonic() - self.at)
        if abs(came_at - int(self.headers["webhook-timestamp"])) > 300:
            return False
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = b".".join((self.headers["webhook-id"].encode(), self.headers["webhook-timestamp"].encode(), self.body))
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        versions = [each.split(",", 1) for each in self.headers["webhook-signature"].split(" ")]
        return any(version == "v1" and hmac.compare_digest(text, expected) for version, text in versions)


@dataclass
class Receiver:
    """Listens from `start` to `stop`, at the same address each time."""

    behaviour: Behaviour = field(default_factory=lambda: answer(200, b"thanks"))
    messages: list[Message] = field(default_factory=list)
    port: int = 0

    def start(self) -> "Receiver":
        """Begin to listen."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.messages.append(Message(headers, body, time.monotonic()))
                try:
                    receiver.behaviour(self)
                except OSError:  # the other side has gone, as it should
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Nothing."""

        ThreadingHTTPServer.allow_reuse_address = True
        self.port = self.port or free_port()
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()
        return self

    def stop(self) -> None:
        """Let nobody connect any more."""
        self.server.shutdown()
        self.server.socket.close()
        self.thread.join()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"
