"""Encoded authorization messages: what a refusal does not tell the refused, for who may decode it."""

import base64
import binascii
import json
from typing import Any, Final

from cryptography.fernet import InvalidToken

from accounts import gate, sealing
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.errors import AccessDenied, InvalidInput
from accounts.iam.arn import Arn

PURPOSE: Final = "authorization message"
LONGEST: Final = 10_240


def encode(caller: Caller, denied: AccessDenied) -> str:
    """Seal who was refused what, and which statement decided."""
    decision = denied.decision
    message: dict[str, Any] = {
        "allowed": False,
        "explicitDeny": bool(decision and decision.explicit),
        "accountId": caller.account_id,
        "context": {
            "principal": {"arn": denied.principal_arn},
            "action": denied.action,
            "resource": denied.resource,
            "sourceIp": caller.source_ip,
        },
        "reason": denied.reason,
        "policy": decision.policy if decision else "",
        "statement": decision.statement if decision else "",
    }
    return base64.urlsafe_b64encode(sealing.seal(json.dumps(message).encode(), PURPOSE)).decode()


def decode(caller: Caller, text: str) -> str:
    """Return a message of the caller's own account as JSON. AccessDenied, InvalidInput."""
    gate.require(caller, f"sts:{Action.DECODE_AUTHORIZATION_MESSAGE}", Arn("sts", "", caller.account_id, "*"))
    wrong = InvalidInput("EncodedMessage", "is not an encoded authorization message of this account")
    try:
        value = json.loads(sealing.unseal(base64.urlsafe_b64decode(text.encode()), PURPOSE))
    except (binascii.Error, InvalidToken, ValueError) as error:
        raise wrong from error
    if value.pop("accountId", "") != caller.account_id:
        raise wrong
    return json.dumps(value)
