"""Second factors of IAM users at the console, which IAM calls MFA devices: listed and taken away, for who lost one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.directory import accounts as directory
from accounts.directory import asking, principals
from accounts.errors import NotFound
from accounts.iam.arn import Arn
from accounts.models import Principal


@dataclass(frozen=True, slots=True)
class Device:
    """A second factor: an app that shows codes, or a passkey."""

    row_id: int
    serial_number: str
    enabled_at: datetime


def list_devices(caller: Caller, account_id: str, user_name: str) -> list[Device]:
    """Return a user's second factors, the oldest first. NotFound."""
    return _devices(_user(caller, account_id, user_name, Action.LIST_MFA_DEVICES))


def deactivate(caller: Caller, account_id: str, user_name: str, serial_number: str) -> None:
    """Let a user sign in without a second factor; with the last one the recovery codes go. NotFound."""
    user = _user(caller, account_id, user_name, Action.DEACTIVATE_MFA_DEVICE)
    with transaction.atomic():
        Principal.objects.select_for_update(no_key=True).get(id=user.id)
        devices = _devices(user)
        gone = [each.row_id for each in devices if each.serial_number == serial_number]
        if not gone:
            raise NotFound(f"MFA device {serial_number}")
        _delete(user, gone if len(devices) > len(gone) else None)
        asking.record(caller, Action.DEACTIVATE_MFA_DEVICE, Arn.parse(user.arn), serialNumber=serial_number)


def _delete(user: Principal, row_ids: Iterable[int] | None) -> None:
    """Delete some of a user's factors, or all with their recovery codes."""
    rows = Authenticator.objects.filter(user__principal=user)
    (rows if row_ids is None else rows.filter(id__in=row_ids)).delete()


def _devices(user: Principal) -> list[Device]:
    rows = Authenticator.objects.filter(user__principal=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return [Device(row.pk, str(_serial(user, row)), row.created_at) for row in rows.order_by("created_at", "pk")]


def _serial(user: Principal, row: Authenticator) -> Arn:
    """AWS's form of it: of codes there is one, of passkeys there may be several."""
    what = f"mfa/{user.name}" if row.type == Authenticator.Type.TOTP else f"u2f/user/{user.name}/{row.pk}"
    return asking.arn_of(user.account_id, what)


def _user(caller: Caller, account_id: str, name: str, action: Action) -> Principal:
    """Find the user and ask the gate before its absence is told."""
    user = Principal.objects.filter(account_id=account_id, kind=Principal.Kind.USER, name=name).first()
    asking.allow(caller, action, Arn.parse(user.arn) if user else asking.arn_of(account_id, f"user/{name}"))
    return user or principals.get(directory.get(account_id), Principal.Kind.USER, name)
