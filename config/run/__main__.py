"""The start itself: check, migrate, first account, demo, processes."""

import os
import signal
import sys
import time
import urllib.error
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

import django

from config import env
from config.run.checks import CannotStart, require_free_port, take_folder
from config.run.options import Options
from config.serve import DIRECTLY

if TYPE_CHECKING:
    from config.run.processes import Supervisor

READY_SECONDS: Final = 60


def main() -> int:
    """Run until Ctrl-C; return the exit code."""
    # Until there are processes to stop, Ctrl-C ends this one at once: what it makes is whole or not there.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    options = Options.read()
    data = Path(env.text("KHO_DATA", "data")).absolute()
    os.environ["KHO_DATA"] = str(data)
    # Whatever this shell has for another deployment: `make run` makes accounts and secrets, which production must not.
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.local"
    lock = take_folder(data)
    require_free_port(options)
    django.setup()
    with lock:
        return _serve(options)


def _serve(options: Options) -> int:
    """Everything that needs the settings."""
    from django.core.management import CommandError, call_command
    from django.db.utils import DatabaseError

    from accounts.models import Account
    from config.run import demo, first_start, processes, words
    from registry.core import aliases

    try:
        call_command("migrate", verbosity=0, interactive=False)
        first = first_start.ensure(options)
        account = Account.objects.order_by("created_at").first()
    except (DatabaseError, CommandError) as error:
        raise CannotStart(f"the database can't be used: {str(error).strip()}.") from error
    if account is None:
        raise CannotStart("there is no account and none could be made.")
    if options.demo and (problem := demo.try_to_seed(account)):
        print(f"kho: the demo is not whole; the next start goes on with it ({problem}).", file=sys.stderr, flush=True)

    def tell() -> None:
        _wait_until_ready(options, supervisor)
        if not supervisor.stopping:
            alias = aliases.primary(account.id)
            print(words.ready(options, account.id, alias, first, secrets=sys.stdout.isatty()), flush=True)

    supervisor = processes.Supervisor(processes.children(options))
    if problem := supervisor.run(tell):
        raise CannotStart(problem)
    print("Kho has stopped.", flush=True)
    return 0


def _wait_until_ready(options: Options, supervisor: "Supervisor") -> None:
    """Ask the web server until it says that it can work."""
    deadline = time.monotonic() + READY_SECONDS
    answer = "nothing"
    while not supervisor.stopping:
        try:
            with DIRECTLY.open(f"http://{options.host}/readyz", timeout=5) as response:
                if response.status == HTTPStatus.OK:
                    return
        except urllib.error.HTTPError as error:
            answer = error.read().decode("utf-8", "replace")
        except OSError as error:
            answer = str(error)
            if not supervisor.processes[0].is_alive and not supervisor.stopping:
                raise CannotStart("the web server ended; what it printed above says why.") from error
        if time.monotonic() > deadline:
            raise CannotStart(f"the web server did not become ready; it answers: {answer}")
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
