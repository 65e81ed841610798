"""Turns the JSON of a policy into statements, and collects what is wrong with it on the way."""

import re
from collections.abc import Iterable
from typing import Any, Final

from accounts.iam import principals
from accounts.iam.conditions import Condition, compile_condition
from accounts.iam.matching import Pattern, like
from accounts.iam.policy import Kind, Policy, Problem
from accounts.iam.principals import Principals
from accounts.iam.reader import Reader
from accounts.iam.statement import Actions, Resources, Statement

VERSIONS: Final = ("2008-10-17", "2012-10-17")
ACTION: Final = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
SID: Final = re.compile(r"[\w .:+=,@/-]{0,128}", re.ASCII)
OF_POLICY: Final = frozenset({"Version", "Id", "Statement"})
OF_STATEMENT: Final = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
WITH_PRINCIPAL: Final = frozenset({Kind.REPOSITORY, Kind.REGISTRY, Kind.TRUST})
WITH_RESOURCE: Final = frozenset({Kind.IDENTITY, Kind.SESSION, Kind.REGISTRY})
MOST_STATEMENTS: Final = 500


class Grammar:
    """Reads one policy; `problems` collects everything that is wrong, so that a person sees all of it at once."""

    def __init__(self, kind: Kind, reader: Reader) -> None:
        self._kind = kind
        self._reader = reader
        self._variables = False
        self.problems: list[Problem] = []

    def policy(self, value: Any) -> Policy | None:
        """Compile the whole; None if it is too broken."""
        for path in self._reader.repeated:
            self._wrong(path, "stands there twice")
        if not isinstance(value, dict):
            self._wrong("", "is not a JSON object")
            return None
        self._unknown("", value, OF_POLICY)
        version = value.get("Version", VERSIONS[0])
        if version not in VERSIONS:
            self._wrong("Version", "is not 2012-10-17 or 2008-10-17")
        self._variables = version == VERSIONS[1]
        found = value.get("Statement")
        is_one = isinstance(found, dict)
        listed = [found] if is_one else found
        if not isinstance(listed, list) or not listed:
            self._wrong("Statement", "needs at least one statement")
            return None
        if len(listed) > MOST_STATEMENTS:
            self._wrong("Statement", f"has more than {MOST_STATEMENTS} statements")
            return None
        statements = [
            self._statement("Statement" if is_one else f"Statement[{n}]", each) for n, each in enumerate(listed)
        ]
        self._sids(listed, is_one=is_one)
        return Policy(self._kind, str(version), tuple(each for each in statements if each is not None))

    def _statement(self, path: str, value: Any) -> Statement | None:
        if not isinstance(value, dict):
            self._wrong(path, "is not a JSON object")
            return None
        self._unknown(path, value, OF_STATEMENT)
        sid = value.get("Sid", "")
        if not isinstance(sid, str) or not SID.fullmatch(sid):
            self._wrong(f"{path}.Sid", "takes letters, digits, spaces and . : + = , @ / _ -")
            sid = ""
        effect = value.get("Effect")
        if effect not in ("Allow", "Deny"):
            self._wrong(f"{path}.Effect", "is not Allow or Deny")
        statement = Statement(
            label=sid or path,
            allows=effect == "Allow",
            actions=self._actions(path, value),
            resources=self._resources(path, value),
            principals=self._principals(path, value, allows=effect == "Allow"),
            conditions=self._conditions(path, value),
        )
        self._warn(path, statement)
        return statement

    def _one_of(self, path: str, value: dict[str, Any], name: str) -> tuple[str, bool] | None:
        """Which of `Name` and `NotName` the statement has: its path, and whether it is the second."""
        there = [each for each in (name, f"Not{name}") if each in value]
        if len(there) != 1:
            both = f"has both {name} and Not{name}" if there else f"has neither {name} nor Not{name}"
            self._wrong(path, both)
            return None
        return there[0], there[0] != name

    def _actions(self, path: str, value: dict[str, Any]) -> Actions:
        found = self._one_of(path, value, "Action")
        if found is None:
            return Actions(frozenset(), ())
        name, negated = found
        texts = []
        for place, text in self._texts(f"{path}.{name}", value[name]):
            if ACTION.fullmatch(text):
                texts.append(text.lower())
            else:
                self._wrong(place, f"{text!r} is not an action such as ecr:PutImage or ecr:*")
        names = frozenset(text for text in texts if "*" not in text and "?" not in text)
        return Actions(names, tuple(like(text) for text in texts if text not in names), negated)

    def _resources(self, path: str, value: dict[str, Any]) -> Resources | None:
        if self._kind not in WITH_RESOURCE:
            for name in ("Resource", "NotResource"):
                if name in value:
                    self._wrong(f"{path}.{name}", f"has no place in a {self._kind} policy")
            return None
        found = self._one_of(path, value, "Resource")
        if found is None:
            return Resources(())
        name, negated = found
        patterns = []
        for place, text in self._texts(f"{path}.{name}", value[name]):
            if text != "*" and not (text.startswith("arn:") and text.count(":") >= 5) and "${" not in text:
                self._wrong(place, f"{text!r} is not an ARN or *")
                continue
            try:
                patterns.append(Pattern.of(text, like, variables=self._variables))
            except ValueError as error:
                self._wrong(place, str(error))
        return Resources(tuple(patterns), negated)

    def _principals(self, path: str, value: dict[str, Any], *, allows: bool) -> Principals | None:
        if self._kind not in WITH_PRINCIPAL:
            for name in ("Principal", "NotPrincipal"):
                if name in value:
                    self._wrong(f"{path}.{name}", f"has no place in an {self._kind} policy")
            return None
        found = self._one_of(path, value, "Principal")
        if found is None:
            return Principals()
        name, negated = found
        if negated and allows:
            self._wrong(f"{path}.{name}", "may only be denied: with Allow it would let everybody else in")
        given = value[name]
        if given == "*":
            return Principals(everyone=True, negated=negated)
        if not isinstance(given, dict) or not given:
            self._wrong(f"{path}.{name}", 'is not "*" or an object such as {"AWS": "111122223333"}')
            return Principals()
        fields: dict[str, set[str]] = {"everyone": set(), "accounts": set(), "arns": set()}
        for kind, texts in given.items():
            for place, text in self._texts(f"{path}.{name}.{kind}", texts):
                try:
                    where, what = principals.read(kind, text)
                except ValueError as error:
                    self._wrong(place, f"{text!r} {error}")
                else:
                    fields[where].add(what)
        accounts, arns = frozenset(fields["accounts"]), frozenset(fields["arns"])
        return Principals(bool(fields["everyone"]), accounts, arns, negated)

    def _conditions(self, path: str, value: dict[str, Any]) -> tuple[Condition, ...]:
        given = value.get("Condition", {})
        place = f"{path}.Condition"
        if not isinstance(given, dict):
            self._wrong(place, "is not a JSON object")
            return ()
        found = []
        for operator, keys in given.items():
            if not isinstance(keys, dict) or not keys:
                self._wrong(f"{place}.{operator}", "is not an object of condition keys")
                continue
            for key, values in keys.items():
                where = f"{place}.{operator}.{key}"
                texts = tuple(text for _, text in self._texts(where, values, scalars=True))
                try:
                    found.append(compile_condition(operator, key, texts, variables=self._variables))
                except ValueError as error:
                    self._wrong(where, str(error))
        return tuple(found)

    def _texts(self, path: str, value: Any, *, scalars: bool = False) -> Iterable[tuple[str, str]]:
        """Each text of a value that is one or a list, with its path; numbers and truth values too if `scalars`."""
        listed = (
            [(f"{path}[{n}]", each) for n, each in enumerate(value)] if isinstance(value, list) else [(path, value)]
        )
        if not listed:
            self._wrong(path, "is empty")
        texts = []
        for place, each in listed:
            if isinstance(each, str):
                texts.append((place, each))
            elif scalars and isinstance(each, (bool, int, float)):
                texts.append((place, str(each).lower() if isinstance(each, bool) else str(each)))
            else:
                self._wrong(place, "is not a text")
        return texts

    def _sids(self, listed: list[Any], *, is_one: bool) -> None:
        """Sids are unique, but in repository policies, where ECR takes them twice."""
        if self._kind is Kind.REPOSITORY or is_one:
            return
        seen: set[str] = set()
        for number, each in enumerate(listed):
            sid = each.get("Sid") if isinstance(each, dict) else None
            if isinstance(sid, str) and sid:
                if sid in seen:
                    self._wrong(f"Statement[{number}].Sid", f"{sid!r} stands there twice")
                seen.add(sid)

    def _warn(self, path: str, statement: Statement) -> None:
        """Say what is legal but hardly meant."""
        who = statement.principals
        if not statement.allows or who is None:
            return
        keys = {condition.key for condition in statement.conditions}
        if who.everyone and not keys:
            self._wrong(f"{path}.Principal", "lets everybody in who has an account here", is_warning=True)
        if self._kind is Kind.TRUST and any("oidc-provider/" in each for each in who.arns):
            names = {key.rpartition(":")[2] for key in keys}
            if not {"aud", "sub"} <= names:
                said = "lets in every identity of the provider; add conditions on its :aud and :sub"
                self._wrong(f"{path}.Principal", said, is_warning=True)

    def _unknown(self, path: str, value: dict[str, Any], known: frozenset[str]) -> None:
        for name in value.keys() - known:
            self._wrong(f"{path}.{name}" if path else name, "is not an element of a policy")

    def _wrong(self, path: str, message: str, *, is_warning: bool = False) -> None:
        self.problems.append(Problem(path, *self._reader.line_and_column(path), message, is_warning))
