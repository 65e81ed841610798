"""Runs inside a deployment: writes many blobs with their files, links and images, and measures the collector over them.

Rows go to the database by COPY, or by one prepared INSERT on SQLite; through the core it would take hours.
"""

import hashlib
import os
import resource
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from django.db import connection, models, transaction
from django.utils import timezone

from accounts.models import Account
from registry import storage
from registry.core.collecting import collector
from registry.models import Blob, BlobLink, Image, ImageBlob, Manifest, Repository
from registry.storage import paths
from registry.storage.filesystem import FilesystemDriver

SIZE: Final = 100
IN_IMAGE: Final = 10
AT_ONCE: Final = 10_000
"""Blobs whose rows and files are written together; a multiple of IN_IMAGE."""
LONG_AGO: Final = timedelta(days=30)


def seed(count: int, part: int, orphans: int) -> dict[str, int]:
    """Write so many blobs; one image in `part` is missing, and so many files have no row."""
    account = Account.objects.create(id="111122223333", name="Bench")
    repositories = Repository.objects.bulk_create(
        [Repository(account=account, region="us-east-1", name=f"team/{number}") for number in range(1000)]
    )
    driver = storage.default()
    assert isinstance(driver, FilesystemDriver)
    for number in range(256):
        paths.blob(driver.root, f"{number:02x}").parent.mkdir(parents=True, exist_ok=True)
    tables = _Tables(repositories[0])
    for first in range(0, count, AT_ONCE):
        numbers = range(first, min(count, first + AT_ONCE))
        blobs = {number: (uuid.uuid4().hex, uuid.uuid4().hex) for number in numbers}
        _write_files(driver.root, (key for _, key in blobs.values()))
        with transaction.atomic():
            tables.write(blobs, [each.id for each in repositories], part)
    _write_files(driver.root, (uuid.uuid4().hex for _ in range(orphans)))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # what autovacuum does by itself a minute later
            cursor.execute("ANALYZE")
    return {
        "blobs": Blob.objects.count(),
        "links": BlobLink.objects.count(),
        "images": Image.objects.count(),
        "blobs of images": ImageBlob.objects.count(),
        "files": sum(len(os.listdir(folder)) for folder in paths.blobs(driver.root).iterdir()),
    }


def _write_files(root: Path, keys: Iterable[str]) -> None:
    """A small file for each key, as old as can be."""
    for key in keys:
        file = os.open(paths.blob(root, key), os.O_WRONLY | os.O_CREAT, 0o640)
        os.write(file, b"x" * SIZE)
        os.close(file)
        os.utime(paths.blob(root, key), (0, 0))


class _Tables:
    """Writes rows that differ from a pattern in some columns."""

    def __init__(self, repository: Repository) -> None:
        long_ago = timezone.now() - LONG_AGO
        nothing = uuid.uuid4()
        self._blob = Blob(size=SIZE, created_at=long_ago)
        self._link = BlobLink(blob_id=nothing, repository=repository, keep_until=long_ago)
        self._manifest = Manifest(digest="", content=b"{}")
        self._image = Image(repository=repository, manifest_id="", digest="", media_type="x", manifest_size=2)
        self._reference = ImageBlob(image_id=0, blob_id=nothing, position=0, media_type="x")

    def write(self, blobs: dict[int, tuple[str, str]], repository_ids: list[int], part: int) -> None:
        """Blobs by number, as (id, key): ten make an image; one image in `part` is left out."""
        images = sorted({number // IN_IMAGE for number in blobs})
        place = {image: repository_ids[image % len(repository_ids)] for image in images}
        there = [image for image in images if image % part]
        rows = [{"id": blob, "digest": _digest(str(n)), "storage_key": key} for n, (blob, key) in blobs.items()]
        _copy(self._blob, rows)
        _copy(
            self._link,
            [{"blob_id": blob, "repository_id": place[n // IN_IMAGE]} for n, (blob, _) in blobs.items()],
        )
        digests = {image: _digest(f"image {image}") for image in there}
        _copy(self._manifest, [{"digest": digest} for digest in digests.values()])
        _copy(
            self._image,
            [
                {"id": image + 1, "repository_id": place[image], "manifest_id": digest, "digest": digest}
                for image, digest in digests.items()
            ],
        )
        _copy(
            self._reference,
            [
                {"image_id": n // IN_IMAGE + 1, "blob_id": blob, "position": n % IN_IMAGE}
                for n, (blob, _) in blobs.items()
                if n // IN_IMAGE in digests
            ],
        )


def _digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _copy(pattern: models.Model, rows: list[dict[str, Any]]) -> None:
    """Write rows; what they don't say is as in the pattern."""
    values: dict[str, Any] = {}
    for field in pattern._meta.concrete_fields:
        assert field.column
        if not isinstance(field, models.AutoField) or field.column in rows[0]:
            values[field.column] = field.get_db_prep_save(field.pre_save(pattern, add=True), connection)
    table, columns = pattern._meta.db_table, ", ".join(f'"{name}"' for name in values)
    lines = [tuple((values | row).values()) for row in rows]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for line in lines:
                    copy.write_row(line)
        else:
            cursor.executemany(
                f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * len(values))})",  # noqa: S608 - names of ours
                lines,
            )


class Clock:
    """Takes the time of steps, statements and transactions."""

    def __init__(self) -> None:
        self.steps: defaultdict[str, float] = defaultdict(float)
        self.transaction = self.statement = 0.0
        self.slowest = ""

    def step(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The step, timed."""

        def timed(*arguments: Any) -> Any:
            begun = time.perf_counter()
            result = work(*arguments)
            self.steps[name] += time.perf_counter() - begun
            return result

        return timed

    def execute(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        """Around each statement."""
        begun = time.perf_counter()
        result = execute(sql, *rest)
        if (spent := time.perf_counter() - begun) > self.statement:
            self.statement, self.slowest = spent, sql
        return result

    @contextmanager
    def running(self) -> Iterator[None]:
        """Take the time inside."""
        enter, leave, begun = transaction.Atomic.__enter__, transaction.Atomic.__exit__, []

        def entered(atomic: Any) -> None:
            begun.append(time.perf_counter())
            enter(atomic)

        def left(atomic: Any, *arguments: Any) -> None:
            leave(atomic, *arguments)
            self.transaction = max(self.transaction, time.perf_counter() - begun.pop())

        steps = dict(collector.STEPS)
        collector.STEPS.update({name: self.step(name, work) for name, work in steps.items()})
        transaction.Atomic.__enter__, transaction.Atomic.__exit__ = entered, left  # type: ignore[method-assign]  # to time
        try:
            with connection.execute_wrapper(self.execute):
                yield
        finally:
            transaction.Atomic.__enter__, transaction.Atomic.__exit__ = enter, leave  # type: ignore[method-assign]  # as was
            collector.STEPS.update(steps)


def measure(*, dry: bool) -> dict[str, Any]:
    """A pass with the comparison of the storage, or a dry one, in this process."""
    clock, before = Clock(), peak()
    begun = time.perf_counter()
    with clock.running():
        run = collector.survey() if dry else collector.collect(walks=True)
    assert run is not None
    return {
        "seconds": time.perf_counter() - begun,
        "counts": run.counts,
        "spent": {name: round(seconds, 1) for name, seconds in clock.steps.items()},
        "problems": run.problems,
        "before": before,
        "peak": peak(),
        "transaction": clock.transaction * 1000,
        "statement": clock.statement * 1000,
        "slowest": clock.slowest[:2000],
        "left": Blob.objects.count(),
    }


def peak() -> float:
    """The most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
