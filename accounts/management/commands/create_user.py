"""`manage.py create_user`: make an IAM user of an account."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.caller import operator
from accounts.directory import accounts, policies, principals
from accounts.management.commands import _accounts


class Command(BaseCommand):
    """Makes a user, who has no keys yet."""

    help = "Create a user of an account. Prints the user's ARN."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take account and name."""
        parser.add_argument("account", help="the account's 12 digits")
        parser.add_argument("name", help="the user's name")
        parser.add_argument("--policy", default="", help="a managed policy to attach, such as AdministratorAccess")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the user."""
        with _accounts.plain_errors():
            account = accounts.get(options["account"])
            with transaction.atomic():
                user = principals.create_user(account, options["name"])
                if options["policy"]:
                    policies.attach(operator(account.id), user, policies.managed_arn(account.id, options["policy"]))
        self.stdout.write(user.arn)
