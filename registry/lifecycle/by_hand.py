"""Policies applied by somebody at the machine: which repositories are meant, and sentences that tell what happens."""

from collections.abc import Iterable

from django.conf import settings

from registry.errors import InvalidValue
from registry.lifecycle import runs
from registry.lifecycle.grammar import EXPIRE
from registry.models import Repository
from registry.values import PUBLIC, RepositoryName


def find(names: Iterable[str]) -> list[Repository]:
    """Return the repositories with a policy, by account, region and name; all, or those that are named.

    A name is `<account>/<region>/<name>`, or without the region for the home region.
    """
    found = Repository.objects.filter(deleted_at=None, account__is_active=True).exclude(lifecycle_policy_text="")
    found = found.exclude(region=PUBLIC).order_by("account_id", "region", "name")
    wanted = [_place(name) for name in names]
    if not wanted:
        return list(found)
    return [row for place in wanted for row in found.filter(**place)]


def _place(text: str) -> dict[str, str]:
    account_id, _, rest = text.partition("/")
    first, _, name = rest.partition("/")
    if first not in settings.REGIONS or not name:
        first, name = settings.HOME_REGION, rest
    try:
        return {"account_id": account_id, "region": first, "name": str(RepositoryName.parse(name))}
    except InvalidValue:
        return {"account_id": account_id, "region": first, "name": ""}


def forecast(row: Repository) -> str:
    """Say what a policy would do now."""
    images, acting = runs.decide(row, row.lifecycle_policy_text)
    expiring = sum(decision.action == EXPIRE for decision in acting)
    return f"{row}: {_counted(expiring, len(acting) - expiring, len(images), 'would expire', 'would be archived')}"


def apply(row: Repository) -> tuple[str, bool]:
    """Apply a policy; return what happened in a sentence, and whether it was applied wholly."""
    outcome = runs.run(row.id)
    if outcome.is_busy:
        return f"{row}: another worker is applying the policy at this moment.", False
    done = _counted(outcome.expired, outcome.archived, outcome.looked_at, "expired", "were archived")
    if outcome.error:
        return f"{row}: {done} Then it ended: {outcome.error}.", False
    if outcome.held:
        return f"{row}: {done} {outcome.held} had to wait because something changed meanwhile.", False
    return f"{row}: {done}", True


def _counted(expired: int, archived: int, total: int, goes: str, stays: str) -> str:
    return f"of {total} images {expired} {goes} and {archived} {stays}."
