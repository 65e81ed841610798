"""A private S3 server: SeaweedFS, whose program comes as a Python package, in a temporary folder."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.clients.processes import Daemon, free_port

ACCESS_KEY_ID: Final = "kho-tests"
SECRET_ACCESS_KEY: Final = "a-secret-that-only-tests-know"
REGION: Final = "us-east-1"


def ports(count: int) -> list[int]:
    """Free ports whose neighbours 10,000 above are free too: each part of the server has one of its own there."""
    return [free_port(above=10_000) for _ in range(count)]


class ObjectStore:
    """A running S3 server on 127.0.0.1 with one pair of keys. It may be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "store").mkdir(parents=True)
        self.port, *others = ports(4)
        self.endpoint = f"http://127.0.0.1:{self.port}"
        keys = {
            "identities": [
                {
                    "name": "kho",
                    "credentials": [{"accessKey": ACCESS_KEY_ID, "secretKey": SECRET_ACCESS_KEY}],
                    "actions": ["Admin", "Read", "Write", "List", "Tagging"],
                }
            ]
        }
        (folder / "s3.json").write_text(json.dumps(keys), encoding="utf-8")
        # The key that objects are encrypted with, if a request asks for AES256.
        sealing = {"WEED_S3_SSE_KEY": SECRET_ACCESS_KEY}
        self.daemon = Daemon("the S3 server", self._command(others), folder / "s3.log", env=sealing, folder=folder)

    def _command(self, others: list[int]) -> list[str]:
        master, volume, filer = others
        return [
            str(Path(sys.executable).parent / "weed"),
            *("server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={self.folder / 'store'}"),
            *(f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}", f"-s3.port={self.port}"),
            *(
                "-s3",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                f"-s3.config={self.folder / 's3.json'}",
                "-volume.max=50",
                "-master.volumeSizeLimitMB=256",
            ),
            *("-master.telemetry=false", "-s3.iam=false"),
        ]

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.daemon.start(self._is_ready)

    def _is_ready(self) -> bool:
        try:
            self.client(retries={"max_attempts": 0}).list_buckets()
        except (BotoCoreError, ClientError):
            return False
        return True

    def client(self, **config: Any) -> Any:
        """A boto3 client of it."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCESS_KEY_ID,
            aws_secret_access_key=SECRET_ACCESS_KEY,
            region_name=REGION,
            config=Config(s3={"addressing_style": "path"}, connect_timeout=2, read_timeout=20, **config),
        )

    def create_bucket(self, name: str) -> None:
        """Make an empty bucket."""
        self.client().create_bucket(Bucket=name)

    def settings(self, bucket: str) -> dict[str, str]:
        """The environment of a Kho that keeps its blobs in a bucket of this server."""
        return {
            "KHO_STORAGE": "s3",
            "KHO_S3_BUCKET": bucket,
            "KHO_S3_ENDPOINT": self.endpoint,
            "KHO_S3_REGION": REGION,
            "KHO_S3_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "KHO_S3_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        }

    def close(self) -> None:
        """End it at once: it takes its time when it is asked to."""
        self.daemon.kill9()


@contextmanager
def running(folder: Path) -> Iterator[ObjectStore]:
    """Run a server until the block ends."""
    store = ObjectStore(folder)
    store.start()
    try:
        yield store
    finally:
        store.close()
