"""`manage.py list_accounts`: the accounts, one a line."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.directory import accounts


class Command(BaseCommand):
    """Prints id and name of every account."""

    help = "List the accounts: id and name, one a line."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print them."""
        for account in accounts.list_all():
            self.stdout.write(f"{account.id}  {account.name}{'' if account.is_active else '  (switched off)'}")
