"""A deployment with one web worker that can be told at which step to die."""

from pathlib import Path
from typing import Any, Final

from tests.clients.processes import wait_for
from tests.clients.server import Server

CLAIM_SECONDS: Final = 2
"""How long an upload's writer may be silent before another one may take its place."""

CHECK_BYTES = """
import hashlib
from registry import storage
from registry.errors import StorageDamaged
from registry.models import Blob
driver, answer = storage.default(), []
for blob in Blob.objects.filter(state="live"):
    algorithm, _, expected = blob.digest.partition(":")
    try:
        with driver.open(blob.storage_key, blob.size).file as file:
            is_whole = hashlib.file_digest(file, algorithm).hexdigest() == expected
    except StorageDamaged:
        is_whole = False
    if not is_whole:
        answer.append(blob.digest)
"""

BLOB_FILE = """
from registry.models import Blob
from registry.storage import default, paths
blob = Blob.objects.get(digest=digest, state="live")
answer = str(paths.blob(default().root, blob.storage_key))
"""

SWEEP = """
from datetime import timedelta
from django.utils import timezone
from registry import storage
from registry.core import verifying
from registry.core.collecting import collector
from registry.models import Upload
Upload.objects.update(touched_at=timezone.now() - timedelta(days=365))
collector.collect(walks=False)
answer = [each.storage_key for each in verifying.compare() if not each.digest] + list(storage.default().uploads())
"""


class FaultyServer(Server):
    """One deployment whose web worker runs tests/faults/wsgi.py."""

    def __init__(self, folder: Path, database_url: str = "", **settings: str) -> None:
        super().__init__(folder, database_url, {"KHO_UPLOAD_CLAIM_SECONDS": str(CLAIM_SECONDS), **settings}, workers=1)
        self._fault = self.data / "fault"

    def _web_command(self) -> list[str]:
        return [part.replace("config.wsgi:", "tests.faults.wsgi:") for part in super()._web_command()]

    def die_at(self, step: str) -> None:
        """Let the web server kill itself when it next reaches the step."""
        self._fault.write_text(step, encoding="utf-8")

    def restart(self) -> None:
        """Start again after the death that was asked for; AssertionError if it did not come."""
        wait_for("the death of the web server", lambda: not self.web.is_running)
        self.web.kill9()
        self._fault.unlink(missing_ok=True)
        self.start()

    def kill_and_restart(self) -> None:
        """End the web server now, as `kill -9` does, and start it again."""
        self.kill9()
        self.start()

    def worker_pid(self) -> int:
        """The process id of the one web worker."""
        assert self.web.process is not None
        main = self.web.process.pid
        (pid,) = Path(f"/proc/{main}/task/{main}/children").read_text(encoding="ascii").split()
        return int(pid)

    def open_files(self) -> int:
        """How many files and connections the web worker has open."""
        return len(list(Path(f"/proc/{self.worker_pid()}/fd").iterdir()))

    def blob_file(self, digest: str) -> Path:
        """The file that holds a blob."""
        return Path(self.python(BLOB_FILE, digest=digest))

    def damaged(self) -> list[str]:
        """Read every blob and return the digests of those whose bytes have another one."""
        answer: list[str] = self.python(CHECK_BYTES)
        return answer

    def left_behind(self) -> list[str]:
        """Throw away all open uploads, as the sweep does with old ones; return what then lies there without a row."""
        answer: list[str] = self.python(SWEEP)
        return answer

    def check_storage(self) -> Any:
        """Compare the lengths of all blobs, whatever the exit status."""
        return self.manage.attempt("verify_storage", "--sizes-only")
