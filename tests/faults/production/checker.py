"""What must hold after every fault: everything visible is whole, nothing acknowledged is missing, pulls are counted."""

import json
from typing import Final

from tests.clients.processes import wait_for
from tests.clients.ready import CODE, MANAGE, Ready, ReadyClient
from tests.faults.client import Image
from tests.faults.production.client import PatientClient

DAMAGED: Final = """
import hashlib, json
from registry import storage
from registry.errors import StorageDamaged
from registry.models import Blob, Image
driver, damaged = storage.default(), []
for blob in Blob.objects.filter(state="live"):
    algorithm, _, expected = blob.digest.partition(":")
    try:
        with driver.open(blob.storage_key, blob.size).file as file:
            actual = hashlib.new(algorithm)
            while block := file.read(1 << 20):
                actual.update(block)
    except StorageDamaged:
        damaged.append(blob.digest)
    else:
        if actual.hexdigest() != expected:
            damaged.append(blob.digest)
for image in Image.objects.filter(deleted_at=None).select_related("manifest"):
    algorithm, _, expected = image.digest.partition(":")
    if hashlib.new(algorithm, bytes(image.manifest.content)).hexdigest() != expected:
        damaged.append(image.digest)
print(json.dumps(damaged))
"""
PULLS: Final = """
from registry.models import Repository
print(Repository.objects.get(name=%r, deleted_at=None).pull_count)
"""


class Checker:
    """Looks from inside, at rows and bytes, and from outside, as a client."""

    def __init__(self, ready: Ready) -> None:
        self._manage = ReadyClient(ready, MANAGE)
        self._python = ReadyClient(ready, CODE)

    def require_whole(self) -> None:
        """No live blob and no manifest has other bytes than its digest says; none is marked as damaged."""
        assert json.loads(self._python(DAMAGED)) == []
        self._manage("verify_storage", "--sizes-only")

    def require_there(self, client: PatientClient, acknowledged: dict[str, Image]) -> None:
        """Every tag whose push was acknowledged is there, with all that it names."""
        assert set(acknowledged) <= set(client.tags())
        for tag, image in acknowledged.items():
            client.pull_patiently(image, tag)

    def require_counted(self, client: PatientClient) -> None:
        """Every pull that the client has had is counted; one that it repeated may count twice."""
        name = client.name.partition("/")[2]
        repeated = sum(failure.startswith("GET manifest") for failure in client.failures)
        wait_for("all pulls are counted", lambda: self._pulls(name) >= client.pulled, seconds=20)
        # The gateway repeats a GET too, whose first node may have counted before it died.
        assert self._pulls(name) <= client.pulled + repeated + 2

    def _pulls(self, name: str) -> int:
        return int(self._python(PULLS % name))
