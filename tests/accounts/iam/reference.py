"""A slow, obvious evaluator of raw policies, to compare the engine with: it shares no code with it.

It knows what the generated cases hold: StringEquals, StringLike, StringNotEquals, Null, IfExists, set operators,
wildcards, and one variable.
"""

from typing import Any


def like(text: str, pattern: str) -> bool:
    """Wildcards by recursion."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(like(text[start:], pattern[1:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and like(text[1:], pattern[1:])


def listed(value: Any) -> list[Any]:
    """One or several."""
    return value if isinstance(value, list) else [value]


def meets(operator: str, have: list[str] | None, wanted: list[str], context: dict[str, tuple[str, ...]]) -> bool:
    """One condition on one key."""
    each, _, bare = operator.rpartition(":")
    optional = bare.endswith("IfExists")
    bare = bare.removesuffix("IfExists")
    if bare == "Null":
        return ("true" if have is None else "false") in wanted
    negative = "Not" in bare
    if have is None:
        if optional or each == "ForAllValues":
            return True
        return negative and each != "ForAnyValue"

    def one(value: str) -> bool:
        hit = False
        for pattern in wanted:
            if pattern == "${aws:username}":
                name = context.get("aws:username")
                hit = hit or (name is not None and value == name[0])
            elif bare == "StringLike":
                hit = hit or like(value, pattern)
            else:
                hit = hit or value == pattern
        return hit != negative

    if each == "ForAllValues" or (negative and not each):
        return all(one(value) for value in have)
    return any(one(value) for value in have)


def applies(statement: dict[str, Any], action: str, arn: str, context: dict[str, tuple[str, ...]]) -> bool:
    """Whether action, resource and conditions fit."""
    for name, value in (("Action", action), ("Resource", arn)):
        if name in statement:
            if not any(like(value, pattern) for pattern in listed(statement[name])):
                return False
        elif f"Not{name}" in statement and any(like(value, each) for each in listed(statement[f"Not{name}"])):
            return False
    for operator, keys in statement.get("Condition", {}).items():
        for key, wanted in keys.items():
            have = context.get(key.lower())
            if not meets(operator, None if have is None else list(have), listed(wanted), context):
                return False
    return True


def naming(statement: dict[str, Any], arn: str, role: str, account: str) -> int:
    """0 not at all, 1 the account, 2 the principal or everybody, 3 the session."""
    negated = "NotPrincipal" in statement
    who = statement.get("NotPrincipal" if negated else "Principal")
    names = ["*"] if who == "*" else listed(who["AWS"])  # type: ignore[index]  # all cases have AWS
    found = 0
    if account in names or f"arn:aws:iam::{account}:root" in names:
        found = 1
    if "*" in names or (role and role in names):
        found = 2
    if arn in names:
        found = 3 if role else 2
    own = [each for each in names if f":{account}:" in each and not each.endswith(":root")]
    if negated and found == 1 and own:
        found = 0
    return (0 if found else 2) if negated else found


def decide(
    identity: list[dict[str, Any]],
    session: list[dict[str, Any]] | None,
    resource: list[dict[str, Any]],
    request: tuple[str, str, str],
    who: tuple[str, str, str],
    context: dict[str, tuple[str, ...]],
) -> bool:
    """Whether (action, ARN, owner) is allowed to (ARN, role, account)."""
    action, target, owner = request
    arn, role, account = who
    mine = [each for each in identity if applies(each, action, target, context)]
    limits = [each for each in session or [] if applies(each, action, target, context)]
    theirs = [each for each in resource if applies(each, action, target, context) and naming(each, *who)]
    if any(each["Effect"] == "Deny" for each in [*mine, *limits, *theirs]):
        return False
    closest = max([naming(each, arn, role, account) for each in theirs], default=0)
    within = session is None or bool(limits)
    if owner == account:
        return closest == 3 or (within and (closest == 2 or bool(mine)))
    return closest > 0 and bool(mine) and within
