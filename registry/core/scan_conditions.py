"""Kho's condition keys about what the scan of an image found: looked up only if a policy asks.

`kho:ImageScanStatus` is the scan's status, NOT_SCANNED before there is one, NOT_SCANNABLE of what is no image: indexes,
charts, signatures. `kho:ImageWorstSeverity` (NONE if nothing was found), `kho:CriticalFindings` and `kho:HighFindings`
are there as soon as a scan has been completed, and stay while a new one is made. What is suppressed does not count.
A layer has the states of the images that name it; what is no image speaks for it only if no image does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from accounts.caller import Caller
from accounts.gate import Values
from accounts.iam.conditions import Condition
from accounts.iam.matching import Context
from accounts.iam.policy import Policy
from accounts.iam.request import Rights
from accounts.iam.statement import Statement
from registry.models import Image, ImageBlob, ImageScan, Severity
from registry.models.scan import UNDER_WAY, WITH_FINDINGS
from registry.values import Address

STATUS: Final = "kho:ImageScanStatus"
WORST: Final = "kho:ImageWorstSeverity"
CRITICAL: Final = "kho:CriticalFindings"
HIGH: Final = "kho:HighFindings"
KEYS: Final[Mapping[str, str]] = {key.lower(): key for key in (STATUS, WORST, CRITICAL, HIGH)}
NOT_SCANNED, NOT_SCANNABLE, NONE = "NOT_SCANNED", "NOT_SCANNABLE", "NONE"
FIELDS: Final = ("kind", "scan__status", "scan__counts", "scan__ignored", "scan__history")
ANEW: Final = UNDER_WAY | {ImageScan.Status.FAILED}
"""Scans that have not come to anything yet: what the last one found is what is known."""


@dataclass(frozen=True, slots=True)
class ScanState:
    """What policies may know of one image's scan; numbers and severity are empty as long as none was completed."""

    status: str
    worst: str = ""
    critical: str = ""
    high: str = ""


class Asked:
    """What a request is about: the states of images, one of which has to be let through. `find` is called if asked."""

    __slots__ = ("_find", "_found", "_place")

    def __init__(self, find: Callable[[], Sequence[ScanState]]) -> None:
        self._find = find
        self._found: Sequence[ScanState] | None = None
        self._place = 0

    @property
    def was_asked(self) -> bool:
        """Whether a policy wanted to know."""
        return self._found is not None

    @property
    def state(self) -> ScanState | None:
        """The state that is looked at now; None where there is no image."""
        if self._found is None:
            self._found = self._find()
        return self._found[self._place] if self._found else None

    def advance(self) -> bool:
        """Look at the next image instead, if a policy has asked and there is one."""
        if self._found is None or self._place + 1 >= len(self._found):
            return False
        self._place += 1
        return True

    def rewind(self) -> None:
        """Look at the first image again: the next question is about all of them."""
        self._place = 0

    def keys(self) -> dict[str, Values]:
        """The condition keys, each a function."""
        return {STATUS: self._status, WORST: self._worst, CRITICAL: self._critical, HIGH: self._high}

    def _status(self) -> tuple[str, ...]:
        return _values(self.state.status if self.state else "")

    def _worst(self) -> tuple[str, ...]:
        return _values(self.state.worst if self.state else "")

    def _critical(self) -> tuple[str, ...]:
        return _values(self.state.critical if self.state else "")

    def _high(self) -> tuple[str, ...]:
        return _values(self.state.high if self.state else "")


def _values(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def of_image(image_id: int | None) -> list[ScanState]:
    """The state of an image; none of an image that is not there."""
    rows = Image.objects.filter(id=image_id).values_list(*FIELDS) if image_id is not None else ()
    return [_state(*row) for row in rows]


def of_digest(repository_id: int, digest: str) -> list[ScanState]:
    """The state of the image of a digest; none if there is none."""
    rows = Image.objects.filter(repository_id=repository_id, digest=digest, deleted_at=None)
    return [_state(*row) for row in rows.values_list(*FIELDS)]


def of_tag(address: Address, tag: str) -> list[ScanState]:
    """The state of the image that a tag names; none if there is none."""
    registry = address.registry
    rows = Image.objects.filter(
        tags__name=tag,
        repository__account_id=registry.account_id,
        repository__region=registry.region,
        repository__name=str(address.name),
        repository__deleted_at=None,
        deleted_at=None,
    )
    return [_state(*row) for row in rows.values_list(*FIELDS)]


def of_blob(repository_id: int, blob_id: Any) -> list[ScanState]:
    """The states of the images of a repository that have a blob, each once; none of a blob that is not there.

    Charts, signatures and the like count only if no image has it: to name a layer in one of them opens nothing. A blob
    that nothing names is not scanned.
    """
    if blob_id is None:
        return []
    rows = ImageBlob.objects.filter(blob_id=blob_id, image__repository_id=repository_id, image__deleted_at=None)
    found = list(rows.values_list(*(f"image__{name}" for name in FIELDS)).distinct())
    holders = [row for row in found if row[0] == Image.Kind.IMAGE] or found
    return list(dict.fromkeys(_state(*row) for row in holders)) or [ScanState(NOT_SCANNED)]


def _state(
    kind: str,
    status: str | None,
    counts: Mapping[str, int] | None,
    ignored: int | None,
    history: Sequence[tuple[str, Mapping[str, int]]] | None,
) -> ScanState:
    if kind != Image.Kind.IMAGE:
        return ScanState(NOT_SCANNABLE)
    if status is None:
        return ScanState(NOT_SCANNED)
    counts = counts or {}
    if not counts and not ignored and status not in WITH_FINDINGS:
        if status not in ANEW or not history:
            return ScanState(status)
        counts = history[-1][1]  # there are no findings: either there were none, or nothing could be told since
    worst = next((level.value for level in Severity if counts.get(level)), NONE)
    critical, high = (str(counts.get(level, 0)) for level in (Severity.CRITICAL, Severity.HIGH))
    return ScanState(status, worst, critical, high)


def without(policies: Iterable[Policy]) -> tuple[Policy, ...]:
    """The policies as if they did not ask about scans: to see whether only that has denied a request."""
    return tuple(
        replace(policy, statements=tuple(_plain(each) for each in policy.statements if each.allows or not _asks(each)))
        for policy in policies
    )


def without_in(caller: Caller) -> Caller:
    """The caller with its own policies, in the same way."""
    rights = caller.rights
    session = without(rights.session) if rights.session is not None else None
    return replace(caller, rights=Rights(without(rights.identity), session, rights.everything))


def _plain(statement: Statement) -> Statement:
    return replace(statement, conditions=tuple(each for each in statement.conditions if each.key not in KEYS))


def _asks(statement: Statement) -> bool:
    return any(condition.key in KEYS for condition in statement.conditions)


def words(policies: Iterable[Policy], action: str, context: Context) -> str:
    """The conditions about scans that stood in the way of an action, with what the image has: a part of a sentence."""
    found = dict.fromkeys(
        f"{KEYS[condition.key]} is {', '.join(context.get(condition.key) or ('unknown',))}, and the policy "
        f"{'denies' if not statement.allows else 'wants'} {condition.operator} {' or '.join(condition.values)}"
        for policy in policies
        for statement in policy.statements
        if statement.actions.match(action.lower())
        for condition in _in_the_way(statement, context)
    )
    return "; ".join(found)


def _in_the_way(statement: Statement, context: Context) -> Iterator[Condition]:
    """Of a statement that denies and whose conditions hold, those about scans; of one that allows, those that fail."""
    if not statement.allows and not all(each.holds(context) for each in statement.conditions):
        return
    for condition in statement.conditions:
        if condition.key in KEYS and condition.holds(context) is not statement.allows:
            yield condition
