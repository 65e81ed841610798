"""`manage.py drain_spool`: count what the processes of this machine have spooled, until it is told to stop."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import Error, close_old_connections

from registry.metering.drain import drain

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    """Runs in the foreground; a database that is away is waited for."""

    help = "Count pulls from the spool folder of this machine, every two seconds, until SIGTERM."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How often, and whether to go on."""
        parser.add_argument("--every", type=float, default=2.0, help="seconds between two looks")
        parser.add_argument("--once", action="store_true", help="count what is there now, and end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Count, wait, and begin again."""
        if options["once"]:
            self.stdout.write(f"Counted {drain()} lines.")
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            try:
                drain()
            except (Error, OSError) as error:  # the lines stay where they are; they are counted when it is back
                log.error("the spool can't be counted now", error=str(error))
            close_old_connections()
            stop.wait(options["every"])
