"""What the account commands share: naming a principal on the command line, errors as one line."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandError

from accounts.directory import accounts, principals
from accounts.errors import AccountsError
from accounts.models import Principal


def add_principal_arguments(parser: ArgumentParser) -> None:
    """Take an account and one of its principals; root if none is named."""
    parser.add_argument("account", help="the account's 12 digits")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--user", default="", help="a user of the account")
    which.add_argument("--role", default="", help="a role of the account")
    which.add_argument("--root", action="store_true", help="the account's root (what is meant without another)")


def principal_of(options: dict[str, Any]) -> Principal:
    """Read the principal from the arguments. NotFound."""
    account = accounts.get(options["account"])
    if options["user"]:
        return principals.get(account, Principal.Kind.USER, options["user"])
    if options["role"]:
        return principals.get(account, Principal.Kind.ROLE, options["role"])
    return principals.get(account, Principal.Kind.ROOT, "root")


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn errors of the directory into one line."""
    try:
        yield
    except AccountsError as error:
        words = {"NotFound": "There is no", "AlreadyExists": "There is already the"}.get(type(error).__name__, "")
        raise CommandError(f"{words} {error}.".strip()) from error


WORDS: Final = {
    "name": "its name",
    "user": "the user's name",
    "file": "a file with the policy as JSON; - reads it from standard input",
    "url": "the issuer's address, as its tokens write it",
}


def add_step(steps: Any, step: str, words: str, *arguments: str) -> ArgumentParser:
    """Add a subcommand that takes an account and further arguments."""
    made: ArgumentParser = steps.add_parser(step, help=words, description=f"{words.capitalize()}.")
    made.add_argument("account", help="the account's 12 digits")
    for each in arguments:
        made.add_argument(each, help=WORDS[each])
    return made


def text_of(path: str) -> str:
    """Read a policy from a file, or from standard input. CommandError."""
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The file {path} can't be read: {error}.") from error
