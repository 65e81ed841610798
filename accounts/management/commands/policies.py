"""`manage.py policies`: managed policies of an account, what they are attached to, and inline ones."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.caller import Caller, operator
from accounts.directory import accounts, groups, policies, principals
from accounts.directory.policies import Target
from accounts.iam import managed
from accounts.iam.document import Kind
from accounts.management.commands import _accounts
from accounts.models import Principal


class Command(BaseCommand):
    """Lists, shows, makes, changes, attaches and removes policies."""

    help = "List, show, create, update, delete, attach and detach policies; put and remove inline ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and with which policy."""
        steps = parser.add_subparsers(dest="step", required=True)
        _accounts.add_step(steps, "list", "list the account's own policies and AWS's")
        _accounts.add_step(steps, "show", "print a managed policy", "name")
        _accounts.add_step(steps, "create", "create a managed policy", "name", "file")
        _accounts.add_step(steps, "update", "put a new version in force; the oldest is removed at five", "name", "file")
        _accounts.add_step(steps, "delete", "delete a managed policy that is attached to nothing", "name")
        for name, words, more in (
            ("attach", "attach a managed policy", ()),
            ("detach", "detach a managed policy", ()),
            ("put", "put an inline policy", ("file",)),
            ("remove", "remove an inline policy", ()),
        ):
            which = _accounts.add_step(steps, name, words, "name", *more).add_mutually_exclusive_group(required=True)
            for kind in ("user", "group", "role"):
                which.add_argument(f"--{kind}", default="", help=f"a {kind} of the account")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say so."""
        with _accounts.plain_errors():
            account = accounts.get(options["account"]).id
            caller, name = operator(account), options.get("name", "")
            if options["step"] in {"attach", "detach", "put", "remove"}:
                self._change(caller, self._target(caller, account, options), name, options)
            else:
                self._manage(caller, account, name, options)

    def _manage(self, caller: Caller, account: str, name: str, options: dict[str, Any]) -> None:
        arn = policies.managed_arn(account, name)
        match options["step"]:
            case "list":
                for own in policies.list_policies(caller, account):
                    self.stdout.write(own.arn)
                for known in managed.all_policies():
                    self.stdout.write(known.arn)
            case "show":
                texts = policies.documents([arn])
                if arn not in texts:
                    raise CommandError(f"There is no policy {name}.")
                self.stdout.write(texts[arn])
            case "create":
                self.stdout.write(policies.create(caller, account, name, _accounts.text_of(options["file"])).arn)
            case "update":
                text = _accounts.text_of(options["file"])
                policies.check(text, Kind.IDENTITY)
                kept = [each for each in policies.versions(caller, arn) if not each.is_default]
                if len(kept) + 1 >= policies.MOST_VERSIONS:
                    policies.delete_version(caller, arn, kept[0].number)
                made = policies.create_version(caller, arn, text, set_default=True)
                self.stdout.write(f"Version v{made.number} of the policy {name} is in force.")
            case _:
                for each in policies.versions(caller, arn):
                    if not each.is_default:
                        policies.delete_version(caller, arn, each.number)
                policies.delete(caller, arn)
                self.stdout.write(f"The policy {name} is deleted.")

    def _change(self, caller: Caller, target: Target, name: str, options: dict[str, Any]) -> None:
        match options["step"]:
            case "attach":
                policies.attach(caller, target, policies.managed_arn(target.account_id, name))
                self.stdout.write(f"The policy {name} is attached to {target.arn}.")
            case "detach":
                policies.detach(caller, target, policies.managed_arn(target.account_id, name))
                self.stdout.write(f"The policy {name} is detached from {target.arn}.")
            case "put":
                policies.put_inline(caller, target, name, _accounts.text_of(options["file"]))
                self.stdout.write(f"The inline policy {name} of {target.arn} is in force.")
            case _:
                policies.delete_inline(caller, target, name)
                self.stdout.write(f"The inline policy {name} of {target.arn} is removed.")

    def _target(self, caller: Caller, account: str, options: dict[str, Any]) -> Target:
        if options["group"]:
            return groups.get(caller, account, options["group"])
        kind = Principal.Kind.USER if options["user"] else Principal.Kind.ROLE
        return principals.get(accounts.get(account), kind, options["user"] or options["role"])
