"""`manage.py delete_access_key`: remove an access key for good."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.directory import access_keys
from accounts.management.commands import _accounts


class Command(BaseCommand):
    """Removes a key."""

    help = "Delete an access key for good. To replace a key: create another one, change its users, delete the first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the key's id."""
        parser.add_argument("id", help="the access key id")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete it and say so."""
        with _accounts.plain_errors():
            access_keys.delete(access_keys.get(options["id"]))
        self.stdout.write(f"The access key {options['id']} is deleted.")
