"""`manage.py delete_repository`: delete a repository of an account."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from registry.core import repositories
from registry.management.commands import _repository


class Command(BaseCommand):
    """Deletes a repository, as the account's root."""

    help = "Delete a repository of an account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address."""
        _repository.add_address_arguments(parser)
        parser.add_argument("--force", action="store_true", help="delete it even if it contains images")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete it and say so."""
        with _repository.plain_errors():
            address = _repository.address_of(options)
            repositories.delete(_repository.root_of(options["account"]), address, force=options["force"])
        self.stdout.write(f"Deleted {address.name}.")
