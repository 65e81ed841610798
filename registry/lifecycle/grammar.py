"""The text of a lifecycle policy -> rules, or what is wrong with it and where. Pure.

Beyond ECR's grammar: `expire` with `sinceImagePulled`, the count type `sinceImageTagged`, and the action `retain`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from accounts.iam.policy import Problem
from accounts.iam.reader import Reader, Unreadable, at

MOST_RULES: Final = 50
MOST_STARS: Final = 4
LEAST_DAYS_ARCHIVED: Final = 90
TAGGED, UNTAGGED, ANY = "tagged", "untagged", "any"
STANDARD, ARCHIVE = "standard", "archive"
EXPIRE, TRANSITION, RETAIN = "expire", "transition", "retain"
COUNT_MORE_THAN: Final = "imageCountMoreThan"
SINCE_PULLED: Final = "sinceImagePulled"
SINCE_TRANSITIONED: Final = "sinceImageTransitioned"
SINCE_PUSHED: Final = "sinceImagePushed"
SINCE_TAGGED: Final = "sinceImageTagged"
SINCE: Final = (SINCE_PUSHED, SINCE_PULLED, SINCE_TRANSITIONED, SINCE_TAGGED)


@dataclass(frozen=True, slots=True)
class Rule:
    """Which images, and what becomes of them. Names are those of the policy; `prefixes` and `patterns` are of tags.

    A rule that retains has no count: `count_type` is empty and `count` 0.
    """

    priority: int
    description: str
    tag_status: str
    prefixes: tuple[str, ...]
    patterns: tuple[str, ...]
    storage_class: str
    count_type: str
    count: int
    action: str


class LifecyclePolicyInvalid(ValueError):
    """The text is no lifecycle policy; `problems` say where and why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        super().__init__(f"line {first.line}, column {first.column}: {first.path or 'the policy'} {first.message}")
        self.problems = problems


def parse(text: str) -> tuple[Rule, ...]:
    """Read a policy; its rules by priority. LifecyclePolicyInvalid."""
    reader = Reader(text)
    try:
        value = reader.read()
    except Unreadable as error:
        raise LifecyclePolicyInvalid((Problem("", *at(text, error.position), str(error)),)) from error
    found = _Grammar(reader)
    rules = found.policy(value)
    if found.problems:
        raise LifecyclePolicyInvalid(tuple(sorted(found.problems, key=lambda each: (each.line, each.column))))
    return rules


class _Grammar:
    """One pass over a value; everything that is wrong is noted, not only the first."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.problems: list[Problem] = []
        for path in reader.repeated:
            self._wrong(path, "stands there twice")

    def policy(self, value: Any) -> tuple[Rule, ...]:
        if not self._object("", value, {"rules"}, {"rules"}):
            return ()
        listed = value["rules"]
        if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_RULES:
            self._wrong("rules", f"takes a list of 1 to {MOST_RULES} rules")
            return ()
        rules = [rule for number, each in enumerate(listed) if (rule := self._rule(f"rules[{number}]", each))]
        if not self.problems:
            self._together(rules)
        return tuple(sorted(rules, key=lambda each: each.priority))

    def _rule(self, path: str, value: Any) -> Rule | None:
        known = {"rulePriority", "description", "selection", "action"}
        if not self._object(path, value, known, known - {"description"}):
            return None
        priority, description = value["rulePriority"], value.get("description", "")
        if not _is_number(priority):
            self._wrong(f"{path}.rulePriority", "takes a whole number from 1")
        if not isinstance(description, str):
            self._wrong(f"{path}.description", "takes text")
        action = self._action(f"{path}.action", value["action"])
        place, selection = f"{path}.selection", value["selection"]
        members = {
            "tagStatus", "tagPatternList", "tagPrefixList", "storageClass", "countType", "countUnit", "countNumber",
        }  # fmt: skip
        counted = set() if action == RETAIN else {"countType", "countNumber"}
        if not self._object(place, selection, members, {"tagStatus", *counted}):
            return None
        prefixes, patterns = self._tags(place, selection)
        storage_class = self._word(f"{place}.storageClass", selection.get("storageClass", STANDARD), STANDARD, ARCHIVE)
        if action == RETAIN:
            count_type = self._uncounted(place, selection)
        else:
            count_type = self._count(place, selection, storage_class, action)
        if not (_is_number(priority) and isinstance(description, str)) or self.problems:
            return None
        return Rule(
            priority,
            description,
            selection["tagStatus"],
            prefixes,
            patterns,
            storage_class,
            count_type,
            selection.get("countNumber", 0),
            action,
        )

    def _action(self, path: str, value: Any) -> str:
        if not self._object(path, value, {"type", "targetStorageClass"}, {"type"}):
            return ""
        kind = self._word(f"{path}.type", value["type"], EXPIRE, TRANSITION, RETAIN)
        target = value.get("targetStorageClass")
        if kind == TRANSITION and target != ARCHIVE:
            self._wrong(f"{path}.targetStorageClass", f"takes {ARCHIVE}, the only class that images go to")
        if kind in {EXPIRE, RETAIN} and target is not None:
            self._wrong(f"{path}.targetStorageClass", f"goes with {TRANSITION} only")
        return kind

    def _tags(self, path: str, value: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        status = self._word(f"{path}.tagStatus", value["tagStatus"], TAGGED, UNTAGGED, ANY)
        given = [name for name in ("tagPatternList", "tagPrefixList") if name in value]
        lists = {name: self._texts(f"{path}.{name}", value[name]) for name in given}
        if status == TAGGED and len(given) != 1:
            self._wrong(path, "needs one of tagPatternList and tagPrefixList, and not both")
        if status in {UNTAGGED, ANY} and given:
            self._wrong(f"{path}.{given[0]}", f"goes with tagStatus {TAGGED} only")
        for number, pattern in enumerate(lists.get("tagPatternList", ())):
            if pattern.count("*") > MOST_STARS:
                self._wrong(f"{path}.tagPatternList[{number}]", f"has more than {MOST_STARS} *")
        return lists.get("tagPrefixList", ()), lists.get("tagPatternList", ())

    def _texts(self, path: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not value or not all(isinstance(each, str) and each for each in value):
            self._wrong(path, "takes a list of texts")
            return ()
        if len(set(value)) != len(value):
            self._wrong(path, "names one text twice")
        return tuple(value)

    def _count(self, path: str, value: Mapping[str, Any], storage_class: str, action: str) -> str:
        kind = self._word(f"{path}.countType", value["countType"], COUNT_MORE_THAN, *SINCE)
        number, unit = value["countNumber"], value.get("countUnit")
        if not _is_number(number):
            self._wrong(f"{path}.countNumber", "takes a whole number from 1")
        if kind in SINCE and unit != "days":
            self._wrong(f"{path}.countUnit", f"takes days, which {kind} needs")
        if kind == COUNT_MORE_THAN and unit is not None:
            self._wrong(f"{path}.countUnit", f"does not go with {COUNT_MORE_THAN}")
        if kind == SINCE_TRANSITIONED:
            if action == TRANSITION:
                self._wrong(f"{path}.countType", f"{SINCE_TRANSITIONED} goes with {EXPIRE} only")
            if storage_class != ARCHIVE:
                self._wrong(f"{path}.storageClass", f"takes {ARCHIVE} with {SINCE_TRANSITIONED}")
            if _is_number(number) and number < LEAST_DAYS_ARCHIVED:
                self._wrong(f"{path}.countNumber", f"takes at least {LEAST_DAYS_ARCHIVED} with {SINCE_TRANSITIONED}")
        if action == TRANSITION and storage_class == ARCHIVE:
            self._wrong(f"{path}.storageClass", "is where images go already")
        return kind

    def _uncounted(self, path: str, value: Mapping[str, Any]) -> str:
        """A rule that retains keeps all that it selects."""
        for name in ("countType", "countUnit", "countNumber"):
            if name in value:
                self._wrong(f"{path}.{name}", f"does not go with {RETAIN}, which keeps all that it selects")
        return ""

    def _together(self, rules: list[Rule]) -> None:
        """What one rule may not say because of another."""
        priorities: dict[int, int] = {}
        untagged: dict[str, int] = {}
        prefixes: dict[tuple[str, str], int] = {}
        for number, rule in enumerate(rules):
            path = f"rules[{number}]"
            if priorities.setdefault(rule.priority, number) != number:
                self._wrong(f"{path}.rulePriority", f"is that of rules[{priorities[rule.priority]}]")
            if rule.tag_status == UNTAGGED and untagged.setdefault(rule.storage_class, number) != number:
                said = f"there is a rule for untagged images of class {rule.storage_class} already"
                self._wrong(f"{path}.selection.tagStatus", said)
            for prefix in rule.prefixes:
                if prefixes.setdefault((rule.storage_class, prefix), number) != number:
                    said = f"the prefix {prefix} stands in rules[{prefixes[rule.storage_class, prefix]}]"
                    self._wrong(f"{path}.selection.tagPrefixList", said)
        last: dict[str, int] = {}
        for rule in rules:
            last[rule.storage_class] = max(rule.priority, last.get(rule.storage_class, 0))
        for number, rule in enumerate(rules):
            if rule.tag_status == ANY and rule.priority != last[rule.storage_class]:
                said = f"of a rule for {ANY} has to be the highest number of class {rule.storage_class}"
                self._wrong(f"rules[{number}].rulePriority", said)

    def _object(self, path: str, value: Any, known: set[str], required: set[str]) -> bool:
        if not isinstance(value, dict):
            self._wrong(path, "takes an object")
            return False
        for name in value.keys() - known:
            self._wrong(f"{path}.{name}" if path else name, "is not an element of a lifecycle policy")
        missing = sorted(required - value.keys())
        if missing:
            self._wrong(path, f"lacks {', '.join(missing)}")
        return not missing

    def _word(self, path: str, value: Any, *known: str) -> str:
        if isinstance(value, str) and value in known:
            return value
        self._wrong(path, f"takes {', '.join(known)}")
        return ""

    def _wrong(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, *self._reader.line_and_column(path), message))


def _is_number(value: Any) -> bool:
    """Whether it is a whole number from 1; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**31
