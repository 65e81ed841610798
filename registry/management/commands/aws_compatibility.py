"""`manage.py aws_compatibility`: print which operations of the AWS APIs are served."""

from typing import Any

from django.core.management.base import BaseCommand

from registry.aws import compatibility


class Command(BaseCommand):
    """Prints the page."""

    help = "Print which operations of the AWS APIs are served and where they differ, as docs/aws-compatibility.md."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        self.stdout.write(compatibility.page(), ending="")
