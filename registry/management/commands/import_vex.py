"""`manage.py import_vex`: let an account's registry ignore what VEX documents say is no trouble."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.caller import operator
from accounts.models import Account
from registry.errors import InvalidValue, LimitExceeded, RepositoryNotFound, VexInvalid
from registry.scanning import suppressions, vex
from registry.scanning.suppressions import Imported
from registry.values import PUBLIC, RegistryId


class Command(BaseCommand):
    """One sentence for each document, and one for each statement that was left out."""

    help = (
        "Ignore findings that VEX documents (OpenVEX, CycloneDX) say are not affected or fixed. A new version of a "
        "document takes the place of the one before."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose registry, and what."""
        parser.add_argument("account", help="the account's 12 digits")
        parser.add_argument("documents", nargs="+", metavar="FILE", help="a VEX document, as JSON")
        parser.add_argument("--public", action="store_true", help="in the public registry")
        parser.add_argument("--region", default="", help="the region of a private registry; the home region by default")
        parser.add_argument("--repository", default="", help="only in repositories of this name; * stands for any text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take them one after the other; one that fails does not keep the others out."""
        region = PUBLIC if options["public"] else options["region"] or settings.HOME_REGION
        if region not in {PUBLIC, *settings.REGIONS}:
            raise CommandError(f"{region} is no region of this deployment.")
        if not Account.objects.filter(id=options["account"]).exists():
            raise CommandError(f"There is no account {options['account']}.")
        registry = RegistryId(options["account"], region)
        failures = []
        for document in options["documents"]:
            try:
                done = self._import(registry, document, options["repository"])
            except (OSError, VexInvalid, InvalidValue, LimitExceeded) as error:
                failures.append(f"{document}: {error}")
                continue
            except RepositoryNotFound as error:
                raise CommandError(f"There is no repository {error.name}.") from error
            self.stdout.write(
                f"{document}: {done.count} statements are followed, {done.ended} of an earlier version ended, "
                f"{done.open} say that something is open, {len(done.left_out)} left out."
            )
            for each in done.left_out:
                self.stderr.write(f"  left out: {each}")
        if failures:
            raise CommandError("\n".join(failures))

    def _import(self, registry: RegistryId, document: str, repository: str) -> Imported:
        """Take one in; a file that is larger than any document is not read to its end."""
        with Path(document).open("rb") as file:
            content = file.read(vex.LARGEST + 1)
        return suppressions.import_vex(operator(registry.account_id), registry, content, repository=repository)
