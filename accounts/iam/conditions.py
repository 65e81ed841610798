"""Condition operators: one condition is an operator, a key, and the values that it is compared with.

IAM User Guide: "IAM JSON policy elements: Condition operators", "Set operators for multi-valued context keys".
"""

import base64
import binascii
import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

from accounts.iam.matching import Context, Pattern, Test, equal, equal_any_case, like

ANY, ALL = "ForAnyValue", "ForAllValues"
Compare = Callable[[str, Context], bool]


@dataclass(frozen=True, slots=True)
class Condition:
    """`holds` says whether a request meets it; `key` is in lower case, `values` are as the policy writes them."""

    operator: str
    key: str
    values: tuple[str, ...]
    compares: tuple[Compare, ...]
    negated: bool = False
    qualifier: str = ""
    if_exists: bool = False

    def holds(self, context: Context) -> bool:
        """Whether the request meets the condition."""
        have = context.get(self.key)
        if self.operator == "Null":
            return ("true" if have is None else "false") in self.values
        if have is None:
            return self.if_exists or self.qualifier == ALL or (self.negated and self.qualifier != ANY)
        if self.qualifier == ALL:
            return all(self._meets(value, context) for value in have)
        if self.qualifier == ANY or not self.negated:
            return any(self._meets(value, context) for value in have)
        return all(self._meets(value, context) for value in have)

    def _meets(self, value: str, context: Context) -> bool:
        """Whether one value of the request meets it."""
        return any(compare(value, context) for compare in self.compares) is not self.negated


@dataclass(frozen=True, slots=True)
class _Operator:
    """Makes the comparison with one value of a policy; ValueError if the value is of another type."""

    make: Callable[[str, bool], Compare]
    negated: bool = False


def _pattern(make: Callable[[str], Test]) -> Callable[[str, bool], Compare]:
    return lambda text, variables: Pattern.of(text, make, variables=variables).matches


def _arn_like(text: str) -> Test:
    """A test for ARNs: the six parts are compared one by one, so that no star reaches over a colon."""
    parts = [like(part) for part in text.split(":", 5)]

    def test(value: str) -> bool:
        given = value.split(":", 5)
        return len(given) == len(parts) and all(part(own) for part, own in zip(parts, given, strict=True))

    return test


def _arn(text: str, variables: bool) -> Compare:
    if text != "*" and len(text.split(":", 5)) != 6:
        raise ValueError("is not an ARN")
    return Pattern.of(text, like if text == "*" else _arn_like, variables=variables).matches


def _ordered(read: Callable[[str], Any], relation: Callable[[Any, Any], bool]) -> Callable[[str, bool], Compare]:
    """Compare values of a type that `read` makes; what can't be read in a request never meets."""

    def make(text: str, variables: bool) -> Compare:
        wanted = read(text)

        def compare(value: str, context: Context) -> bool:
            try:
                return relation(read(value), wanted)
            except ValueError:
                return False

        return compare

    return make


def number(text: str) -> Decimal:
    """Read a number; ValueError."""
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("is not a number") from error
    if not value.is_finite():
        raise ValueError("is not a number")
    return value


def date(text: str) -> datetime:
    """Read an ISO 8601 date or seconds since 1970; ValueError."""
    try:
        if text.isascii() and text.isdecimal():
            return datetime.fromtimestamp(int(text), UTC)
        read = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError("is not a date such as 2026-01-31T00:00:00Z") from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def boolean(text: str) -> bool:
    """Read true or false; ValueError."""
    if text.lower() not in {"true", "false"}:
        raise ValueError("is not true or false")
    return text.lower() == "true"


def binary(text: str) -> bytes:
    """Read base64; ValueError."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("is not base64") from error


def address(text: str) -> IPv4Address | IPv6Address:
    """Read an address; a mapped IPv4 address is that IPv4 address. ValueError."""
    read = ip_address(text)
    return getattr(read, "ipv4_mapped", None) or read


def _network(text: str, variables: bool) -> Compare:
    try:
        network = ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError("is not an address or a network such as 192.0.2.0/24") from error

    def compare(value: str, context: Context) -> bool:
        try:
            return address(value) in network
        except ValueError:
            return False

    return compare


def _never(text: str, variables: bool) -> Compare:
    boolean(text)
    return lambda value, context: False


_STRINGS: Final = {
    "StringEquals": _pattern(equal),
    "StringEqualsIgnoreCase": _pattern(equal_any_case),
    "StringLike": _pattern(like),
    "ArnEquals": _arn,
    "ArnLike": _arn,
    "IpAddress": _network,
    "NumericEquals": _ordered(number, operator.eq),
    "DateEquals": _ordered(date, operator.eq),
}
OPERATORS: Final[dict[str, _Operator]] = {
    **{name: _Operator(make) for name, make in _STRINGS.items()},
    "StringNotEquals": _Operator(_pattern(equal), negated=True),
    "StringNotEqualsIgnoreCase": _Operator(_pattern(equal_any_case), negated=True),
    "StringNotLike": _Operator(_pattern(like), negated=True),
    "ArnNotEquals": _Operator(_arn, negated=True),
    "ArnNotLike": _Operator(_arn, negated=True),
    "NotIpAddress": _Operator(_network, negated=True),
    "NumericNotEquals": _Operator(_ordered(number, operator.eq), negated=True),
    "NumericLessThan": _Operator(_ordered(number, operator.lt)),
    "NumericLessThanEquals": _Operator(_ordered(number, operator.le)),
    "NumericGreaterThan": _Operator(_ordered(number, operator.gt)),
    "NumericGreaterThanEquals": _Operator(_ordered(number, operator.ge)),
    "DateNotEquals": _Operator(_ordered(date, operator.eq), negated=True),
    "DateLessThan": _Operator(_ordered(date, operator.lt)),
    "DateLessThanEquals": _Operator(_ordered(date, operator.le)),
    "DateGreaterThan": _Operator(_ordered(date, operator.gt)),
    "DateGreaterThanEquals": _Operator(_ordered(date, operator.ge)),
    "Bool": _Operator(_ordered(boolean, operator.eq)),
    "BinaryEquals": _Operator(_ordered(binary, operator.eq)),
    "Null": _Operator(_never),
}
_BY_LOWER: Final = {name.lower(): name for name in OPERATORS}


def compile_condition(name: str, key: str, values: tuple[str, ...], *, variables: bool) -> Condition:
    """Compile one condition. ValueError says what is wrong with the operator or a value."""
    qualifier, colon, rest = name.rpartition(":")
    if colon and qualifier not in {ANY, ALL}:
        raise ValueError(f"is not a condition operator: {name}")
    bare = rest.removesuffix("IfExists")
    known = _BY_LOWER.get(bare.lower())
    if known is None or (known == "Null" and (bare != rest or colon)):
        raise ValueError(f"is not a condition operator: {name}")
    kind = OPERATORS[known]
    compares = []
    for value in values:
        try:
            compares.append(kind.make(value, variables))
        except ValueError as error:
            raise ValueError(f"{value!r} {error}") from error
    kept = tuple(value.lower() for value in values) if known == "Null" else values
    return Condition(known, key.lower(), kept, tuple(compares), kind.negated, qualifier, bare != rest)
