"""`manage.py list_repositories`: the repositories of an account, one path a line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from registry.core import repositories
from registry.management.commands import _repository


class Command(BaseCommand):
    """Prints the paths of an account's repositories."""

    help = "List the repositories of an account, one path a line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the account."""
        parser.add_argument("account", help="the account's 12 digits")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print page after page."""
        last = ""
        with _repository.plain_errors():
            while page := repositories.catalog(_repository.root_of(options["account"]), last=last):
                self.stdout.write("\n".join(page))
                last = page[-1]
