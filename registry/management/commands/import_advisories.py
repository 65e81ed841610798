"""`manage.py import_advisories`: take in advisories of the OSV schema."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry.scanning import importing
from registry.scanning.sources import SourceRefused


class Command(BaseCommand):
    """One sentence for each source, and one for each record that was refused."""

    help = (
        "Take in advisories of the OSV schema. What is here already and did not change is left alone. Scans that are "
        "kept up to date follow by themselves."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where from."""
        parser.add_argument(
            "sources",
            nargs="+",
            metavar="SOURCE",
            help="a zip as OSV publishes it (all.zip), a folder or a file of JSON records, or the address of a zip",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Take them one after the other; one that fails does not keep the others out."""
        failures = []
        for source in options["sources"]:
            try:
                done = importing.run(source)
            except SourceRefused as error:
                failures.append(str(error))
                continue
            self.stdout.write(
                f"{source}: {done.read} read, {done.added} new, {done.updated} changed, {done.withdrawn} withdrawn, "
                f"{done.refused} refused."
            )
            for problem in done.problems:
                self.stderr.write(f"  refused: {problem}")
        if failures:
            raise CommandError("\n".join(failures))
