"""Names that accounts have: given by staff, made primary, released, and taken back while they are held."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.models import Account
from gallery.aliases import moves, rules
from gallery.aliases.rules import held_until
from gallery.errors import AliasIsDefault, AliasNotFound, NameTaken
from gallery.models import AliasRequest
from gallery.models.alias_request import State
from registry.core import addresses, catalog, permissions
from registry.models import Alias
from registry.values import PUBLIC, RegistryId


def grant(account_id: str, name: str) -> Alias:
    """Give a free name to an account, inside the transaction of the decision. NameRefused."""
    rules.require_grantable(account_id, name)
    _lock(account_id)
    is_first = not Alias.objects.filter(account_id=account_id, is_primary=True).exists()
    Alias.objects.filter(name=name).exclude(released_at=None).delete()
    try:
        with transaction.atomic():
            row = Alias.objects.create(name=name, account_id=account_id, is_primary=is_first)
    except IntegrityError as error:  # another account got it at the same moment
        raise NameTaken(name, is_own=False) from error
    if is_first:
        catalog.announce_publisher(account_id)
    return row


def make_primary(caller: Caller, account_id: str, name: str) -> Alias:
    """Show the account's public repositories under this name; the others go on leading to them. AliasNotFound."""
    _require(caller, account_id, Action.UPDATE_REGISTRY_ALIAS)
    with transaction.atomic():
        _lock(account_id)
        row = _own(account_id, name)
        if not row.is_primary:
            _lead_to(row)
            _record(caller, account_id, Action.UPDATE_REGISTRY_ALIAS, name, primary=True)
    return row


def release(caller: Caller, account_id: str, name: str, *, by: str) -> Alias:
    """Give a name up: it leads nowhere from now on, and is held for the account for a while.

    If it was the primary one, the default alias is. Raises AliasNotFound, AliasIsDefault.
    """
    _require(caller, account_id, Action.DELETE_REGISTRY_ALIAS)
    with transaction.atomic():
        _lock(account_id)
        row = _own(account_id, name)
        if row.is_default:
            raise AliasIsDefault(name)
        was_primary = row.is_primary
        row.is_primary, row.released_at = False, timezone.now()
        row.save(update_fields=["is_primary", "released_at"])
        rest = Alias.objects.filter(account_id=account_id, released_at=None).order_by("-is_default", "name").first()
        if was_primary and rest:
            _lead_to(rest)
        _follow(account_id, name, State.APPROVED, State.RELEASED, by)
        _record(caller, account_id, Action.DELETE_REGISTRY_ALIAS, name, released=True)
    return row


def take_back(caller: Caller, account_id: str, name: str, *, by: str) -> Alias:
    """Let a released name lead to the account again, as long as it is held for it. AliasNotFound."""
    _require(caller, account_id, Action.UPDATE_REGISTRY_ALIAS)
    with transaction.atomic():
        _lock(account_id)
        row = Alias.objects.filter(name=name, account_id=account_id).first()
        if row is None or held_until(row) is None:
            raise AliasNotFound(name)
        row.released_at = None
        row.save(update_fields=["released_at"])
        _follow(account_id, name, State.RELEASED, State.APPROVED, by)
        _record(caller, account_id, Action.UPDATE_REGISTRY_ALIAS, name, released=False)
    return row


def held(caller: Caller, account_id: str) -> list[Alias]:
    """Return the names that an account released and may take back, by name."""
    _require(caller, account_id, Action.DESCRIBE_REGISTRIES)
    rows = Alias.objects.filter(account_id=account_id).exclude(released_at=None).order_by("name")
    return [row for row in rows if held_until(row)]


def _lead_to(row: Alias) -> None:
    """Make a name the primary one and let listings follow."""
    Alias.objects.filter(account_id=row.account_id, is_primary=True).update(is_primary=False)
    row.is_primary = True
    row.save(update_fields=["is_primary"])
    catalog.announce_publisher(row.account_id)


def _lock(account_id: str) -> None:
    """Let the names of one account be changed by one transaction at a time."""
    Account.objects.select_for_update(no_key=True).get(id=account_id)


def _own(account_id: str, name: str) -> Alias:
    row = Alias.objects.filter(account_id=account_id, name=name, released_at=None).first()
    if row is None:
        raise AliasNotFound(name)
    return row


def _follow(account_id: str, name: str, state: State, to: State, by: str) -> None:
    """Let the request that brought the name follow it; names of before requests have none."""
    rows = AliasRequest.objects.filter(account_id=account_id, alias=name, state=state)
    request = rows.order_by("-number").first()
    if request is not None:
        moves.step(request, to, by=by)


def _require(caller: Caller, account_id: str, action: Action) -> None:
    permissions.require_in_registry(caller, RegistryId(account_id, PUBLIC), action)


def _record(caller: Caller, account_id: str, action: Action, name: str, **details: bool) -> None:
    resource = addresses.registry_arn(RegistryId(account_id, PUBLIC))
    trail.record(caller, action, resource, details={"alias": name, **details})
