"""What a registry's pages show of replication: each destination with what waits, what failed and what came last."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Max, Min, Q, QuerySet

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import peers, permissions, replicas
from registry.models import Replication, Repository
from registry.replication import copying, rules, sending
from registry.values import Address, RegistryId, RepositoryName

Status = Replication.Status

SHOWN_FAILURES: Final = 50


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination of the rules; `waiting` and `failed` count images under tags."""

    registry: RegistryId
    waiting: int = 0
    failed: int = 0
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """What a rule would do: how many of the repositories it covers, and which of its destinations let images in.

    `let_in` has None for a destination at a peer, which does not say.
    """

    covered: int
    of: int
    let_in: Mapping[RegistryId, bool | None]


def destinations(registry: RegistryId, configuration: Mapping[str, Any]) -> list[Destination]:
    """Return the destinations of a configuration that `registries.replication` has returned, in their order."""
    found = rules.read(configuration)
    known = dict.fromkeys(each for rule in found for each in rule.destinations)
    open_rows = _rows(registry).filter(status__in=(Status.IN_PROGRESS, Status.FAILED))
    counted = {
        (row["registry_id"], row["region"]): row
        for row in open_rows.order_by()
        .values("registry_id", "region")
        .annotate(
            waiting=Count("id", filter=Q(status=Status.IN_PROGRESS)), failed=Count("id", filter=Q(status=Status.FAILED))
        )
    }
    done = _rows(registry).filter(status=Status.COMPLETE, finished_at__isnull=False).order_by()
    last = {
        (row["registry_id"], row["region"]): row["last"]
        for row in done.values("registry_id", "region").annotate(last=Max("finished_at"))
    }
    nothing = {"waiting": 0, "failed": 0}
    return [
        Destination(each, numbers["waiting"], numbers["failed"], last.get(place))
        for each in known
        for place in [(each.account_id, each.region)]
        for numbers in [counted.get(place, nothing)]
    ]


def failures(caller: Caller, registry: RegistryId) -> list[Replication]:
    """Return the newest failures of images that are there, for who may ask for the status of all images."""
    permissions.require_in_registry(caller, registry, Action.DESCRIBE_IMAGE_REPLICATION_STATUS)
    found = _rows(registry).filter(status=Status.FAILED, image__deleted_at=None, image__repository__deleted_at=None)
    return list(found.select_related("image", "image__repository").order_by("-id")[:SHOWN_FAILURES])


def reach(caller: Caller, registry: RegistryId, rule: Mapping[str, Any]) -> Reach:
    """Say what a rule would do, before it is put. AccessDenied."""
    permissions.require_in_registry(caller, registry, Action.PUT_REPLICATION_CONFIGURATION)
    [wanted] = rules.read({"rules": [rule]})
    live = Repository.objects.filter(account_id=registry.account_id, region=registry.region, deleted_at=None)
    names = Q()
    for prefix in wanted.prefixes:
        names |= Q(name__startswith=prefix)
    covered = names or None
    found = live.aggregate(of=Count("id"), covered=Count("id", filter=covered), sample=Min("name", filter=covered))
    sample = found["sample"] or f"{(wanted.prefixes or ('app',))[0].rstrip('/')}"
    source = Repository(account_id=registry.account_id, region=registry.region, name=sample)
    name = RepositoryName(sample)
    let_in = {each: _is_let_in(source, Address(each, name)) for each in wanted.destinations}
    return Reach(found["covered"], found["of"], let_in)


def _is_let_in(source: Repository, address: Address) -> bool | None:
    peer = peers.serving(address.registry.region)
    if peer is None:
        return replicas.may_replicate(copying.caller_of(source), address)
    return sending.may_replicate(peer, source.address.registry, address.registry, str(address.name))


def _rows(registry: RegistryId) -> QuerySet[Replication]:
    return Replication.objects.filter(account_id=registry.account_id, source_region=registry.region)
