"""`manage.py restore_image`: put deleted images of a repository back, or list those that can be."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry.core import recycling
from registry.management.commands import _repository
from registry.values import Digest


class Command(BaseCommand):
    """Acts as the account's root."""

    help = (
        "Put deleted images of a repository back, with their tags; without a digest, list those that can be put back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address and digests."""
        _repository.add_address_arguments(parser)
        parser.add_argument("digests", nargs="*", metavar="digest", help="for example sha256:…")

    def handle(self, *args: Any, **options: Any) -> None:
        """Put them back and say what came."""
        if not recycling.is_open():
            raise CommandError("Nothing can be put back here: KHO_UNDELETE_SECONDS is 0.")
        with _repository.plain_errors():
            address, caller = _repository.address_of(options), _repository.root_of(options["account"])
            if not options["digests"]:
                for row in recycling.deleted(caller, address, limit=1000).rows:
                    tags = ", ".join(row.deleted_tags) or "no tags"
                    self.stdout.write(f"{row.digest} ({tags}), until {recycling.until(row):%Y-%m-%d %H:%M} UTC")
            for text in options["digests"]:
                restored = recycling.restore(caller, address, Digest.parse(text))
                tags = ", ".join(restored.tags) or "none"
                self.stdout.write(f"Restored {', '.join(restored.digests)}; tags: {tags}.")
                for tag, digest in restored.elsewhere:
                    self.stdout.write(f"The tag {tag} names {digest} by now and stays there.")
