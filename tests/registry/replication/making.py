"""Rules, policies and runs of the work, for tests that have a database."""

import json
from typing import Any

from accounts import outbox
from accounts.caller import Caller
from accounts.models import OutboxRow
from registry.core import generated, registries
from registry.models import Image, Repository
from registry.values import RegistryId

HOME, FAR = "us-east-1", "eu-west-1"


def rule(
    *destinations: RegistryId, prefixes: tuple[str, ...] = (), tags: tuple[str, ...] = (), deletes: bool = False
) -> dict[str, Any]:
    """A rule as ECR writes it."""
    made: dict[str, Any] = {"destinations": [{"region": to.region, "registryId": to.account_id} for to in destinations]}
    filters = [{"filter": each, "filterType": "PREFIX_MATCH"} for each in prefixes]
    if filters := filters + [{"filter": each, "filterType": "TAG_WILDCARD"} for each in tags]:
        made["repositoryFilters"] = filters
    return made | ({"deleteReplication": {"enabled": True}} if deletes else {})


def configure(caller: Caller, *rules: dict[str, Any], region: str = HOME) -> None:
    """Give the caller's registry its rules."""
    registries.put_replication(caller, RegistryId(caller.account_id, region), {"rules": list(rules)})


def let_in(caller: Caller, source_account: str, *actions: str, region: str = HOME, effect: str = "Allow") -> None:
    """Let another account replicate to the caller's registry."""
    statement = {
        "Effect": effect,
        "Principal": {"AWS": f"arn:aws:iam::{source_account}:root"},
        "Action": [f"ecr:{each}" for each in actions or ("ReplicateImage", "CreateRepository")],
        "Resource": f"arn:aws:ecr:{region}:{caller.account_id}:repository/*",
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    registries.put_policy(caller, RegistryId(caller.account_id, region), text)


def attach(caller: Caller, subject: Image) -> Image:
    """Make something here of an image, as scans do."""
    return generated.put(caller, subject, "application/x", b"made here", {generated.TITLE: "x"})


def work() -> int:
    """Run all that waits, and what comes of it; return how many rows."""
    done = 0
    while row := OutboxRow.objects.filter(dead_at=None, claimed_until=None).order_by("id").first():
        assert outbox.run(row.id), OutboxRow.objects.get(id=row.id).last_error
        done += 1
    return done


def there(registry: RegistryId, name: str = "team/app") -> Repository | None:
    """The repository of a registry."""
    place = {"account_id": registry.account_id, "region": registry.region}
    return Repository.objects.filter(**place, name=name, deleted_at=None).first()


def held(registry: RegistryId, name: str = "team/app") -> dict[str, list[str]]:
    """Digests and their tags of the images that a registry has under a name."""
    rows = Image.objects.filter(
        repository__account_id=registry.account_id,
        repository__region=registry.region,
        repository__name=name,
        repository__deleted_at=None,
        deleted_at=None,
    )
    return {row.digest: sorted(row.tags.values_list("name", flat=True)) for row in rows}
