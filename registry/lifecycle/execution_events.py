"""Writes into the trail what a policy did, as CloudTrail's PolicyExecutionEvent. One event for a batch of images."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import addresses
from registry.lifecycle.evaluation import Decision, ImageFacts
from registry.lifecycle.grammar import Rule
from registry.models import Repository

MOST_TAGS: Final = 100


def record(
    caller: Caller,
    repository: Repository,
    rules: Sequence[Rule],
    batch: Iterable[Decision],
    known: Mapping[str, ImageFacts],
) -> None:
    """Write one event, inside the transaction that acts on the images."""
    arn = addresses.arn(repository.address)
    evaluated_at = repository.lifecycle_evaluated_at
    policy = {
        "lifecycleEventRules": [_rule(rule) for rule in rules],
        "lastEvaluatedAt": int(evaluated_at.timestamp() * 1000) if evaluated_at else 0,
        "policyVersion": 1,
        "policyId": str(uuid5(NAMESPACE_URL, f"{arn} {repository.lifecycle_policy_text}")),
    }
    details = {
        "repositoryName": repository.name,
        "lifecycleEventPolicy": policy,
        "lifecycleEventImageActions": [
            {"lifecycleEventImage": _image(known[decision.digest]), "rulePriority": decision.rule} for decision in batch
        ],
        "lifecycleEventFailureDetails": [],
    }
    trail.record(caller, Action.POLICY_EXECUTION_EVENT, arn, details=details)


def _rule(rule: Rule) -> dict[str, Any]:
    selection: dict[str, Any] = {
        "tagStatus": rule.tag_status.capitalize(),
        "tagPrefixList": list(rule.prefixes),
        "tagPatternList": list(rule.patterns),
        "storageClass": rule.storage_class,
        "countType": rule.count_type,
        "countNumber": rule.count,
    }
    if rule.count_type.startswith("since"):
        selection["countUnit"] = "Days"
    return {
        "rulePriority": rule.priority,
        "description": rule.description,
        "lifecycleEventSelection": selection,
        "action": rule.action,
    }


def _image(image: ImageFacts) -> dict[str, Any]:
    return {
        "digest": image.digest,
        "tagStatus": "Tagged" if image.tags else "Untagged",
        "tagList": list(image.tags[:MOST_TAGS]),
        "pushedAt": int(image.pushed_at.timestamp() * 1000),
    }
