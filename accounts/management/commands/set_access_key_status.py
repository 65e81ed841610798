"""`manage.py set_access_key_status`: switch an access key on or off."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.directory import access_keys
from accounts.management.commands import _accounts
from accounts.models import AccessKey


class Command(BaseCommand):
    """Switches a key."""

    help = "Switch an access key on or off."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the key's id and what it is to be."""
        parser.add_argument("id", help="the access key id")
        parser.add_argument("status", choices=AccessKey.Status.values, help="Active or Inactive")

    def handle(self, *args: Any, **options: Any) -> None:
        """Switch it and say so."""
        with _accounts.plain_errors():
            key = access_keys.get(options["id"])
            access_keys.set_status(key, AccessKey.Status(options["status"]))
        self.stdout.write(f"The access key {key.id} is {options['status'].lower()} now.")
