#!/usr/bin/env python3
"""Runs Kho's management commands."""

import os
import sys


def main() -> None:
    """Hand the command line to Django, with the local settings unless others are named."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    from django.core.management import execute_from_command_line
    from django.db.utils import OperationalError, ProgrammingError

    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, ProgrammingError) as error:
        if "--traceback" in sys.argv:
            raise
        first = str(error).strip().partition("\n")[0]
        sys.exit(f"kho: the database can't be used: {first}. If it is new: manage.py migrate, or make run.")


if __name__ == "__main__":
    main()
