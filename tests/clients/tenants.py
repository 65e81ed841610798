"""Accounts of a deployment under test, each with one user, an access key and passwords for `docker login`."""

from dataclasses import dataclass
from typing import Final

from tests.clients.server import Server

USER: Final = "AWS"

OPEN_ACCOUNT: Final = """
from django.conf import settings
from accounts.caller import operator
from accounts.directory import access_keys, accounts, policies, principals
from registry.core import templates
account = accounts.create(name, account_id)
user = principals.create_user(account, name)
policies.attach(operator(account_id), user, policies.ADMINISTRATOR_ACCESS)
key = access_keys.create(user)
if create_on_push:
    templates.create(account, settings.HOME_REGION)
answer = [key.id, key.secret]
"""

EXPIRED_PASSWORD: Final = """
from datetime import timedelta
from accounts.models import Principal
from accounts.sessions import passwords, signed
user = Principal.objects.get(account_id=account_id, name=name)
answer, _ = signed.issue(passwords.SALT, user.unique_id, timedelta(hours=-1))
"""


@dataclass(frozen=True, slots=True)
class Tenant:
    """An account and its one user."""

    server: Server
    account_id: str
    name: str
    key_id: str
    secret: str

    def password(self) -> str:
        """A registry password as the management command prints it."""
        return self.server.manage("registry_password", self.account_id, "--user", self.name).splitlines()[-1]

    def expired_password(self) -> str:
        """A registry password that ran out an hour ago."""
        return str(self.server.python(EXPIRED_PASSWORD, account_id=self.account_id, name=self.name))

    def create_private(self, repository: str) -> str:
        """Create a private repository and return its reference on the server, without tag."""
        return f"{self.server.host}/{self.server.manage('create_repository', self.account_id, repository)}"

    def create_public(self, repository: str) -> str:
        """Create a public repository and return its reference on the server, without tag."""
        return f"{self.server.host}/{self.server.manage('create_repository', '--public', self.account_id, repository)}"

    def private(self, repository: str) -> str:
        """The reference of a private repository, which need not exist."""
        return f"{self.server.host}/{self.account_id}/{repository}"


def open_account(server: Server, name: str, account_id: str, *, create_on_push: bool) -> Tenant:
    """Make an account with a user of the same name; with `create_on_push` a push may create private repositories."""
    key_id, secret = server.python(OPEN_ACCOUNT, name=name, account_id=account_id, create_on_push=create_on_push)
    return Tenant(server, account_id, name, key_id, secret)
