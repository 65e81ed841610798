"""What a deployment has recorded about a repository, read from its database."""

from dataclasses import dataclass
from typing import Any, Final

from tests.clients.tenants import Tenant

READ: Final = """
from accounts.models import AuditEvent
from registry.core import addresses
from registry.models import PullCount, Repository, TagEvent
from registry.values import PUBLIC
row = Repository.objects.filter(account_id=account_id, name=name, deleted_at=None)
row = (row.filter(region=PUBLIC) if public else row.exclude(region=PUBLIC)).get()
answer = {
    "pulls": row.pull_count,
    "pulls_by_digest": {image.digest: image.pull_count for image in row.images.all()},
    "pulls_by_tag": {
        tag: sum(PullCount.objects.filter(image__repository=row, tag=tag).values_list("count", flat=True))
        for tag in set(PullCount.objects.filter(image__repository=row).values_list("tag", flat=True))
    },
    "last_pulls": {image.digest: image.last_recorded_pull_time for image in row.images.all()},
    "tag_history": [
        [event.tag, event.kind, event.new_digest, event.principal_arn]
        for event in TagEvent.objects.filter(repository=row).order_by("id")
    ],
    "audit": [
        [event.event_name, event.principal_arn, event.user_agent]
        for event in AuditEvent.objects.filter(resource_arn=str(addresses.arn(row.address))).order_by("event_time")
    ],
}
"""


@dataclass(frozen=True, slots=True)
class Records:
    """Pull counts, tag history (tag, kind, digest, principal) and audit rows (action, principal, client).

    Pulls are counted by digest, and by the tag that was asked for.
    """

    pulls: int
    pulls_by_digest: dict[str, int]
    pulls_by_tag: dict[str, int]
    last_pulls: dict[str, str | None]
    tag_history: list[list[str]]
    audit: list[list[str]]

    def actions(self, principal_arn: str | None = None) -> set[str]:
        """The actions in the trail, of one principal if it is named (empty: of nobody)."""
        return {name for name, arn, _ in self.audit if principal_arn is None or arn == principal_arn}


def read(tenant: Tenant, repository: str, *, public: bool) -> Records:
    """Read what is recorded about a repository of the tenant's account."""
    rows: dict[str, Any] = tenant.server.python(READ, account_id=tenant.account_id, name=repository, public=public)
    return Records(**rows)
