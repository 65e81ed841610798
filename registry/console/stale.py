"""Forms that were open while somebody else saved: what changed meanwhile, beside what was typed."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _


def mark(present: Mapping[str, Any]) -> str:
    """What a form remembers of the settings that it shows; its hidden field `was`."""
    return json.dumps(dict(present), sort_keys=True)


def conflict(
    request: HttpRequest, present: Mapping[str, Any], shown: Mapping[str, Any], words: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """What others have changed since the form was opened, by the names in `words`; `shown` is as fields show it."""
    try:
        was = json.loads(request.POST.get("was", "{}"))
    except (ValueError, RecursionError):
        return []
    if not isinstance(was, dict):
        return []
    changed = [field for field in words if field in was and was[field] != present[field]]
    return [
        {"label": words[field], "now": _word(shown[field]), "yours": _word(_typed(request, field, present[field]))}
        for field in changed
    ]


def _typed(request: HttpRequest, field: str, like: Any) -> Any:
    """What the form holds: whether a box is ticked, all of several choices, or a text."""
    if isinstance(like, bool):
        return field in request.POST
    return ", ".join(request.POST.getlist(field))


def _word(value: Any) -> str:
    """A setting for reading."""
    if isinstance(value, bool):
        return _("on") if value else _("off")
    return ", ".join(value) if isinstance(value, list) else str(value)
