"""The deployment itself: work that waits, advisories, storage, database, versions."""

import platform

import django
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts import outbox
from gallery.pages.views.staff.access import page, staff_page
from gallery.search import query
from registry.core import blobs
from registry.core.collecting import figures
from registry.errors import StorageError
from registry.scanning import syncing


@staff_page
@require_safe
def system(request: HttpRequest) -> HttpResponse:
    """One page of facts; each is read when it is shown."""
    try:
        blobs.check_store()
        storage = ""
    except StorageError as error:
        storage = str(error) or type(error).__name__
    values = {
        "waiting": outbox.waiting(),
        "storage_error": storage,
        "storage_driver": settings.STORAGE_DRIVER,
        "collected": figures.last(),
        "advisories": syncing.standings(),
        "figures": query.figures(),
        "database": connection.vendor,
        "broker": "redis" if settings.REDIS_URL else "files",
        "versions": {"Kho": settings.VERSION, "Django": django.get_version(), "Python": platform.python_version()},
    }
    return page(request, "system", "system", values)
