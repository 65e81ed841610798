"""A peer that is none: it keeps what it is sent in memory, notes every request, and lies where a test wants it to."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

Lie = Callable[["Request"], "Said | None"]
"""What to say instead; None for the truth."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: the path below the repository, without the query."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """An answer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def refusal(status: int, error: str) -> Said:
    """An error as a Kho words it."""
    return Said(status, {"Kho-Error": error})


@dataclass
class FalsePeer:
    """What it holds; `lie` is asked before the truth is told."""

    lie: Lie = lambda request: None
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    uploads: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    removals: list[Any] = field(default_factory=list)
    url: str = ""
    lock: Lock = field(default_factory=Lock)

    def answer(self, request: Request) -> Said:
        """The truth, unless a test has something else to say."""
        with self.lock:
            self.requests.append(request)
            return self.lie(request) or self.truth(request)

    def truth(self, request: Request) -> Said:
        """What a Kho would say."""
        first, _, rest = request.path.partition("/")
        match (request.method, first):
            case ("GET", "rights"):
                return Said(204)
            case ("POST", "removals"):
                self.removals.append(json.loads(request.body))
                return Said(200, {}, b"{}")
            case ("POST", "blobs") if rest == "missing":
                wanted = [each for each in json.loads(request.body)["digests"] if each not in self.blobs]
                return Said(200, {}, json.dumps({"missing": wanted}).encode())
            case ("POST", "blobs") if "digest" in request.query:
                self.blobs[request.query["digest"]] = request.body
                return Said(201, {"Docker-Content-Digest": request.query["digest"]})
            case ("POST", "blobs"):
                return self._begin(request.query["mount"])
            case ("PATCH" | "PUT", "blobs"):
                return self._more(rest.removeprefix("uploads/"), request)
            case ("HEAD", "manifests"):
                return Said(200 if rest in self.manifests else 404, {"Docker-Content-Digest": rest})
            case ("PUT", "manifests"):
                self.manifests[rest] = request.body
                if "tag" in request.query:
                    self.tags[request.query["tag"]] = rest
                return Said(201, {"Docker-Content-Digest": rest})
        return Said(404)

    def _begin(self, digest: str) -> Said:
        if digest in self.blobs:
            return Said(201, {"Docker-Content-Digest": digest})
        upload = next((key for key, (wanted, _) in self.uploads.items() if wanted == digest), "") or str(uuid4())
        _, there = self.uploads.setdefault(upload, (digest, b""))
        return self.stands(upload, len(there))

    @staticmethod
    def stands(upload: str, offset: int | str) -> Said:
        """202: where an upload is."""
        return Said(202, {"Docker-Upload-UUID": upload, "Upload-Offset": str(offset)})

    def _more(self, upload: str, request: Request) -> Said:
        if upload not in self.uploads:
            return refusal(404, "UploadNotFound")
        digest, there = self.uploads[upload]
        there += request.body
        self.uploads[upload] = digest, there
        if request.method == "PATCH":
            return self.stands(upload, len(there))
        self.blobs[digest] = there
        del self.uploads[upload]
        return Said(201, {"Docker-Content-Digest": digest})


@contextmanager
def listening(peer: FalsePeer) -> Iterator[FalsePeer]:
    """Let it listen on a port of this machine; `url` is where."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            below = "/".join(parts.path.removeprefix("/v2/_replication/").split("/")[3:])
            said = peer.answer(Request(self.command, below, query, body, dict(self.headers.items())))
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in said.headers:
                self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = _answer  # noqa: N815 - http.server looks for these names

        def log_message(self, *args: Any) -> None:
            """Nothing: the requests are noted."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    peer.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield peer
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
