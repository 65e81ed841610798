"""What a policy says, for people: a card for each statement, and whether it lets everybody in."""

import re
from collections.abc import Iterable
from typing import Any, Final

from django.utils.translation import gettext as _

from accounts.iam.reader import Reader, Unreadable

PULL: Final = ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
PUSH: Final = ("CompleteLayerUpload", "InitiateLayerUpload", "PutImage", "UploadLayerPart")
NAMED: Final = re.compile(
    r"arn:aws[a-z-]*:iam::(?P<account>[0-9]{12}):(?P<kind>user|role|oidc-provider|saml-provider)/(?P<name>.+)"
)


def cards(text: str) -> list[dict[str, Any]]:
    """Each statement in words; none for a text that is no policy."""
    return [_card(statement) for statement in _statements(text)]


def is_open(text: str) -> bool:
    """Whether a statement allows something to everybody, whoever they are, without a condition."""
    return any(
        statement.get("Effect") == "Allow" and "*" in _principals(statement) and not statement.get("Condition")
        for statement in _statements(text)
    )


def _statements(text: str) -> list[dict[str, Any]]:
    try:
        given = Reader(text).read()
    except Unreadable:
        return []
    statements = given.get("Statement", []) if isinstance(given, dict) else []
    listed = statements if isinstance(statements, list) else [statements]
    return [each for each in listed if isinstance(each, dict)]


def _card(statement: dict[str, Any]) -> dict[str, Any]:
    conditions = statement.get("Condition")
    return {
        "sid": str(statement.get("Sid", "")),
        "allows": statement.get("Effect") == "Allow",
        "who": [who(each) for each in _principals(statement)],
        "all_but": "NotPrincipal" in statement,
        "what": _what(statement),
        "where": _texts(statement.get("Resource") or statement.get("NotResource") or []),
        "conditions": list(_conditions(conditions)) if isinstance(conditions, dict) else [],
    }


def _principals(statement: dict[str, Any]) -> list[str]:
    named = statement.get("Principal", statement.get("NotPrincipal", []))
    if isinstance(named, dict):
        return [each for names in named.values() for each in _texts(names)]
    return _texts(named)


def _texts(value: Any) -> list[str]:
    return [str(each) for each in (value if isinstance(value, list) else [value])]


def who(principal: str) -> str:
    """A principal in words."""
    if principal == "*":
        return _("everybody")
    if known := NAMED.fullmatch(principal):
        kind, facts = known["kind"], {"account": known["account"], "name": known["name"]}
        if kind == "user":
            return _("user %(name)s of account %(account)s") % facts
        if kind == "role":
            return _("role %(name)s of account %(account)s") % facts
        return _("identity provider %(name)s") % facts
    account = principal.removeprefix("arn:aws:iam::").removesuffix(":root")
    if account.isdecimal() and len(account) == 12:
        return _("account %(account)s") % {"account": account}
    return principal


def _what(statement: dict[str, Any]) -> list[str]:
    """The actions in words: what belongs to pulling or pushing in one word each, the others by name."""
    if "NotAction" in statement:
        return [_("everything but %(actions)s") % {"actions": ", ".join(_texts(statement["NotAction"]))}]
    named = {each.partition(":")[2] or each for each in _texts(statement.get("Action", []))}
    if named & {"*"}:
        return [_("everything")]
    words = []
    for actions, word in ((PULL, _("pull")), (PUSH, _("push"))):
        if named >= set(actions):
            words.append(word)
            named -= set(actions)
    return words + sorted(named)


def _conditions(conditions: dict[str, Any]) -> Iterable[str]:
    for operator, keys in conditions.items():
        for key, values in keys.items() if isinstance(keys, dict) else ():
            yield f"{key} {operator} {', '.join(_texts(values))}"
