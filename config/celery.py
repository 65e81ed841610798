"""The Celery application of task workers and beat."""

from pathlib import Path

from celery import Celery

from config import broker, wiring

app = Celery("kho")


@app.on_after_configure.connect
def make_broker_folders(sender: Celery, **_: object) -> None:
    """Make the folders of the broker that is files; kombu does not."""
    options = sender.conf.broker_transport_options or {}
    for name in ("data_folder_in", "control_folder"):
        if name in options:
            broker.prepare(Path(options[name]))


app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(list(wiring.TASK_PACKAGES))
