"""Secrets that a page shows once: sealed in the browser session by whoever made them, taken out by the first look.

A view that made a secret answers with `lead_to`; the page that it leads to needs nothing of that view.
"""

import base64
import json
import uuid
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.fernet import InvalidToken
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts import sealing

KEY: Final = "kho_shown_once"
MOST: Final = 8
"""Secrets of a session that wait or are remembered as shown; older ones are forgotten."""
WAITS: Final = timedelta(minutes=10)
"""For how long a secret waits to be looked at."""


@dataclass(frozen=True, slots=True)
class Secret:
    """What the page shows: `lines` to copy under their labels, `columns` of the file, if there is one to download.

    `done` is where to go on, and where another one is made; `section` is the entry of the side navigation; `ends_at` is
    when the secret stops working, in ISO form, if it does.
    """

    title: str
    lines: list[tuple[str, str]]
    done: str
    section: str
    columns: dict[str, str] = field(default_factory=dict)
    filename: str = "secret.csv"
    ends_at: str = ""

    @property
    def end(self) -> datetime | None:
        """When it stops working."""
        return parse_datetime(self.ends_at) if self.ends_at else None


def lead_to(request: HttpRequest, account_id: str, secret: Secret) -> HttpResponseRedirect:
    """Keep a secret for the next page; the answer to the POST that made it."""
    handle = str(uuid.uuid4())
    sealed = sealing.seal(json.dumps(asdict(secret)).encode(), _purpose(account_id, handle))
    kept = dict(list(request.session.get(KEY, {}).items())[1 - MOST :])
    kept[handle] = {
        "account": account_id,
        "at": timezone.now().isoformat(),
        "done": secret.done,
        "section": secret.section,
        "sealed": base64.b64encode(sealed).decode(),
    }
    request.session[KEY] = kept
    target = reverse("console_secret", kwargs={"account_id": account_id, "handle": handle})
    return HttpResponseRedirect(target, status=303)


def take(request: HttpRequest, account_id: str, handle: str) -> Secret | None:
    """Return the secret and forget it; None if it was shown before, waited too long, or never was."""
    known = _known(request, account_id, handle)
    sealed, at = known.pop("sealed", ""), parse_datetime(known.get("at", ""))
    if not sealed:
        return None
    request.session.modified = True
    if at is None or timezone.now() - at > WAITS:
        return None
    try:
        values = json.loads(sealing.unseal(base64.b64decode(sealed), _purpose(account_id, handle)))
    except (InvalidToken, ValueError):
        # The master key was changed meanwhile, and the former one is not given.
        return None
    return Secret(**values | {"lines": [(label, text) for label, text in values["lines"]]})


def origin(request: HttpRequest, account_id: str, handle: str) -> tuple[str, str]:
    """Where another one is made, and the entry of the navigation; empty if this session never had the secret."""
    known = _known(request, account_id, handle)
    return known.get("done", ""), known.get("section", "")


def _known(request: HttpRequest, account_id: str, handle: str) -> dict[str, Any]:
    found: dict[str, Any] = request.session.get(KEY, {}).get(handle, {})
    return found if found.get("account") == account_id else {}


def _purpose(account_id: str, handle: str) -> str:
    return f"shown once {account_id} {handle}"
