"""`manage.py create_person`: make a person who can sign in, and let them act on an account."""

import os
import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.directory import accounts, people
from accounts.management.commands import _accounts


class Command(BaseCommand):
    """Makes a person; the password comes from the terminal, standard input or KHO_PERSON_PASSWORD."""

    help = "Create a person who can sign in; the password is asked for, or read from KHO_PERSON_PASSWORD."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take who it is and where they may act."""
        parser.add_argument("email", help="the mail address that they sign in with")
        parser.add_argument("--name", default="", help="their name")
        parser.add_argument("--account", default="", help="an account that they may act on: 12 digits")
        parser.add_argument("--role", default=accounts.ADMINISTRATOR, help="with the rights of this role")
        parser.add_argument("--staff", action="store_true", help="staff of this deployment, who may use /admin/")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create them, all or nothing."""
        password = os.environ.get("KHO_PERSON_PASSWORD") or self._asked()
        with _accounts.plain_errors(), transaction.atomic():
            person = people.create(options["email"], password, name=options["name"], is_staff=options["staff"])
            if options["account"]:
                people.add_to_account(person, accounts.get(options["account"]), options["role"])
        self.stdout.write(f"{person.email} can sign in now.")

    @staticmethod
    def _asked() -> str:
        """Read the password without showing it."""
        password = getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        if not password:
            raise CommandError("A password is needed: type it, or give it in KHO_PERSON_PASSWORD.")
        return password
