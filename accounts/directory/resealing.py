"""Sealing all stored secrets anew, after the master key was changed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.apps import apps
from django.conf import settings
from django.db import models

from accounts import sealing
from accounts.directory import access_keys, second_factors
from accounts.models import AccessKey, Session

BATCH: Final = 500


@dataclass(slots=True)
class Resealed:
    """How many secrets there are, how many were sealed anew, and the ids of those that no given key opens."""

    total: int = 0
    changed: int = 0
    unreadable: list[str] = field(default_factory=list)


def everything(session_purpose: str) -> Resealed:
    """Seal every secret under the present master key; safe to stop, to repeat, and while the service runs.

    A row that somebody changes meanwhile is left as they wrote it.
    """
    result = Resealed()
    kinds: tuple[tuple[type[models.Model], str, str], ...] = (
        (AccessKey, "sealed_secret", access_keys.PURPOSE),
        (Session, "sealed_secret", session_purpose),
        *((apps.get_model(model), name, purpose) for model, name, purpose in settings.SEALED_FIELDS),
    )
    for model, name, purpose in kinds:
        for row in _rows(model, name):
            _reseal(row, name, purpose, result)
    _second_factors(result)
    return result


def _reseal(row: models.Model, name: str, purpose: str, result: Resealed) -> None:
    """The same for one field of one row; an empty one has no secret."""
    stored = getattr(row, name)
    if stored is None:
        return
    result.total += 1
    sealed = bytes(stored)
    if sealing.is_present(sealed):
        return
    try:
        anew = sealing.seal(sealing.unseal(sealed, purpose), purpose)
    except (ValueError, InvalidToken):
        result.unreadable.append(str(row.pk))
        return
    same = type(row)._default_manager.filter(pk=row.pk, **{name: stored})
    result.changed += same.update(**{name: anew})


def _second_factors(result: Resealed) -> None:
    """The same for people's codes."""
    codes = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN)
    for authenticator in codes.order_by("pk").iterator(chunk_size=BATCH):
        result.total += 1
        try:
            result.changed += second_factors.reseal(authenticator)
        except ValueError:
            result.unreadable.append(f"second factor {authenticator.pk}")


def _rows(model: type[models.Model], name: str) -> Iterator[Any]:
    """All rows in order of their keys, some hundred at a time."""
    found = model._default_manager.order_by("pk").only("pk", name)
    last = None
    while True:
        rows = list((found if last is None else found.filter(pk__gt=last))[:BATCH])
        yield from rows
        if len(rows) < BATCH:
            return
        last = rows[-1].pk
