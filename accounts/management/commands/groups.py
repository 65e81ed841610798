"""`manage.py groups`: groups of an account, and who is in them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.caller import operator
from accounts.directory import accounts, groups
from accounts.management.commands import _accounts


class Command(BaseCommand):
    """Lists, makes, fills and removes groups."""

    help = "List, create and delete groups of an account; add users to them and remove them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and with which group."""
        steps = parser.add_subparsers(dest="step", required=True)
        _accounts.add_step(steps, "list", "list the account's groups with their users")
        for name, words in (("create", "create a group"), ("delete", "delete a group that is empty")):
            _accounts.add_step(steps, name, words, "name")
        for name, words in (("add", "put a user into a group"), ("remove", "take a user out of a group")):
            _accounts.add_step(steps, name, words, "name", "user")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say so."""
        with _accounts.plain_errors():
            account = accounts.get(options["account"]).id
            caller, name = operator(account), options.get("name", "")
            match options["step"]:
                case "list":
                    for group in groups.list_groups(caller, account):
                        members = ", ".join(each.name for each in groups.members(group)) or "no users"
                        self.stdout.write(f"{group.name}: {members}")
                case "create":
                    self.stdout.write(groups.create(caller, account, name).arn)
                case "delete":
                    groups.delete(caller, account, name)
                    self.stdout.write(f"The group {name} is deleted.")
                case "add":
                    groups.add_user(caller, account, name, options["user"])
                    self.stdout.write(f"{options['user']} is in the group {name} now.")
                case _:
                    groups.remove_user(caller, account, name, options["user"])
                    self.stdout.write(f"{options['user']} is no longer in the group {name}.")
