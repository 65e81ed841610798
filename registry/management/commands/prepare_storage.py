"""`manage.py prepare_storage`: make the bucket or the folder that blobs are kept in, if it is not there yet."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry.core import blobs
from registry.errors import StorageFull, StorageUnavailable


class Command(BaseCommand):
    """May be run again at any time."""

    help = "Make the bucket or folder that blobs are kept in, if it is not there yet."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it, and try it."""
        try:
            blobs.prepare_store()
        except (StorageUnavailable, StorageFull) as error:
            raise CommandError(f"The storage can't be used: {error}") from error
        self.stdout.write(self.style.SUCCESS("The storage can be used."))
