"""Reserved names: this deployment's own words, and the list that staff keep."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Staff
from accounts.iam.arn import Arn
from gallery.aliases import likeness
from gallery.errors import PatternKnown, PatternMalformed, PatternNotFound
from gallery.models import ReservedName
from registry.core import aliases
from registry.models import Alias

Kind = ReservedName.Kind
FORMS: Final = {
    Kind.EXACT: re.compile(r"[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*"),
    Kind.PREFIX: re.compile(r"[a-z][a-z0-9._-]+"),
    Kind.WILDCARD: re.compile(r"(?=.*[*?])(?=(?:[^a-z0-9]*[a-z0-9]){2})[a-z0-9._*?-]+"),
}
"""What patterns of each kind look like; a wildcard names at least two letters, so that it can't fit everything."""
LONGEST_PATTERN: Final = 50
LONGEST_NOTE: Final = 200
OWN_WORDS: Final = _("a word of this deployment's own addresses")


@dataclass(frozen=True, slots=True)
class Match:
    """The pattern that keeps a name from being asked for; `is_alike` if the name only looks like what it fits."""

    pattern: str
    why: str
    note: str
    is_alike: bool


def find(name: str) -> Match | None:
    """Return what reserves a name; what fits it comes before what it looks like."""
    own = [(word, Kind.EXACT) for word in sorted(aliases.RESERVED)]
    own += [(start, Kind.PREFIX) for start in aliases.RESERVED_PREFIXES]
    rows = [ReservedName(pattern=pattern, kind=kind) for pattern, kind in own]
    rows += ReservedName.objects.order_by("pattern")
    for test in (_fits, _resembles):
        for row in rows:
            if test(row.pattern, row.kind, name):
                why = str(row.get_why_display() if row.pk else OWN_WORDS)
                return Match(written(row.pattern, row.kind), why, row.note, is_alike=test is _resembles)
    return None


def near(name: str) -> list[str]:
    """Return the exact reserved names that are a slip away, and the words in the name that are reserved."""
    exact = ReservedName.objects.filter(kind=Kind.EXACT).values_list("pattern", flat=True)
    return sorted(pattern for pattern in {*exact, *aliases.RESERVED} if likeness.near(name, pattern))


def brands_in(name: str) -> list[str]:
    """Return the brands and sellers that a part of the name is, such as `datadog` in `datadog-tools`."""
    whose = (ReservedName.Why.BRAND, ReservedName.Why.SELLER, ReservedName.Why.SERVICE)
    parts = [part for part in likeness.words(name) if len(part) >= likeness.SHORTEST]
    rows = ReservedName.objects.filter(kind__in=(Kind.EXACT, Kind.PREFIX), why__in=whose)
    patterns = rows.values_list("pattern", flat=True)
    return sorted(pattern for pattern in patterns if any(likeness.alike(part, pattern) for part in parts))


def written(pattern: str, kind: str) -> str:
    """A pattern as people read it: a prefix with its star."""
    return f"{pattern}*" if kind == Kind.PREFIX else pattern


def _fits(pattern: str, kind: str, name: str) -> bool:
    match kind:
        case Kind.EXACT:
            return name == pattern
        case Kind.PREFIX:
            return name.startswith(pattern)
        case _:
            return fnmatchcase(name, pattern)


def _resembles(pattern: str, kind: str, name: str) -> bool:
    match kind:
        case Kind.EXACT:
            return likeness.alike(name, pattern)
        case Kind.PREFIX:
            return likeness.begins(name, pattern)
        case _:
            return fnmatchcase(likeness.joined(name), pattern)


def matches(pattern: str, kind: str) -> list[str]:
    """Return the live aliases that a pattern fits, by name; they stay. PatternMalformed."""
    check(pattern, kind)
    return [name for name in _live() if _fits(pattern, kind, name)]


def check(pattern: str, kind: str) -> None:
    """PatternMalformed unless the pattern is one of its kind."""
    if kind not in Kind.values or len(pattern) > LONGEST_PATTERN or not FORMS[Kind(kind)].fullmatch(pattern):
        raise PatternMalformed(pattern)


def counts(rows: Iterable[ReservedName]) -> dict[str, int]:
    """Return how many live aliases each pattern fits."""
    live = _live()
    return {row.pattern: sum(_fits(row.pattern, row.kind, name) for name in live) for row in rows}


def _live() -> list[str]:
    """Names that were given by staff; default ones are made so that no pattern is meant for them."""
    return list(aliases.active().filter(is_default=False).order_by("name").values_list("name", flat=True))


def listed(contains: str = "", why: str = "") -> list[ReservedName]:
    """Return the list by pattern, or what of it contains a text or is of one kind of owner."""
    rows = ReservedName.objects.order_by("pattern")
    if contains:
        rows = rows.filter(pattern__contains=contains)
    return list(rows.filter(why=why) if why else rows)


def get(pattern: str) -> ReservedName:
    """Return one row of the list. PatternNotFound."""
    row = ReservedName.objects.filter(pattern=pattern).first()
    if row is None:
        raise PatternNotFound(pattern)
    return row


def add(staff: Staff, pattern: str, kind: str, why: str = ReservedName.Why.OTHER, note: str = "") -> ReservedName:
    """Put a pattern into the list. PatternMalformed, PatternKnown."""
    check(pattern, kind)
    if why not in ReservedName.Why.values or len(note) > LONGEST_NOTE:
        raise PatternMalformed(pattern)
    try:
        with transaction.atomic():
            row = ReservedName.objects.create(
                pattern=pattern, kind=kind, why=why, note=note.strip(), added_by=staff.email
            )
            _record(staff, Action.CREATE_RESERVED_NAME, row)
    except IntegrityError as error:
        raise PatternKnown(pattern) from error
    return row


def remove(staff: Staff, pattern: str) -> None:
    """Take a pattern out of the list; what it fits may be asked for from now on. PatternNotFound."""
    with transaction.atomic():
        row = get(pattern)
        row.delete()
        _record(staff, Action.DELETE_RESERVED_NAME, row)


def _record(staff: Staff, action: Action, row: ReservedName) -> None:
    details = {"kind": row.kind, "why": row.why, "note": row.note}
    trail.record(staff.on(""), action, Arn("kho", "", "", f"reserved-name/{row.pattern}"), details=details)


def owners_of(names: Iterable[str]) -> dict[str, str]:
    """Return which account has each of some aliases."""
    return dict(Alias.objects.filter(name__in=list(names)).values_list("name", "account_id"))
