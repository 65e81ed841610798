"""`manage.py list_access_keys`: the access keys of an account, and when they were used."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.directory import access_keys, accounts
from accounts.management.commands import _accounts


class Command(BaseCommand):
    """Lists keys."""

    help = "List the access keys of an account with their principals, states and last uses."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the account."""
        parser.add_argument("account", help="the account's 12 digits")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each key."""
        with _accounts.plain_errors():
            found = access_keys.of_account(accounts.get(options["account"]).id)
        for key in found:
            used = "never used"
            if key.last_used_at:
                where = " ".join(each for each in (key.last_used_service, key.last_used_region) if each)
                used = f"used {key.last_used_at:%Y-%m-%d %H:%M} UTC" + (f" ({where})" if where else "")
            made = f"made {key.created_at:%Y-%m-%d}"
            self.stdout.write(
                f"{key.id}  {key.principal.kind} {key.principal.name}, {key.status.lower()}, {made}, {used}"
            )
