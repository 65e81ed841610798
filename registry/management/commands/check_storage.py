"""`manage.py check_storage`: compare the database with the storage."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry.core import checking


class Command(BaseCommand):
    """Names blobs whose bytes are missing or cut short, and objects that no row names."""

    help = "Compare the database with the storage. Exits with 1 if a blob's bytes are missing or cut short."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Leave out the walk over all objects if it is not wanted."""
        parser.add_argument("--blobs-only", action="store_true", help="don't look for objects that no row names")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each finding, then a sentence."""
        damaged = 0
        for finding in checking.damaged():
            damaged += 1
            self.stdout.write(f"{finding.digest}: {finding.problem} ({finding.storage_key})")
        if not options["blobs_only"]:
            for finding in checking.unknown():
                self.stdout.write(f"{finding.storage_key}: {finding.problem}")
        if damaged:
            raise CommandError(
                f"{damaged} blobs are missing or cut short. They count as absent now; push them again to repair them."
            )
        self.stdout.write(self.style.SUCCESS("Every blob is stored whole."))
