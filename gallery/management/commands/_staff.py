"""What the staff's commands share: who they act as, and errors as one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.core.management.base import CommandError

from accounts.caller import Staff
from gallery.errors import (
    AlreadyHandled,
    GalleryError,
    NameRefused,
    PatternKnown,
    PatternMalformed,
    PatternNotFound,
    RequestIncomplete,
    RequestNotFound,
)
from gallery.pages import refusals

OPERATOR: Final = Staff("operator")
"""Whoever runs commands at the machine; the trail and the publisher's history name them so."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn errors of the gallery into one line."""
    try:
        yield
    except NameRefused as error:
        raise CommandError(refusals.words(error)) from error
    except GalleryError as error:
        raise CommandError(_words(error)) from error


def _words(error: GalleryError) -> str:
    match error:
        case AlreadyHandled():
            return f"It was decided by {error.by} already."
        case RequestNotFound():
            return f"There is no request {error}."
        case RequestIncomplete():
            return "Give up to 2000 characters of text; a refusal and a question need some."
        case PatternKnown():
            return f"{error} is in the list already."
        case PatternMalformed():
            return f"{error} is no pattern of this kind."
        case PatternNotFound():
            return f"{error} is not in the list."
        case _:
            return f"{type(error).__name__}: {error}."
