"""`manage.py collect_garbage`: remove what nothing needs any more, while the registry is in use."""

from argparse import ArgumentParser
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from registry.core.collecting import collector

BUSY: Final = 3
THINGS: Final = {
    "images": ("deleted image", "deleted images"),
    "repositories": ("deleted repository", "deleted repositories"),
    "manifests": ("manifest", "manifests"),
    "links": ("blob of a repository that no image there needs", "blobs of repositories that no image there needs"),
    "blobs": ("blob that nothing needs", "blobs that nothing needs"),
    "uploads": ("upload that was left", "uploads that were left"),
    "orphans": ("stored object that no row names", "stored objects that no row names"),
}


class Command(BaseCommand):
    """Prints a line for each thing (with --dry-run, or -v 2), then sentences."""

    help = (
        "Remove deleted images beyond undeleting, blobs that no image needs, uploads that were left, and objects that"
        " no row names. Exits with 1 if there were problems, with 3 if another collection is under way."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to change, and how long blobs without an image are kept."""
        parser.add_argument("--dry-run", action="store_true", help="say what would go, and change nothing")
        parser.add_argument(
            "--grace",
            type=int,
            metavar="SECONDS",
            help=f"how long a blob is kept that no image needs (KHO_BLOB_GRACE_SECONDS: {settings.BLOB_GRACE_SECONDS})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what came of it."""
        is_dry, grace, begun = options["dry_run"], options["grace"], monotonic()
        if grace is not None and grace < 0:
            raise CommandError("--grace takes a number of seconds, 0 or more")
        tell = self.stdout.write if is_dry or options["verbosity"] > 1 else lambda _line: None
        if is_dry:
            run = collector.survey(grace=grace, tell=tell)
        else:
            done = collector.collect(grace=grace, walks=True, tell=tell)
            if done is None:
                raise CommandError("Another collection is under way.", returncode=BUSY)
            run = done
        self.stdout.write(_sentence(run.counts, run.freed_bytes, is_dry=is_dry, seconds=monotonic() - begun))
        if lost := run.counts.get("missing", 0):
            verb = "would be marked" if is_dry else "are marked"
            self.stdout.write(f"Blobs whose bytes are missing: {lost}. They {verb}; push them again to repair them.")
        if run.problem_count:
            for problem in run.problems:
                self.stderr.write(problem)
            raise CommandError(f"Problems: {run.problem_count}. What they hindered is left to the next collection.")


def _sentence(counts: Mapping[str, int], freed: int, *, is_dry: bool, seconds: float) -> str:
    """What went, or would go, and how long it took."""
    parts = [f"{counts[key]:,} {names[counts[key] != 1]}" for key, names in THINGS.items() if counts.get(key)]
    if not parts:
        return f"There is nothing to remove; finding that out took {seconds:.1f} s."
    listed = ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
    said = f"This would remove {listed}, and free" if is_dry else f"Removed {listed}, and freed"
    return f"{said} {freed:,} bytes; it took {seconds:.1f} s."
