"""`manage.py roles`: roles of an account, and who may assume them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.caller import operator
from accounts.directory import accounts, roles
from accounts.management.commands import _accounts


class Command(BaseCommand):
    """Lists, makes, changes and removes roles."""

    help = "List, create and delete roles of an account; change who may assume them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and with which role."""
        steps = parser.add_subparsers(dest="step", required=True)
        _accounts.add_step(steps, "list", "list the account's roles")
        _accounts.add_step(steps, "create", "create a role", "name", "file")
        _accounts.add_step(steps, "trust", "change the trust policy of a role", "name", "file")
        _accounts.add_step(steps, "delete", "delete a role that has no policies", "name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say so."""
        with _accounts.plain_errors():
            account = accounts.get(options["account"]).id
            caller, name = operator(account), options.get("name", "")
            match options["step"]:
                case "list":
                    for role in roles.list_roles(caller, account):
                        self.stdout.write(role.arn)
                case "create":
                    self.stdout.write(roles.create(caller, account, name, _accounts.text_of(options["file"])).arn)
                case "trust":
                    roles.update_trust(caller, account, name, _accounts.text_of(options["file"]))
                    self.stdout.write(f"The trust policy of the role {name} is in force.")
                case _:
                    roles.delete(caller, account, name)
                    self.stdout.write(f"The role {name} is deleted.")
