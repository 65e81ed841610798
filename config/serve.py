"""`python -m config.serve ROLE`: one process of a deployment, in the foreground. `make run` starts the same commands.

Roles: init (tables and bucket, then it ends), web, worker [QUEUE,...], beat, drainer, check (is the web server here
ready? for health checks).
"""

import importlib
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Final, NoReturn
from urllib.parse import urlsplit

from config import env, wiring

LASTING: Final = ("web", "worker", "beat", "drainer")
PYTHON: Final = (sys.executable, "-m")
CELERY: Final = (*PYTHON, "celery", "--app", "config.celery", "--quiet")
ALLOCATOR: Final = "narenas:1,dirty_decay_ms:500,muzzy_decay_ms:0"
"""Settings of jemalloc, the web server's own allocator: by itself it keeps some 70 MiB of what was sent long ago."""
DIRECTLY: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Asks what runs on this machine, whatever proxy its environment has for the rest of the world."""
DRAIN_SECONDS: Final = 30
"""How long a web worker that was told to stop may go on answering what it has begun."""


def web(bind: str, port: int, *, workers: int = 2) -> tuple[str, ...]:
    """The web server: docs/decisions/0001-web-server.md."""
    return (
        *("/usr/bin/env", f"_RJEM_MALLOC_CONF={ALLOCATOR}"),
        *(*PYTHON, "granian", "config.wsgi:application", "--interface", "wsgi", "--http", "1", "--no-ws"),
        *("--host", bind, "--port", str(port), "--workers", str(workers), "--blocking-threads", "64"),
        *("--respawn-failed-workers", "--workers-kill-timeout", str(DRAIN_SECONDS), "--log-level", "error"),
    )


def worker(queues: Sequence[str] = wiring.QUEUES, *, concurrency: int = 2) -> tuple[str, ...]:
    """A task worker for some queues; where it shares a machine with web workers, they come first."""
    return (
        *("/usr/bin/env", "nice", "-n", "10"),
        *(*CELERY, "worker", "--pool", "threads", "--concurrency", str(concurrency), "--loglevel", "WARNING"),
        *("--queues", ",".join(queues), "--without-gossip", "--without-mingle", "--without-heartbeat"),
    )


def beat() -> tuple[str, ...]:
    """What starts the tasks that run again and again; a deployment has one."""
    return (*CELERY, "beat", "--loglevel", "WARNING", "--pidfile", "")


def drainer() -> tuple[str, ...]:
    """What counts the spool of one machine."""
    return (sys.executable, "manage.py", "drain_spool")


def init() -> None:
    """Make or update the tables, and the place for blobs."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=1, interactive=False)
    call_command("prepare_storage")


def is_ready(port: int) -> bool:
    """Ask the web server on this machine whether it can work, by the name that clients use."""
    host = urlsplit(env.text("KHO_URL", "http://localhost")).netloc
    request = urllib.request.Request(f"http://127.0.0.1:{port}/readyz", headers={"Host": host})
    try:
        with DIRECTLY.open(request, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def main(arguments: Sequence[str]) -> None:
    """Become the process that the role names."""
    role, *more = arguments or [""]
    port = env.integer("PORT", 8000, least=1, most=65535)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
    if role in LASTING:
        # What is missing is said once, by this process: the web server would start its workers again and again.
        importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    match role:
        case "web":
            bind = env.text("KHO_BIND", "0.0.0.0")  # noqa: S104 - within the deployment's own network
            become(web(bind, port, workers=env.integer("KHO_WEB_WORKERS", 2, least=1)))
        case "worker":
            queues = more[0].split(",") if more else wiring.QUEUES
            become(worker(queues, concurrency=env.integer("KHO_TASK_CONCURRENCY", 2, least=1)))
        case "beat":
            become(beat())
        case "drainer":
            become(drainer())
        case "init":
            init()
        case "check":
            sys.exit(0 if is_ready(port) else 1)
        case _:
            sys.exit(f"kho: {role or 'nothing'} is no role; there are init, web, worker, beat, drainer and check.")


def become(command: Sequence[str]) -> NoReturn:
    """Go on as another program: signals reach it, and its end is ours."""
    os.execv(command[0], list(command))  # noqa: S606 - our own commands


if __name__ == "__main__":
    main(sys.argv[1:])
