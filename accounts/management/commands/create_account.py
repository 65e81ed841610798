"""`manage.py create_account`: make an account with its root and its Administrator role."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.directory import accounts
from accounts.management.commands import _accounts


class Command(BaseCommand):
    """Makes an account and prints its 12 digits."""

    help = "Create an account. Prints its 12 digits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the name, and the id if it is to be a certain one."""
        parser.add_argument("name", help="the account's display name")
        parser.add_argument("--id", default="", help="12 digits; random ones if not given")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create it."""
        with _accounts.plain_errors():
            account = accounts.create(options["name"], options["id"])
        self.stdout.write(account.id)
