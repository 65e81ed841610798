"""Logs: one line per event on standard error, JSON in production, words on a terminal.

structlog's loggers write by themselves; what Django, Celery and the web server say through the standard library
gets the same form. A request id that config.middleware has bound stands in every line of that request.
"""

import sys
from typing import Any, Final, Literal

import structlog

Form = Literal["json", "text"]

LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def shared_processors() -> list[Any]:
    """What happens to every event before it becomes a line."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def renderers(form: Form) -> list[Any]:
    """How an event becomes a line: JSON with the traceback as text, or colours where a person looks on."""
    if form == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    # Pretty tracebacks would show the values of variables, which may be secrets.
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), pad_event_to=24, exception_formatter=structlog.dev.plain_traceback
        )
    ]


def configure(form: Form, level: str) -> dict[str, Any]:
    """Set structlog up and return Django's LOGGING for the same form; `level` is a key of LEVELS."""
    structlog.configure(
        processors=[*shared_processors(), *renderers(form)],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [
                    *shared_processors(),
                    structlog.stdlib.add_logger_name,
                    structlog.stdlib.ExtraAdder(allow=()),
                ],
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers(form)],
            },
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            # Django repeats at WARNING and ERROR what the access line says by its status; crashes stay.
            "django": {"handlers": [], "level": level.upper()},
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            "celery.beat": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
        },
    }
