"""The Celery application of task workers and beat."""

import os

from celery import Celery

from config import wiring

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

app = Celery("kho")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(list(wiring.TASK_PACKAGES))
