"""`manage.py rebuild_listings`: compute what gallery search shows anew."""

from typing import Any

from django.core.management.base import BaseCommand

from gallery.search import index


class Command(BaseCommand):
    """Computes every public repository's listing."""

    help = "Compute the listings of all public repositories anew."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild and say how many there are."""
        self.stdout.write(f"{index.rebuild()} public repositories are listed.")
