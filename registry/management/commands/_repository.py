"""What the repository commands share: naming an account's repository on the command line."""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError

from accounts.caller import Caller, operator
from accounts.errors import AccountsError
from registry.core import addresses
from registry.errors import RegistryError
from registry.values import Address


def add_address_arguments(parser: ArgumentParser) -> None:
    """Take an account, a name, and where it is."""
    parser.add_argument("account", help="the account's 12 digits")
    parser.add_argument("name", help="the repository's name, for example team/app")
    parser.add_argument("--public", action="store_true", help="a public repository")
    parser.add_argument("--region", default="", help="the region of a private repository; the home region by default")


def address_of(options: dict[str, Any]) -> Address:
    """Read the address from the arguments."""
    if options["public"]:
        return addresses.public(options["account"], options["name"])
    return addresses.private(options["account"], options["name"], options["region"])


def root_of(account_id: str) -> Caller:
    """The account's root, as whom the command line acts."""
    return operator(account_id)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn the registry's errors into one line."""
    try:
        yield
    except (RegistryError, AccountsError) as error:
        raise CommandError(f"{type(error).__name__}: {error}") from error
