"""`manage.py console_password`: let an IAM user sign in to the console, with another password, or no more."""

import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.caller import operator
from accounts.directory import accounts, console_passwords
from accounts.management.commands import _accounts


class Command(BaseCommand):
    """Gives a password, replaces it, or takes it away."""

    help = "The console password of a user: made and printed, or read from KHO_CONSOLE_PASSWORD; or removed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take account, user and what is wanted."""
        parser.add_argument("account", help="the account's 12 digits")
        parser.add_argument("user", help="the user's name")
        wanted = parser.add_mutually_exclusive_group()
        wanted.add_argument("--must-change", action="store_true", help="the user must choose another one at sign-in")
        wanted.add_argument("--remove", action="store_true", help="the user signs in no more")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and print a password that was made."""
        with _accounts.plain_errors():
            account_id, name = accounts.get(options["account"]).id, options["user"]
            caller = operator(account_id)
            if options["remove"]:
                console_passwords.delete(caller, account_id, name)
                self.stdout.write(f"{name} can't sign in to the console any more.")
                return
            given = os.environ.get("KHO_CONSOLE_PASSWORD", "")
            password, must_change = given or console_passwords.generate(), options["must_change"]
            if console_passwords.find(caller, account_id, name):
                console_passwords.update(caller, account_id, name, password=password, must_change=must_change)
            else:
                console_passwords.create(caller, account_id, name, password, must_change=must_change)
        self.stdout.write(f"{name} can sign in to the console of {account_id}." if given else password)
