"""`manage.py create_access_key`: make an access key of a principal; the secret is printed once."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.directory import access_keys
from accounts.management.commands import _accounts


class Command(BaseCommand):
    """Makes a key."""

    help = "Create an access key of a principal. The secret is printed once and can't be had again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the principal and the form of the output."""
        _accounts.add_principal_arguments(parser)
        parser.add_argument("--output", choices=["text", "json"], default="text", help="how to print it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create it and print id and secret."""
        with _accounts.plain_errors():
            key = access_keys.create(_accounts.principal_of(options))
        if options["output"] == "json":
            self.stdout.write(json.dumps({"AccessKeyId": key.id, "SecretAccessKey": key.secret}))
        else:
            self.stdout.write(f"Access key id:     {key.id}\nSecret access key: {key.secret}")
