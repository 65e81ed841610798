"""`manage.py reseal`: seal all stored secrets under the present master key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.directory import resealing
from accounts.sessions import temporary


class Command(BaseCommand):
    """Seals anew."""

    help = (
        "Seal all stored secrets under the present master key (KHO_MASTER_KEY). Those that were sealed under a former "
        "one are opened with KHO_MASTER_KEY_OLD. May run while the service runs, and be repeated."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say how many were changed; fail if some can't be opened."""
        done = resealing.everything(temporary.PURPOSE)
        self.stdout.write(f"{done.changed} of {done.total} secrets were sealed anew.")
        if done.unreadable:
            some = ", ".join(done.unreadable[:10])
            raise CommandError(
                f"{len(done.unreadable)} secrets can't be opened with the keys that are given: {some}. "
                "Give the key that they were sealed under in KHO_MASTER_KEY_OLD, or delete them."
            )
        self.stdout.write("All secrets are sealed under the present master key; KHO_MASTER_KEY_OLD is not needed.")
