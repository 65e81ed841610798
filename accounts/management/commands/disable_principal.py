"""`manage.py disable_principal`: switch a principal off."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.directory import principals
from accounts.management.commands import _accounts


class Command(BaseCommand):
    """Ends, within seconds, what the principal's keys, passwords and tokens allow."""

    help = "Disable a principal of an account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the principal."""
        _accounts.add_principal_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Switch it and say so."""
        with _accounts.plain_errors():
            principal = _accounts.principal_of(options)
            principals.disable(principal)
        self.stdout.write(f"{principal.arn} is disabled now.")
