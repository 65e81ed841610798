"""`manage.py reserved_names`: names that nobody may ask for."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from gallery.aliases import reserved
from gallery.management.commands._staff import OPERATOR, plain_errors
from gallery.models import ReservedName


class Command(BaseCommand):
    """Lists reserved names, adds and removes patterns."""

    help = "List reserved names; add and remove patterns."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and with which pattern."""
        steps = parser.add_subparsers(dest="step", required=True)
        listing = steps.add_parser("list", help="list the patterns")
        listing.add_argument("--contains", default="", help="only those with this in them")
        adding = steps.add_parser("add", help="reserve what a pattern fits; prints the live aliases that it fits")
        adding.add_argument("pattern")
        adding.add_argument("--kind", default=ReservedName.Kind.EXACT, choices=ReservedName.Kind.values)
        adding.add_argument("--why", default=ReservedName.Why.OTHER, choices=ReservedName.Why.values)
        adding.add_argument("--note", default="", help="shown to those who ask for such a name")
        removing = steps.add_parser("remove", help="let such names be asked for again")
        removing.add_argument("pattern")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say so."""
        with plain_errors():
            match options["step"]:
                case "list":
                    for row in reserved.listed(options["contains"]):
                        note = f"  {row.note}" if row.note else ""
                        self.stdout.write(f"{reserved.written(row.pattern, row.kind)}  {row.kind}  {row.why}{note}")
                case "add":
                    for name in reserved.matches(options["pattern"], options["kind"]):
                        self.stdout.write(f"It fits the live alias {name}, which stays.")
                    fields = {key: options[key] for key in ("pattern", "kind", "why", "note")}
                    row = reserved.add(OPERATOR, **fields)
                    self.stdout.write(f"{reserved.written(row.pattern, row.kind)} is reserved.")
                case _:
                    reserved.remove(OPERATOR, options["pattern"])
                    self.stdout.write(f"{options['pattern']} is not reserved any more.")
