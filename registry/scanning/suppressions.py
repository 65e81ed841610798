"""Suppressions: written, changed, ended, listed, and imported as VEX, by those who may.

Findings follow at once in the newest images, and in the others through a task worker.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from registry import events
from registry.core import addresses, permissions, repositories
from registry.errors import InvalidValue, LimitExceeded, SuppressionNotFound
from registry.models import Suppression
from registry.scanning import suppressing, vex
from registry.values import Address, RegistryId, RepositoryName

MOST: Final = 20_000
"""Suppressions of one registry."""
AT_ONCE: Final = 20
"""Scans that follow before the answer."""
NAMED: Final = 2_000
"""Vulnerabilities in one event."""
BATCH: Final = 1_000
JUSTIFICATIONS: Final = Suppression.Justification.choices
"""Value and words of each."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a suppression is to say; fields as the model has them."""

    vulnerability: str
    justification: str
    reason: str = ""
    package: str = ""
    package_type: str = ""
    version: str = ""
    repository: str = ""
    image_digest: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a VEX document: suppressions written, those of an earlier version that ended, what was left out."""

    document: str
    count: int
    ended: int
    open: int
    left_out: tuple[str, ...]


def create(caller: Caller, registry: RegistryId, wanted: Wanted) -> Suppression:
    """Let findings be left aside. InvalidValue, LimitExceeded; AccessDenied."""
    _allow(caller, registry, wanted.repository, Action.CREATE_FINDING_SUPPRESSION)
    _check(wanted)
    with transaction.atomic():
        _require_room(registry, 1)
        made = Suppression.objects.create(**_place(registry), **asdict(wanted), created_by=caller.principal_arn)
        _record(caller, registry, Action.CREATE_FINDING_SUPPRESSION, {"suppression": _details(made)})
        _changed(registry, [made.vulnerability])
    return made


def change(
    caller: Caller,
    registry: RegistryId,
    suppression_id: int,
    *,
    justification: str,
    reason: str,
    until: datetime | None,
) -> Suppression:
    """Give a suppression another reason or end, also one that is over; what it is about stays.

    Raises SuppressionNotFound; InvalidValue, also for one from a VEX document, whose next version would undo it;
    AccessDenied.
    """
    with transaction.atomic():
        rows = _own(registry).select_for_update().filter(id=suppression_id)
        row = rows.first()
        _allow(caller, registry, row.repository if row else "", Action.UPDATE_FINDING_SUPPRESSION, is_there=False)
        if row is None:
            raise SuppressionNotFound(suppression_id)
        if row.document:
            raise InvalidValue(row.document, "says this, and has to be changed itself")
        before = _details(row)
        row.justification, row.reason, row.until, row.is_in_force = justification, reason, until, True
        _check(Wanted(**{name: getattr(row, name) for name in Wanted.__slots__}))
        row.save(update_fields=["justification", "reason", "until", "is_in_force"])
        details = {"suppression": _details(row), "before": before}
        _record(caller, registry, Action.UPDATE_FINDING_SUPPRESSION, details)
        _changed(registry, [row.vulnerability])
    return row


def end(caller: Caller, registry: RegistryId, suppression_id: int) -> Suppression:
    """Let what a suppression hides come back, and return what it was. SuppressionNotFound; AccessDenied.

    Its repository may be gone.
    """
    row = _own(registry).filter(id=suppression_id).first()
    _allow(caller, registry, row.repository if row else "", Action.DELETE_FINDING_SUPPRESSION, is_there=False)
    if row is None:
        raise SuppressionNotFound(suppression_id)
    details = _details(row)
    with transaction.atomic():
        row.delete()
        _record(caller, registry, Action.DELETE_FINDING_SUPPRESSION, {"suppression": details})
        _changed(registry, [row.vulnerability])
    return row


def get(caller: Caller, registry: RegistryId, suppression_id: int) -> Suppression:
    """Return one. SuppressionNotFound; AccessDenied."""
    permissions.require_in_registry(caller, registry, Action.DESCRIBE_FINDING_SUPPRESSIONS)
    row = _own(registry).filter(id=suppression_id).first()
    if row is None:
        raise SuppressionNotFound(suppression_id)
    return row


def page(
    caller: Caller, registry: RegistryId, *, about: str = "", after: int = 0, limit: int = 50
) -> tuple[list[Suppression], bool]:
    """Return suppressions, the newest first and those that are over too, with `hidden`, and whether more follow.

    `hidden` is how many findings each leaves aside. `about` is text in a vulnerability, package or repository.
    """
    permissions.require_in_registry(caller, registry, Action.DESCRIBE_FINDING_SUPPRESSIONS)
    rows = _own(registry).annotate(hidden=Count("findings")).order_by("-id")
    if about:
        is_about = Q(vulnerability__icontains=about) | Q(package__icontains=about) | Q(repository__icontains=about)
        rows = rows.filter(is_about)
    if after:
        rows = rows.filter(id__lt=after)
    found = list(rows[: limit + 1])
    return list(found[:limit]), len(found) > limit


def import_vex(caller: Caller, registry: RegistryId, content: bytes, *, repository: str = "") -> Imported:
    """Write a VEX document's suppressions in place of those of its earlier version.

    `repository` limits them to names with this pattern. Raises VexInvalid, InvalidValue, LimitExceeded, AccessDenied.
    """
    _allow(caller, registry, repository, Action.CREATE_FINDING_SUPPRESSION)
    if repository:
        _check_pattern(repository)
    read = vex.read(content)
    wanted = [_of_vex(each, repository) for each in read.suppressed]
    with transaction.atomic():
        before = _own(registry).filter(document=read.id)
        if repository:
            before = before.filter(repository=repository)
        names = set(before.values_list("vulnerability", flat=True))
        ended = before.count()
        before.delete()
        _require_room(registry, len(wanted))
        known = {"created_by": caller.principal_arn, "document": read.id}
        rows = [Suppression(**_place(registry), **asdict(each), **known) for each in wanted]
        Suppression.objects.bulk_create(rows, batch_size=BATCH)
        said = {"id": read.id, "format": read.format, "suppressed": len(wanted), "ended": ended, "open": read.open}
        _record(caller, registry, Action.CREATE_FINDING_SUPPRESSION, {"vexDocument": said})
        _changed(registry, names | {each.vulnerability for each in wanted})
    return Imported(read.id, len(wanted), ended, read.open, read.left_out)


def _of_vex(said: vex.Said, repository: str) -> Wanted:
    product = said.product
    return Wanted(
        vulnerability=said.vulnerability,
        justification=said.justification,
        reason=said.reason,
        package=product.package,
        package_type=product.package_type,
        version=product.version,
        repository=repository,
        image_digest=product.image_digest,
    )


def allow(caller: Caller, address: Address) -> None:
    """Return if the caller may leave findings of one repository aside. AccessDenied, RepositoryNotFound."""
    repositories.authorized(caller, address, Action.CREATE_FINDING_SUPPRESSION)


def followed(payload: dict[str, Any]) -> None:
    """Let all images follow what has changed. Started by SuppressionsChanged; may run twice."""
    registry = RegistryId(payload["account"], payload["region"])
    suppressing.follow(suppressing.scans_about(registry, payload["vulnerabilities"]))


def end_old() -> int:
    """Let what was suppressed until now come back; return how many suppressions are over."""
    rows = Suppression.objects.filter(is_in_force=True, until__lte=timezone.now()).order_by("until")[:BATCH]
    over: dict[RegistryId, list[Suppression]] = {}
    for row in rows:
        over.setdefault(RegistryId(row.account_id, row.region), []).append(row)
    for registry, its in over.items():
        with transaction.atomic():
            Suppression.objects.filter(id__in=[row.id for row in its]).update(is_in_force=False)
            _changed(registry, {row.vulnerability for row in its})
    return sum(map(len, over.values()))


def _allow(caller: Caller, registry: RegistryId, repository: str, action: Action, *, is_there: bool = True) -> None:
    """Ask about the one repository that is meant, or about all. RepositoryNotFound if it has to be there, and isn't."""
    if not repository or "*" in repository:
        permissions.require_in_registry(caller, registry, action)
        return
    address = Address(registry, RepositoryName.parse(repository))
    if is_there:
        repositories.authorized(caller, address, action)
    else:
        repositories.allow(caller, address, repositories.find(address), action)


def _check(wanted: Wanted) -> None:
    if not wanted.vulnerability or any(each.isspace() for each in wanted.vulnerability):
        raise InvalidValue(wanted.vulnerability, "is no name of a vulnerability, such as CVE-2024-1000")
    if wanted.justification not in Suppression.Justification:
        raise InvalidValue(wanted.justification, "is none of the justifications")
    if not wanted.reason.strip():
        raise InvalidValue(wanted.reason, "is no reason")
    if wanted.until is not None and wanted.until <= timezone.now():
        raise InvalidValue(wanted.until.isoformat(), "is not in the future")
    if wanted.version and not wanted.package:
        raise InvalidValue(wanted.version, "is a version without a package")
    if "*" in wanted.repository:
        _check_pattern(wanted.repository)


def _check_pattern(pattern: str) -> None:
    """Stars may stand for any part of a name. InvalidValue."""
    RepositoryName.parse(pattern.replace("*", "aa"))


def _place(registry: RegistryId) -> dict[str, str]:
    return {"account_id": registry.account_id, "region": registry.region}


def _own(registry: RegistryId) -> QuerySet[Suppression]:
    """What the account itself has written or imported; what is attached to images comes and goes with that."""
    return Suppression.objects.filter(**_place(registry), attached=None)


def _require_room(registry: RegistryId, count: int) -> None:
    if _own(registry).count() + count > MOST:
        raise LimitExceeded(f"A registry may have {MOST} suppressions of findings")


def _details(row: Suppression) -> dict[str, Any]:
    """What the trail keeps."""
    known = {name: getattr(row, name) for name in Wanted.__slots__ if getattr(row, name)}
    return known | {"id": row.id} | ({"until": row.until.isoformat()} if row.until else {})


def _record(caller: Caller, registry: RegistryId, action: Action, details: dict[str, Any]) -> None:
    trail.record(caller, action, addresses.registry_arn(registry), details=details)


def _changed(registry: RegistryId, vulnerabilities: Iterable[str]) -> None:
    """Let the newest images follow now, and announce it for the others; inside the transaction."""
    names: Sequence[str] = sorted(set(vulnerabilities))
    for start in range(0, len(names), NAMED):
        some = names[start : start + NAMED]
        outbox.announce(events.SuppressionsChanged(registry.account_id, registry.region, list(some)))
    suppressing.follow(suppressing.scans_about(registry, names)[:AT_ONCE])
