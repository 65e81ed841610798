"""`manage.py verify_storage`: compare the storage with the database, and read every blob."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from registry.core import verifying
from registry.errors import StorageError

BUSY: Final = 3
UNITS: Final = {"": 1, "k": 1000, "M": 1000**2, "G": 1000**3, "Ki": 1024, "Mi": 1024**2, "Gi": 1024**3}


def rate(text: str) -> int:
    """Bytes a second of texts such as 50MB/s."""
    found = re.fullmatch(r"([0-9]{1,12})([kMG]i?|Ki)?(B(/s)?)?", text)
    if not found or (found[2] or "") not in UNITS:
        raise ArgumentTypeError("takes a number of bytes a second, such as 50MB/s")
    return int(found[1]) * UNITS[found[2] or ""]


class Command(BaseCommand):
    """Prints a line for each finding, then a sentence."""

    help = (
        "Compare the lengths of stored blobs with the database, then read each and compare its digest. Goes on where"
        " it was stopped. Exits with 1 if a blob is damaged, with 3 if another verification is under way."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How much is read, how fast, and from where on."""
        parser.add_argument("--sizes-only", action="store_true", help="compare lengths, read nothing")
        parser.add_argument("--rate", type=rate, default=0, help="how fast blobs are read, such as 50MB/s")
        parser.add_argument("--from-the-start", action="store_true", help="don't go on where the last call stopped")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, read, and say what was found."""
        try:
            damaged = self._compare(with_blobs=options["sizes_only"])
            if not options["sizes_only"]:
                damaged = self._read(options["rate"], afresh=options["from_the_start"])
        except StorageError as error:
            raise CommandError(f"The storage can't be verified: {error}") from error
        if damaged:
            raise CommandError(f"Damaged blobs: {damaged}. They count as absent now; push them again to repair them.")
        self.stdout.write(self.style.SUCCESS("Every blob is stored whole."))

    def _compare(self, *, with_blobs: bool) -> int:
        """Compare lengths; how many blobs are damaged. Who reads them too names them then."""
        damaged = 0
        for finding in verifying.compare():
            damaged += bool(finding.digest)
            if with_blobs or not finding.digest:
                self.stdout.write(
                    f"{finding.digest or finding.storage_key}: {finding.problem}"
                    + (f" ({finding.storage_key})" if finding.digest else "")
                )
        return damaged

    def _read(self, bytes_a_second: int, *, afresh: bool) -> int:
        """Read blobs; how many are damaged."""
        run = verifying.read_all(rate=bytes_a_second, afresh=afresh, tell=self.stdout.write)
        if run is None:
            raise CommandError("Another verification is under way.", returncode=BUSY)
        damaged = int(run.counts.get("damaged", 0))
        self.stdout.write(f"Read {run.counts.get('read', 0):,} blobs, {run.freed_bytes:,} bytes.")
        if healed := run.counts.get("healed", 0):
            self.stdout.write(f"Blobs that are whole again: {healed}.")
        if not run.is_over or run.problem_count > damaged:
            for problem in run.problems:
                self.stderr.write(problem)
            raise CommandError("Not every blob could be read; call it again, and it goes on where it stopped.")
        return damaged
