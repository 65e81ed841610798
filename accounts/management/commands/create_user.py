"""`manage.py create_user`: make an IAM user of an account."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.directory import accounts, principals
from accounts.management.commands import _accounts


class Command(BaseCommand):
    """Makes a user, who has no keys yet."""

    help = "Create a user of an account. Prints the user's ARN."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take account and name."""
        parser.add_argument("account", help="the account's 12 digits")
        parser.add_argument("name", help="the user's name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the user."""
        with _accounts.plain_errors():
            user = principals.create_user(accounts.get(options["account"]), options["name"])
        self.stdout.write(user.arn)
