"""Lifecycle policies: what is one, and where the others are wrong."""

import json
from typing import Any

import pytest

from registry.lifecycle import grammar
from registry.lifecycle.grammar import LifecyclePolicyInvalid, Rule

UNTAGGED = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}


def rule(priority: int = 1, *, action: Any = None, **selection: Any) -> dict[str, Any]:
    """A rule; what is None is left out."""
    chosen = {name: value for name, value in (UNTAGGED | selection).items() if value is not None}
    return {"rulePriority": priority, "selection": chosen, "action": action or {"type": "expire"}}


def text(*rules: Any) -> str:
    """A policy."""
    return json.dumps({"rules": list(rules)}, indent=2)


def test_it_works() -> None:
    rules = grammar.parse(
        text(
            rule(20, tagStatus="any", countType="imageCountMoreThan", countUnit=None, countNumber=100),
            rule(1) | {"description": "untagged go"},
            rule(2, tagStatus="tagged", tagPatternList=["v*", "*-rc*"]),
            rule(
                3,
                tagStatus="tagged",
                tagPrefixList=["prod"],
                countType="sinceImagePulled",
                action={"type": "transition", "targetStorageClass": "archive"},
            ),
            rule(
                4,
                tagStatus="tagged",
                tagPrefixList=["prod"],
                storageClass="archive",
                countType="sinceImageTransitioned",
                countNumber=90,
            ),
        )
    )
    assert [each.priority for each in rules] == [1, 2, 3, 4, 20]
    assert rules[0] == Rule(1, "untagged go", "untagged", (), (), "standard", "sinceImagePushed", 14, "expire")
    assert (rules[1].patterns, rules[2].prefixes, rules[3].storage_class) == (("v*", "*-rc*"), ("prod",), "archive")


def test_each_class_may_have_a_rule_for_all_its_images() -> None:
    """As in the policy to archive and delete of Terraform's documentation."""
    old = rule(1, tagStatus="any", countType="sinceImagePulled", countNumber=90, action=TRANSITION)
    archived = {"storageClass": "archive", "countType": "sinceImageTransitioned", "countNumber": 365}
    rules = grammar.parse(text(old, rule(2, tagStatus="any", **archived)))
    assert [(each.storage_class, each.action) for each in rules] == [("standard", "transition"), ("archive", "expire")]


def test_what_is_beyond_ecr() -> None:
    """Expire by the last pull, count from the last tag, retain without a count."""
    rules = grammar.parse(
        text(
            rule(1, tagStatus="tagged", tagPrefixList=["prod"], countType=None, countUnit=None, countNumber=None)
            | {"action": {"type": "retain"}},
            rule(2, countType="sinceImagePulled"),
            rule(3, tagStatus="any", countType="sinceImageTagged"),
        )
    )
    assert (rules[0].action, rules[0].count_type, rules[0].count) == ("retain", "", 0)
    assert [(each.action, each.count_type) for each in rules[1:]] == [
        ("expire", "sinceImagePulled"),
        ("expire", "sinceImageTagged"),
    ]


TRANSITION = {"type": "transition", "targetStorageClass": "archive"}


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ("{", ""),
        ("[]", ""),
        ("{}", ""),
        (json.dumps({"rules": [], "version": 1}), "version"),
        (text(), "rules"),
        (text(*(rule(number) for number in range(1, 52))), "rules"),
        (text({"rulePriority": 1}), "rules[0]"),
        (text(rule() | {"name": "x"}), "rules[0].name"),
        (text(rule(0)), "rules[0].rulePriority"),
        (text(rule(True)), "rules[0].rulePriority"),
        (text(rule() | {"description": 1}), "rules[0].description"),
        (text(rule(tagStatus="some")), "rules[0].selection.tagStatus"),
        (text(rule(tagStatus="tagged")), "rules[0].selection"),
        (text(rule(tagStatus="tagged", tagPrefixList=["a"], tagPatternList=["a*"])), "rules[0].selection"),
        (text(rule(tagPrefixList=["a"])), "rules[0].selection.tagPrefixList"),
        (text(rule(tagStatus="tagged", tagPrefixList=[])), "rules[0].selection.tagPrefixList"),
        (text(rule(tagStatus="tagged", tagPrefixList="a")), "rules[0].selection.tagPrefixList"),
        (text(rule(tagStatus="tagged", tagPatternList=["a", "a"])), "rules[0].selection.tagPatternList"),
        (text(rule(tagStatus="tagged", tagPatternList=["*a*b*c*d*"])), "rules[0].selection.tagPatternList[0]"),
        (text(rule(countType="sinceEver")), "rules[0].selection.countType"),
        (text(rule(countUnit=None)), "rules[0].selection.countUnit"),
        (text(rule(countUnit="weeks")), "rules[0].selection.countUnit"),
        (text(rule(countType="imageCountMoreThan")), "rules[0].selection.countUnit"),
        (text(rule(countNumber=0)), "rules[0].selection.countNumber"),
        (text(rule(countNumber=1.5)), "rules[0].selection.countNumber"),
        (text(rule(action={"type": "retain"})), "rules[0].selection.countNumber"),
        (text(rule(action={"type": "retain", "targetStorageClass": "archive"})), "rules[0].action.targetStorageClass"),
        (text(rule(countType="sinceImageTransitioned", countNumber=90)), "rules[0].selection.storageClass"),
        (
            text(rule(countType="sinceImageTransitioned", storageClass="archive")),
            "rules[0].selection.countNumber",
        ),
        (
            text(rule(countType="sinceImageTransitioned", storageClass="archive", countNumber=90, action=TRANSITION)),
            "rules[0].selection.countType",
        ),
        (text(rule(storageClass="archive", action=TRANSITION)), "rules[0].selection.storageClass"),
        (text(rule(storageClass="cold")), "rules[0].selection.storageClass"),
        (text(rule(action={"type": "burn"})), "rules[0].action.type"),
        (text(rule(action={"type": "transition"})), "rules[0].action.targetStorageClass"),
        (text(rule(action={"type": "expire", "targetStorageClass": "archive"})), "rules[0].action.targetStorageClass"),
        (text(rule(1), rule(1, storageClass="archive")), "rules[1].rulePriority"),
        (text(rule(1), rule(2)), "rules[1].selection.tagStatus"),
        (
            text(*(rule(number, tagStatus="tagged", tagPrefixList=["a"]) for number in (1, 2))),
            "rules[1].selection.tagPrefixList",
        ),
        (text(rule(1, tagStatus="any"), rule(2)), "rules[0].rulePriority"),
        (text(rule(1, tagStatus="any"), rule(2, tagStatus="any")), "rules[0].rulePriority"),
        ('{"rules": 1, "rules": []}', "rules"),
        ("[" * 100, ""),
        (text(rule(77)).replace("77", "9" * 5000), ""),
        (text(rule() | {"description": "\ud800"}), ""),
        (text(rule() | {"description": "\0"}), ""),
    ],
)
def test_what_is_wrong_has_a_place(wrong: str, path: str) -> None:
    with pytest.raises(LifecyclePolicyInvalid) as caught:
        grammar.parse(wrong)
    first = caught.value.problems[0]
    assert path in {each.path for each in caught.value.problems}, caught.value.problems
    assert first.line >= 1 and first.column >= 1 and str(caught.value)


def test_everything_that_is_wrong_is_named_with_its_line() -> None:
    with pytest.raises(LifecyclePolicyInvalid) as caught:
        grammar.parse(text(rule(0), rule(2, countNumber=0)))
    assert [(each.path, each.line) for each in caught.value.problems] == [
        ("rules[0].rulePriority", 4),
        ("rules[1].selection.countNumber", 21),
    ]
