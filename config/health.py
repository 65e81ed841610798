"""`/healthz`: the process lives. `/readyz`: it can do its work, part by part with the reason where it can't."""

from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from registry.core import blobs


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer without looking at anything."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """Look at the database, the storage and the broker; 503 if one of them fails."""
    parts = {name: _state(check) for name, check in _checks().items()}
    ready = all(state == "ok" for state in parts.values())
    return JsonResponse({"status": "ok" if ready else "unavailable", "parts": parts}, status=200 if ready else 503)


def _checks() -> dict[str, Callable[[], None]]:
    """What this deployment depends on."""
    checks: dict[str, Callable[[], None]] = {"database": _database, "storage": _storage}
    if settings.REDIS_URL:
        checks["redis"] = _redis
    return checks


def _state(check: Callable[[], None]) -> str:
    """`ok`, or what went wrong, without addresses or passwords."""
    try:
        check()
    except Exception as error:  # noqa: BLE001 - each part fails in its own way, and the answer must name it
        return type(error).__name__
    return "ok"


def _database() -> None:
    """One statement on the tables of the first migration."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM accounts_account LIMIT 1")


def _storage() -> None:
    """Ask the driver."""
    blobs.check_store()


def _redis() -> None:
    """Ping the broker."""
    from redis import Redis

    Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1).ping()
