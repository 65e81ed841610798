"""What the verbs of the directory share: asking the gate with IAM's names, and writing the trail."""

import re
from collections.abc import Mapping
from typing import Any, Final

from accounts import gate
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.errors import InvalidInput
from accounts.gate import Values
from accounts.iam.arn import Arn

NAME: Final = re.compile(r"[\w+=,.@-]+", re.ASCII)
PATH: Final = re.compile(r"/|/[\x21-\x7e]{1,510}/")
MOST_TAGS: Final = 50


def arn_of(account_id: str, resource: str) -> Arn:
    """An ARN of IAM, such as `user/ana`."""
    return Arn("iam", "", account_id, resource)


def allow(caller: Caller, action: Action, resource: Arn, context: Mapping[str, Values] | None = None) -> None:
    """Ask the gate. CredentialsMissing, AccessDenied."""
    gate.require(caller, f"iam:{action}", resource, context=context)


def may(caller: Caller, action: Action, resource: Arn) -> bool:
    """The gate's answer, for pages that show or hide something."""
    return gate.decide(caller, f"iam:{action}", resource).allowed


def record(caller: Caller, action: Action, resource: Arn, **details: Any) -> None:
    """Write a change to the trail, in its transaction."""
    trail.record(caller, action, resource, details=details)


def check_name(name: str, longest: int, what: str = "name") -> None:
    """InvalidInput unless the name is one of IAM's."""
    if not NAME.fullmatch(name) or len(name) > longest:
        raise InvalidInput(what, f"takes 1 to {longest} letters, digits and + = , . @ _ -")


def check_path(path: str) -> None:
    """InvalidInput unless the path begins and ends with a slash."""
    if not PATH.fullmatch(path):
        raise InvalidInput("path", "takes / or characters between slashes, such as /teams/blue/")


def check_tags(tags: Mapping[str, str]) -> None:
    """InvalidInput for too many tags, for keys and values that are too long, and for keys that differ by case only."""
    if len(tags) > MOST_TAGS or any(not 1 <= len(key) <= 128 or len(value) > 256 for key, value in tags.items()):
        raise InvalidInput("tags", f"takes at most {MOST_TAGS} keys of 1 to 128 characters with values of up to 256")
    if len({key.lower() for key in tags}) < len(tags):
        raise InvalidInput("tags", "takes each key once, in whatever case")


def with_tags(tags: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Tags with more of them, which win; the case of keys is kept, and tells nothing apart."""
    replaced = {key.lower() for key in more}
    return {key: value for key, value in tags.items() if key.lower() not in replaced} | dict(more)


def requested(tags: Mapping[str, str]) -> dict[str, Values]:
    """The condition keys of tags that a request brings."""
    keys: dict[str, Values] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    return keys | ({"aws:TagKeys": tuple(tags)} if tags else {})
