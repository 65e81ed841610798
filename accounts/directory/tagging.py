"""Tags of managed policies and of identity providers, which are named by their ARNs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.directory import asking
from accounts.errors import InvalidInput, NotFound
from accounts.gate import Values
from accounts.iam.arn import Arn
from accounts.models import ManagedPolicy, OpenIDConnectProvider

Row = ManagedPolicy | OpenIDConnectProvider


@dataclass(frozen=True, slots=True)
class Tagged:
    """A kind of thing that has tags, and the actions on them."""

    name: str
    tag: Action
    untag: Action
    list_tags: Action


POLICY: Final = Tagged("policy", Action.TAG_POLICY, Action.UNTAG_POLICY, Action.LIST_POLICY_TAGS)
PROVIDER: Final = Tagged(
    "identity provider",
    Action.TAG_OPEN_ID_CONNECT_PROVIDER,
    Action.UNTAG_OPEN_ID_CONNECT_PROVIDER,
    Action.LIST_OPEN_ID_CONNECT_PROVIDER_TAGS,
)


def put(caller: Caller, kind: Tagged, arn: str, tags: Mapping[str, str]) -> None:
    """Set tags beside those that are there. NotFound."""
    row = _allowed(caller, kind, arn, kind.tag, asking.requested(tags))
    _save(caller, kind.tag, row, asking.with_tags(row.tags, tags))


def remove(caller: Caller, kind: Tagged, arn: str, keys: Sequence[str]) -> None:
    """Take tags away. NotFound."""
    row = _allowed(caller, kind, arn, kind.untag, {"aws:TagKeys": tuple(keys)})
    _save(caller, kind.untag, row, {key: value for key, value in row.tags.items() if key not in keys})


def of(caller: Caller, kind: Tagged, arn: str) -> dict[str, str]:
    """Return the tags. NotFound."""
    return dict(_allowed(caller, kind, arn, kind.list_tags).tags)


def _allowed(
    caller: Caller, kind: Tagged, arn: str, action: Action, context: Mapping[str, Values] | None = None
) -> Row:
    """Find the row and ask the gate before its absence is told."""
    try:
        resource = Arn.parse(arn)
    except ValueError as error:
        raise InvalidInput("arn", "is not an ARN") from error
    asking.allow(caller, action, resource, context)
    row: Row | None
    if kind is POLICY:
        row = ManagedPolicy.objects.filter(arn=arn).first()
    else:
        url = resource.resource.removeprefix("oidc-provider/")
        row = OpenIDConnectProvider.objects.filter(account_id=resource.account_id, url=url).first()
    if row is None or row.arn != arn:
        raise NotFound(f"{kind.name} {arn}")
    return row


def _save(caller: Caller, action: Action, row: Row, tags: dict[str, str]) -> None:
    asking.check_tags(tags)
    with transaction.atomic():
        type(row)._default_manager.filter(pk=row.pk).update(tags=tags)
        asking.record(caller, action, Arn.parse(row.arn))
