"""The Django project: settings, routes, wiring. It may import every app; no app imports it."""

import multiprocessing
import signal

if multiprocessing.parent_process() is not None:
    # The web server forks its workers with its own handlers, which do nothing in them: until a worker has loaded Kho
    # and has handlers of its own, a signal to end would be lost, and the web server would wait as long as it may.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)

from config.celery import app as celery_app

__all__ = ["celery_app"]
