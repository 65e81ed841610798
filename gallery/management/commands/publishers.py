"""`manage.py publishers`: who publishes, and who of them is verified."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gallery.management.commands._staff import OPERATOR
from registry.core import publishers
from registry.errors import InvalidValue


class Command(BaseCommand):
    """Lists publishers, verifies them, takes the mark away."""

    help = "List publishers; verify one with the evidence, or take the mark away."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and with which publisher."""
        steps = parser.add_subparsers(dest="step", required=True)
        steps.add_parser("list", help="list the accounts with a name in the gallery")
        verifying = steps.add_parser("verify", help="give a publisher the verified mark")
        verifying.add_argument("account", help="the account's 12 digits")
        verifying.add_argument("--because", required=True, help="the evidence, for staff")
        removing = steps.add_parser("unverify", help="take the mark away")
        removing.add_argument("account", help="the account's 12 digits")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say so."""
        if options["step"] == "list":
            self._list()
            return
        found = publishers.get(options["account"])
        if found is None:
            raise CommandError(f"The account {options['account']} has no name in the gallery.")
        if options["step"] == "verify":
            try:
                publishers.verify(OPERATOR, found.account.id, options["because"])
            except InvalidValue as error:
                raise CommandError(f"{error}.") from error
            self.stdout.write(f"{found.name} is verified.")
        else:
            publishers.unverify(OPERATOR, found.account.id)
            self.stdout.write(f"{found.name} is not verified any more.")

    def _list(self) -> None:
        number = 1
        while True:
            page = publishers.page(number=number)
            for row in page.rows:
                mark = f"  verified by {row.verified_by}" if row.verified_at else ""
                self.stdout.write(f"{row.account.id}  {row.alias}  {row.name}{mark}")
            if number >= page.pages:
                break
            number += 1
