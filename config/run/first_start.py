"""The first account of a fresh data folder: its administrator, an access key, and the right to push at once."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from accounts.caller import operator
from accounts.directory import access_keys, accounts, people, policies, principals
from accounts.errors import AccountsError
from accounts.models import Account
from config.first_files import make_once
from config.run.checks import CannotStart
from config.run.options import Options
from registry.core import templates

FILE: Final = "first-start.txt"
FIRST_START_LOCK: Final = 0x4B686F01
"""Any number that nothing else locks in this database."""


@dataclass(frozen=True, slots=True)
class FirstAccount:
    """What was made, to be shown once."""

    account_id: str
    email: str
    password: str = field(repr=False)
    key_id: str
    secret: str = field(repr=False)
    file: Path

    def as_text(self) -> str:
        """The lines of the file."""
        return (
            f"Account id:        {self.account_id}\n"
            f"Sign in as:        {self.email}\n"
            f"Password:          {self.password}\n"
            f"Access key id:     {self.key_id}\n"
            f"Secret access key: {self.secret}\n"
        )


def ensure(options: Options) -> FirstAccount | None:
    """Make the first account if there is none; values given are used as they are, others are made."""
    password = options.admin_password or secrets.token_urlsafe(12)
    try:
        with transaction.atomic():
            _wait_for_other_starts()
            if Account.objects.exists():
                return None
            account = accounts.create("First account", options.account_id)
            person = people.create(options.admin_email, password, is_staff=True, check_password=False)
            people.add_to_account(person, account)
            user = principals.create_user(account, "admin")
            policies.attach(operator(account.id), user, policies.ADMINISTRATOR_ACCESS)
            key = access_keys.create(user, key_id=options.access_key_id, secret=options.secret_access_key)
            for region in settings.REGIONS:
                templates.create(account, region)
            made = FirstAccount(account.id, person.mail, password, key.id, key.secret, Path(settings.DATA_DIR) / FILE)
            _write(made)
    except AccountsError as error:
        raise CannotStart(f"the first account can't be made: {error}.") from error
    except OSError as error:
        file = Path(settings.DATA_DIR) / FILE
        raise CannotStart(f"the first account can't be made: {file} can't be written ({error.strerror}).") from error
    return made


def _wait_for_other_starts() -> None:
    """Let one start at a time look and make, until its transaction ends; SQLite's transactions wait by themselves."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FIRST_START_LOCK])


def _write(made: FirstAccount) -> None:
    """Keep the secrets where only the owner of the folder can read them; before the account is there for good."""
    made.file.unlink(missing_ok=True)
    make_once(made.file, made.as_text().encode)
