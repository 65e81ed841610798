"""Tokens of the next page: opaque, signed, and good for the same request only."""

from typing import Final

from django.core import signing

from registry.aws.dispatch import Call
from registry.aws.errors import AwsError
from registry.aws.wire import models

SALT: Final = "kho.next-page"
CODE_OF_QUERY: Final = ("ValidationError", "marker")
"""What query services say of a wrong token, and what they call it."""


def token(call: Call, place: str, after: str) -> str:
    """A token for what comes after; `place` is what the request is about."""
    return signing.dumps([call.service, call.operation, call.caller.account_id, place, after], salt=SALT)


def after(call: Call, place: str, given: str | None) -> str:
    """Where the page of a token begins; empty without one. AwsError if it was made for another request."""
    if not given:
        return ""
    code, name = ("InvalidParameterException", "nextToken") if models.is_json(call.service) else CODE_OF_QUERY
    said = f"Invalid parameter at '{name}' failed to satisfy constraint: 'must be the token of the page before'"
    wrong = AwsError(code, said)
    try:
        value = signing.loads(given, salt=SALT)
    except signing.BadSignature as error:
        raise wrong from error
    if not isinstance(value, list) or value[:-1] != [call.service, call.operation, call.caller.account_id, place]:
        raise wrong
    return str(value[-1])
