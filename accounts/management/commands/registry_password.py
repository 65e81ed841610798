"""`manage.py registry_password`: the 12-hour password for `docker login`, alone on standard output."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.management.commands import _accounts
from accounts.sessions import passwords


class Command(BaseCommand):
    """Prints a password that can be piped into `docker login --username AWS --password-stdin`."""

    help = "Print a registry password of a principal, for docker login with the user AWS. It works for 12 hours."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the principal."""
        _accounts.add_principal_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        with _accounts.plain_errors():
            password = passwords.issue(_accounts.principal_of(options))
        self.stdout.write(password.value)
