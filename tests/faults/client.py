"""A registry client that shows every answer, sends its bytes as slowly as a test wants, and may go in the middle."""

import base64
import hashlib
import http.client
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Self

from tests.clients.server import Answer
from tests.clients.tenants import Tenant

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
CONFIG: Final = "application/vnd.oci.image.config.v1+json"
LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
SERVER_GONE: Final = (ConnectionError, http.client.HTTPException, TimeoutError)


def digest_of(content: bytes) -> str:
    """The digest of some bytes."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def received(answer: http.client.HTTPResponse) -> Answer:
    """Read an answer to its end; the names of its headers in lower case."""
    return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


@dataclass(frozen=True, slots=True)
class Image:
    """An image that is ready to be pushed."""

    manifest: bytes
    blobs: tuple[bytes, ...]

    @property
    def digest(self) -> str:
        """The manifest's digest."""
        return digest_of(self.manifest)


def make_image(*layers: bytes, comment: str = "") -> Image:
    """An image of these layers."""
    config = json.dumps({"os": "linux", "architecture": "amd64", "comment": comment}).encode()
    entries = [
        {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}
        for media_type, content in [(CONFIG, config), *((LAYER, layer) for layer in layers)]
    ]
    body = {"schemaVersion": 2, "mediaType": MANIFEST, "config": entries[0], "layers": entries[1:]}
    return Image(json.dumps(body).encode(), (config, *layers))


class Sending:
    """A request whose body is sent piece by piece; leaving the block closes the connection."""

    def __init__(
        self, registry: "Registry", method: str, path: str, length: int | None, headers: dict[str, str]
    ) -> None:
        self._chunked = length is None
        self._connection = registry.connect()
        self._connection.putrequest(method, path, skip_accept_encoding=True)
        framing = {"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": str(length)}
        for name, value in (registry.headers | framing | headers).items():
            self._connection.putheader(name, value)
        self._connection.endheaders()

    def send(self, content: bytes) -> None:
        """Send some of the body."""
        self._connection.send(b"%x\r\n%b\r\n" % (len(content), content) if self._chunked else content)

    def end(self) -> Answer:
        """Say that the body is whole, and return the answer."""
        if self._chunked:
            self._connection.send(b"0\r\n\r\n")
        return self.answer()

    def answer(self) -> Answer:
        """Return the answer without saying that the body is whole."""
        answer = self._connection.getresponse()
        return received(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()


class Registry:
    """One repository of a deployment, as one tenant's client sees it."""

    def __init__(self, tenant: Tenant, repository: str) -> None:
        self.tenant = tenant
        self.name = f"{tenant.account_id}/{repository}"
        self.base = f"/v2/{self.name}"
        credentials = base64.b64encode(f"{tenant.key_id}:{tenant.secret}".encode()).decode()
        self.headers = {"Authorization": f"Basic {credentials}"}

    def connect(self) -> http.client.HTTPConnection:
        """Open a connection to the web server."""
        return http.client.HTTPConnection("127.0.0.1", self.tenant.server.port, timeout=60)

    def begin(self, method: str, path: str, length: int | None = None, **headers: str) -> Sending:
        """Begin a request with a body: chunked, or of a length."""
        return Sending(self, method, path, length, headers)

    def ask(self, method: str, path: str, body: bytes | Iterable[bytes] = b"", **headers: str) -> Answer:
        """Send a request and return the answer; a body that is not bytes is sent in chunks."""
        connection = self.connect()
        try:
            connection.request(method, path, body, self.headers | headers, encode_chunked=not isinstance(body, bytes))
            answer = connection.getresponse()
            return received(answer)
        finally:
            connection.close()

    def start(self) -> str:
        """Start an upload and return its path."""
        answer = self.ask("POST", f"{self.base}/blobs/uploads/")
        assert answer.status == 202, answer
        return answer.headers["location"]

    def offset(self, upload: str) -> int:
        """How many bytes of an upload are there; -1 if it is not open."""
        answer = self.ask("GET", upload)
        if answer.status == 404:
            return -1
        assert answer.status == 204, answer
        last = int(answer.headers["range"].removeprefix("0-"))
        return last + 1 if last else 0  # the protocol says 0-0 of an empty upload too; no test sends a single byte

    def append(self, upload: str, content: bytes, offset: int | None = None) -> Answer:
        """PATCH bytes to an upload, with Content-Range if an offset is given."""
        place = {} if offset is None else {"Content-Range": f"{offset}-{offset + len(content) - 1}"}
        return self.ask("PATCH", upload, content, **{"Content-Type": "application/octet-stream"}, **place)

    def finish(self, upload: str, digest: str, content: bytes = b"") -> Answer:
        """PUT the last bytes of an upload."""
        return self.ask("PUT", f"{upload}?digest={digest}", content, **{"Content-Type": "application/octet-stream"})

    def resume(self, upload: str, content: bytes) -> Answer:
        """Go on with an upload as a patient client does: ask for the offset, send the rest, finish.

        A request that is lost but not yet over is waited for.
        """
        answer = Answer(0, {}, b"")
        for _ in range(20):
            offset = self.offset(upload)
            if offset < 0:
                return self.ask("HEAD", f"{self.base}/blobs/{digest_of(content)}")
            if offset < len(content):
                answer = self.append(upload, content[offset:], offset)
            if offset == len(content) or answer.status == 202:
                answer = self.finish(upload, digest_of(content))
            if answer.status not in {409, 416}:
                return answer
            time.sleep(0.25)
        return answer

    def push_blob(self, content: bytes, pieces: int = 1) -> Answer:
        """Push a blob by one or more PATCH and a PUT; the first answer that is not as expected, or the last."""
        upload = self.start()
        size = -(-len(content) // pieces)
        for start in range(0, len(content), size):
            answer = self.append(upload, content[start : start + size])
            if answer.status != 202:
                return answer
        return self.finish(upload, digest_of(content))

    def push_manifest(self, image: Image, reference: str) -> Answer:
        """Push a manifest alone."""
        return self.ask("PUT", f"{self.base}/manifests/{reference}", image.manifest, **{"Content-Type": MANIFEST})

    def push_image(self, image: Image, tag: str) -> Answer:
        """Push an image's blobs and its manifest."""
        for blob in image.blobs:
            answer = self.push_blob(blob)
            assert answer.status == 201, answer
        return self.push_manifest(image, tag)

    def blob(self, digest: str, method: str = "GET") -> Answer:
        """Pull a blob."""
        return self.ask(method, f"{self.base}/blobs/{digest}")

    def manifest(self, reference: str) -> Answer:
        """Pull a manifest."""
        return self.ask("GET", f"{self.base}/manifests/{reference}", Accept=MANIFEST)

    def tags(self) -> list[str]:
        """The repository's tags."""
        answer = self.ask("GET", f"{self.base}/tags/list")
        return json.loads(answer.body).get("tags") or [] if answer.status == 200 else []

    def require_whole(self) -> None:
        """Pull every tag with all that it names, and compare each with its digest."""
        for tag in self.tags():
            manifest = self.manifest(tag)
            assert manifest.status == 200, (tag, manifest)
            assert manifest.headers["docker-content-digest"] == digest_of(manifest.body)
            body: dict[str, Any] = json.loads(manifest.body)
            for descriptor in (body["config"], *body["layers"]):
                blob = self.blob(descriptor["digest"])
                assert blob.status == 200, (tag, descriptor)
                assert len(blob.body) == descriptor["size"], (tag, descriptor)
                assert digest_of(blob.body) == descriptor["digest"], (tag, descriptor)
