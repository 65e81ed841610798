"""`manage.py create_repository`: make a repository of an account."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Account
from registry.core import addresses, repositories
from registry.management.commands import _repository


class Command(BaseCommand):
    """Makes a private or public repository, as the account's root."""

    help = "Create a repository of an account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address and the mutability of tags."""
        _repository.add_address_arguments(parser)
        parser.add_argument("--immutable-tags", action="store_true", help="a tag can't move to another image")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create it and print its path."""
        if not Account.objects.filter(id=options["account"]).exists():
            raise CommandError(f"There is no account {options['account']}.")
        with _repository.plain_errors():
            address = _repository.address_of(options)
            repositories.create(
                _repository.root_of(options["account"]),
                address,
                image_tag_mutability="IMMUTABLE" if options["immutable_tags"] else "MUTABLE",
            )
        self.stdout.write(addresses.path(address))
