"""Second factors of people: sealed as django-allauth keeps them, and sealed anew after a change of the master key."""

import base64
from collections.abc import Iterable
from typing import Final

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken

from accounts import sealing

PURPOSE: Final = "second factor"
SECRETS: Final = ("secret", "seed")
"""What of an authenticator's data is sealed; of a passkey nothing is secret."""


def owners(person_ids: Iterable[int]) -> set[int]:
    """Who of them has to prove more than a password, by one query."""
    factors = Authenticator.objects.filter(user__in=list(person_ids)).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return set(factors.values_list("user_id", flat=True))


def reseal(authenticator: Authenticator) -> bool:
    """Seal its secret under the present master key; whether that was needed. ValueError if no given key opens it."""
    data, changed = dict(authenticator.data), False
    for name in SECRETS:
        if name not in data:
            continue
        sealed = base64.b64decode(data[name])
        if sealing.is_present(sealed):
            continue
        try:
            anew = sealing.seal(sealing.unseal(sealed, PURPOSE), PURPOSE)
        except InvalidToken as error:
            raise ValueError("sealed under another key") from error
        data[name] = base64.b64encode(anew).decode()
        changed = True
    if changed:
        # Who uses a recovery code meanwhile keeps what they wrote.
        same = Authenticator.objects.filter(pk=authenticator.pk, data=authenticator.data)
        changed = bool(same.update(data=data))
    return changed
