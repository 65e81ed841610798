"""The WSGI application that web workers serve: hot reads, then Django."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

django = get_wsgi_application()

from config.front import HotReads  # noqa: E402 - needs Django's settings

application = HotReads(django)
