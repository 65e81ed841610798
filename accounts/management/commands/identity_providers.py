"""`manage.py identity_providers`: issuers of OpenID Connect tokens that an account trusts."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.caller import operator
from accounts.directory import accounts, asking, providers
from accounts.management.commands import _accounts


class Command(BaseCommand):
    """Lists, adds and removes issuers."""

    help = "List, create and delete identity providers (OpenID Connect) of an account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and with which issuer."""
        steps = parser.add_subparsers(dest="step", required=True)
        _accounts.add_step(steps, "list", "list the account's identity providers with their audiences")
        made = _accounts.add_step(steps, "create", "trust the tokens of an issuer", "url")
        made.add_argument("--audience", action="append", required=True, help="what tokens say in aud; may be repeated")
        _accounts.add_step(steps, "delete", "trust an issuer no more", "url")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say so."""
        with _accounts.plain_errors():
            account = accounts.get(options["account"]).id
            caller = operator(account)
            match options["step"]:
                case "list":
                    for each in providers.list_providers(caller, account):
                        self.stdout.write(f"{each.url}: {', '.join(each.client_ids)}")
                case "create":
                    self.stdout.write(providers.create(caller, account, options["url"], options["audience"]).arn)
                case _:
                    name = options["url"].removeprefix("https://").rstrip("/")
                    providers.delete(caller, account, str(asking.arn_of(account, f"oidc-provider/{name}")))
                    self.stdout.write(f"{name} is trusted no more.")
