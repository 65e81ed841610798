"""A patient client at the gateway: it repeats what was not answered or answered with 5xx, and no more than that."""

import base64
import http.client
import ssl
import time
from collections.abc import Callable
from typing import Final

from config.deploy.topology import Topology
from tests.clients.server import Answer
from tests.faults.client import SERVER_GONE, Image, Registry, digest_of, received

PATIENCE_SECONDS: Final = 90
NOT_YET: Final = frozenset({409, 416, 500, 502, 503, 504, 507})
GONE: Final = (*SERVER_GONE, ssl.SSLError, OSError)

Step = Callable[[str], None]
"""Called by a push or pull whenever it comes to a step, with the step's name."""


class OutOfPatience(AssertionError):
    """It did not come to a good end in time."""


class PatientClient(Registry):
    """One private repository, through the gateway. `got` counts manifests that were pulled whole, by tag."""

    def __init__(self, topology: Topology, key: tuple[str, str], account_id: str, repository: str) -> None:
        self.topology = topology
        self.name = f"{account_id}/{repository}"
        self.base = f"/v2/{self.name}"
        self.headers = {"Authorization": "Basic " + base64.b64encode(":".join(key).encode()).decode()}
        self.trusting = topology.trusting()
        self.pulled = 0
        self.failures: list[str] = []

    def connect(self) -> http.client.HTTPConnection:
        """Open a connection to the gateway."""
        host, port = self.topology.host.split(":")
        return http.client.HTTPSConnection(host, int(port), context=self.trusting, timeout=40)

    def patiently(self, what: str, ask: Callable[[], Answer], *good: int) -> Answer:
        """Ask until the answer is a good one; what came instead is noted in `failures`."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = ask()
            except GONE as error:
                self.failures.append(f"{what}: {type(error).__name__}")
            else:
                if answer.status in good:
                    return answer
                self.failures.append(f"{what}: {answer.status}")
                if answer.status not in NOT_YET:
                    raise OutOfPatience(f"{what}: {answer.status} {answer.text[:500]}")
                if answer.status == 503:
                    assert int(answer.headers.get("retry-after", "1")) > 0
            if time.monotonic() > deadline:
                raise OutOfPatience(f"{what}: {self.failures[-5:]}")
            time.sleep(0.2)

    def push_blob_patiently(self, content: bytes, step: Step = lambda name: None) -> None:
        """Push a blob in two chunks, the first one cut in two; go on after a failure, or begin anew."""
        digest = digest_of(content)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            step("POST")
            started = self.patiently("POST", lambda: self.ask("POST", f"{self.base}/blobs/uploads/"), 202)
            if self._sent(started.headers["location"], content, step):
                step("PUT")
                upload = f"{started.headers['location']}?digest={digest}"
                answer = self.patiently("PUT", lambda url=upload: self.ask("PUT", url), 201, 400, 404)  # type: ignore[misc]
                if answer.status == 201:
                    return
        raise OutOfPatience(f"push of {digest}: {self.failures[-5:]}")

    def _sent(self, upload: str, content: bytes, step: Step) -> bool:
        """Send all bytes; False if the upload is lost and has to begin anew."""
        first = len(content) * 5 // 9
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            at = self._where(upload)
            if at == len(content):
                return True
            if at < 0 or at > len(content):
                return False
            end = first if at < first else len(content)
            try:
                self._chunk(upload, content, at, end, step)
            except GONE as error:
                self.failures.append(f"PATCH: {type(error).__name__}")
                time.sleep(0.3)
        return False

    def _where(self, upload: str) -> int:
        """How many bytes are there; -1 if the upload is not open."""
        answer = self.patiently("status", lambda: self.ask("GET", upload), 204, 404)
        if answer.status == 404:
            return -1
        last = int(answer.headers["range"].removeprefix("0-"))
        return last + 1 if last else 0

    def _chunk(self, upload: str, content: bytes, start: int, end: int, step: Step) -> None:
        """PATCH some bytes, with the step in their middle."""
        step("PATCH")
        place = {"Content-Type": "application/octet-stream", "Content-Range": f"{start}-{end - 1}"}
        with self.begin("PATCH", upload, end - start, **place) as sending:
            middle = start + (end - start) // 2
            sending.send(content[start:middle])
            step("in PATCH")
            sending.send(content[middle:end])
            answer = sending.answer()
        if answer.status != 202:
            self.failures.append(f"PATCH: {answer.status}")
            time.sleep(0.3)

    def push_patiently(self, image: Image, tag: str, step: Step = lambda name: None) -> None:
        """Push an image; when it returns, the push was acknowledged."""
        for blob in image.blobs:
            self.push_blob_patiently(blob, step)
        step("PUT manifest")
        self.patiently("manifest", lambda: self.push_manifest(image, tag), 201)

    def pull_patiently(self, image: Image, tag: str, step: Step = lambda name: None) -> None:
        """Pull an image, and compare it."""
        step("GET manifest")
        manifest = self.patiently("GET manifest", lambda: self.manifest(tag), 200)
        self.pulled += 1
        assert manifest.body == image.manifest
        for blob in image.blobs:
            step("GET blob")
            assert self.pull_blob(digest_of(blob)) == blob

    def pull_blob(self, digest: str) -> bytes:
        """Pull a blob, through the redirect if there is one; a body that breaks off is asked for again."""
        for _ in range(100):
            answer = self.patiently("GET blob", lambda: self.blob(digest), 200, 307)
            if answer.status == 307:
                place = answer.headers["location"].removeprefix(f"https://{self.topology.host}")
                try:
                    answer = self._elsewhere(place)
                except GONE as error:
                    self.failures.append(f"store: {type(error).__name__}")
                    time.sleep(0.2)
                    continue
            if answer.status == 200 and digest_of(answer.body) == digest:
                return answer.body
            self.failures.append(f"store: {answer.status}")
            time.sleep(0.2)
        raise OutOfPatience(f"pull of {digest}: {self.failures[-5:]}")

    def _elsewhere(self, path: str) -> Answer:
        """GET a signed address at the gateway, without credentials."""
        connection = self.connect()
        try:
            connection.request("GET", path)
            return received(connection.getresponse())
        finally:
            connection.close()
