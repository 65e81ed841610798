"""`manage.py run_lifecycle`: apply lifecycle policies now, or tell what they would do."""

from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from registry.core import clock
from registry.lifecycle import by_hand

NOTHING_FOUND: Final = 2
HELD: Final = 3
FAILED: Final = 4


class Command(BaseCommand):
    """One sentence for each repository. Exit codes: 0, or what the numbers above say."""

    help = (
        "Apply lifecycle policies now, due or not. Exit code 2: no repository with a policy was found; 3: the clock is "
        "not believed; 4: a policy could not be applied, or not wholly."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which repositories, and whether to act."""
        parser.add_argument(
            "--repository",
            action="append",
            default=[],
            metavar="ACCOUNT/[REGION/]NAME",
            help="only this one, for example 111122223333/us-east-1/team/app; may be given several times",
        )
        parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")
        parser.add_argument("--trust-clock", action="store_true", help="act even after the clock has jumped")

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through them."""
        found = by_hand.find(options["repository"])
        if not found:
            which = "of these names" if options["repository"] else "with a lifecycle policy"
            raise CommandError(f"There is no repository {which} that has a policy to apply.", returncode=NOTHING_FOUND)
        if options["dry_run"]:
            for row in found:
                self.stdout.write(by_hand.forecast(row))
            return
        held = None if options["trust_clock"] else clock.held_until(timezone.now())
        if held:
            raise CommandError(
                f"The clock has jumped: nothing is done before {held:%Y-%m-%d %H:%M} UTC. If the time is right, say "
                "--trust-clock.",
                returncode=HELD,
            )
        failures = 0
        for row in found:
            sentence, is_whole = by_hand.apply(row)
            self.stdout.write(sentence)
            failures += not is_whole
        if failures:
            raise CommandError(f"{failures} of {len(found)} policies could not be applied wholly.", returncode=FAILED)
