"""The kinds of notices: what each says, and how people are told unless they choose otherwise.

Features name their kinds in `settings.NOTICE_KINDS`; their sentences are translated when somebody reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from registry.models import NoticeChoice

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Kind:
    """`title` names the kind where people choose; `subject`, `text` and `link` are told, with %(name)s of the params.

    `quote` is the name of a parameter that holds somebody's own words; they are shown apart, never translated. `values`
    has words for what parameters may be, by parameter.
    """

    key: str
    title: Words
    subject: Words
    text: Words
    link: Words
    quote: str = ""
    for_staff: bool = False
    usually: str = NoticeChoice.Channel.MAIL
    values: Mapping[str, Mapping[str, Words]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """A notice in one language."""

    subject: str
    text: str
    link: str
    quote: str


@lru_cache(maxsize=1)
def known() -> Mapping[str, Kind]:
    """Return all kinds by key, in the order in which people choose."""
    kinds: list[Kind] = [kind for path in settings.NOTICE_KINDS for kind in import_string(path)]
    found = {kind.key: kind for kind in kinds}
    if len(found) != len(kinds):
        raise ValueError("two kinds of notices have the same key")
    return found


def tell(kind: str, params: Mapping[str, Any]) -> Told:
    """Say a notice in the language that is active."""
    found = known()[kind]
    words = {name: str(found.values.get(name, {}).get(str(value), value)) for name, value in params.items()}
    return Told(
        subject=str(found.subject) % words,
        text=str(found.text) % words,
        link=str(found.link) % words,
        quote=words.get(found.quote, ""),
    )
