"""The text of a lifecycle policy while somebody edits it: rules moved, added, changed, taken away. Texts in and out."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.iam.reader import Reader
from registry.lifecycle import grammar

STARTS: Mapping[str, dict[str, Any]] = {
    "untagged": {
        "description": "untagged images go after 14 days",
        "selection": {
            "tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14,
        },
        "action": {"type": "expire"},
    },
    "newest": {
        "description": "keep the 30 newest images",
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 30},
        "action": {"type": "expire"},
    },
    "unused": {
        "description": "archive what nobody has pulled for 90 days",
        "selection": {"tagStatus": "any", "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 90},
        "action": {"type": "transition", "targetStorageClass": "archive"},
    },
}  # fmt: skip
"""Ready rules, by their name in the address."""


class RuleForm(forms.Form):
    """One rule by fields; what does not go together is told by the grammar."""

    description = forms.CharField(label=_("Description"), max_length=200, required=False)
    tag_status = forms.ChoiceField(
        label=_("Images"),
        choices=[
            ("untagged", _("untagged images")),
            ("prefixes", _("images with tags that begin with …")),
            ("patterns", _("images with tags like …")),
            ("any", _("all images")),
        ],
    )
    tags = forms.CharField(
        label=_("Beginnings or patterns of tags"),
        required=False,
        max_length=2000,
        help_text=_("With commas between them; every one has to match a tag of the image. In patterns * is anything."),
    )
    storage_class = forms.ChoiceField(label=_("Class"), choices=[("standard", _("active")), ("archive", _("archived"))])
    count_type = forms.ChoiceField(
        label=_("When"),
        choices=[
            ("sinceImagePushed", _("so many days after the push")),
            ("imageCountMoreThan", _("when there are more than so many")),
            ("sinceImagePulled", _("so many days after the last pull")),
            ("sinceImageTagged", _("so many days after the last tag (beyond ECR)")),
            ("sinceImageTransitioned", _("so many days after it was archived")),
        ],
    )
    count_number = forms.IntegerField(label=_("How many"), min_value=1, max_value=2**31 - 1, initial=14)
    action = forms.ChoiceField(
        label=_("Then"),
        choices=[
            ("expire", _("delete")),
            ("transition", _("archive")),
            ("retain", _("keep for ever (beyond ECR)")),
        ],
    )

    def as_rule(self) -> dict[str, Any]:
        """The rule as a policy has it, without its priority."""
        given = self.cleaned_data
        is_tagged = given["tag_status"] in {"prefixes", "patterns"}
        selection: dict[str, Any] = {"tagStatus": "tagged" if is_tagged else given["tag_status"]}
        if is_tagged:
            name = "tagPrefixList" if given["tag_status"] == "prefixes" else "tagPatternList"
            selection[name] = [text.strip() for text in given["tags"].split(",") if text.strip()]
        if given["storage_class"] != "standard":
            selection["storageClass"] = given["storage_class"]
        if given["action"] != "retain":
            selection |= {"countType": given["count_type"], "countNumber": given["count_number"]}
            if given["count_type"].startswith("since"):
                selection["countUnit"] = "days"
        action = {"type": given["action"]}
        if given["action"] == "transition":
            action["targetStorageClass"] = "archive"
        described = {"description": given["description"]} if given["description"] else {}
        return described | {"selection": selection, "action": action}


def initial(rule: grammar.Rule) -> dict[str, Any]:
    """What the form shows of a rule."""
    status = rule.tag_status
    if status == grammar.TAGGED:
        status = "patterns" if rule.patterns else "prefixes"
    return {
        "description": rule.description,
        "tag_status": status,
        "tags": ", ".join(rule.patterns or rule.prefixes),
        "storage_class": rule.storage_class,
        "count_type": rule.count_type or "sinceImagePushed",
        "count_number": rule.count or 14,
        "action": rule.action,
    }


def rules_of(text: str) -> list[dict[str, Any]] | None:
    """The rules of a text by priority, if it has some that can be moved; None if it can't be read so far."""
    if not text.strip():
        return []
    try:
        rules = Reader(text).read()["rules"]
        return sorted(rules, key=lambda rule: int(rule["rulePriority"]))
    except (ValueError, TypeError, KeyError, OverflowError):
        return None


def written(rules: list[dict[str, Any]]) -> str:
    """A text of rules; empty without any."""
    ordered = [{"rulePriority": rule["rulePriority"]} | rule for rule in rules]
    return json.dumps({"rules": ordered}, indent=2, ensure_ascii=False) if rules else ""


def with_start(name: str) -> str:
    """A policy of one ready rule."""
    return written([{"rulePriority": 1} | STARTS[name]])


def moved(rules: list[dict[str, Any]], priority: int, step: int) -> list[dict[str, Any]]:
    """Let a rule and its neighbour change places."""
    place = next((place for place, rule in enumerate(rules) if rule["rulePriority"] == priority), None)
    if place is None or not 0 <= place + step < len(rules):
        return rules
    one, other = rules[place], rules[place + step]
    swapped = [*rules]
    swapped[place + step] = one | {"rulePriority": other["rulePriority"]}
    swapped[place] = other | {"rulePriority": one["rulePriority"]}
    return swapped


def without(rules: list[dict[str, Any]], priority: int) -> list[dict[str, Any]]:
    """Take a rule away."""
    return [rule for rule in rules if rule["rulePriority"] != priority]


def with_rule(rules: list[dict[str, Any]], made: dict[str, Any], priority: int = 0) -> list[dict[str, Any]]:
    """Put a rule in the place of another, or (0) behind all; a rule for all images of its class stays behind it."""
    if priority:
        return [{"rulePriority": priority} | made if rule["rulePriority"] == priority else rule for rule in rules]
    numbers = [rule["rulePriority"] for rule in rules]
    numbers.append(1 + max(map(int, numbers), default=0))
    chosen = made["selection"]
    place = len(rules)
    if chosen["tagStatus"] != grammar.ANY:
        last = (grammar.ANY, chosen.get("storageClass", grammar.STANDARD))
        place = next((number for number, rule in enumerate(rules) if _status_and_class(rule) == last), place)
    ordered = [*rules[:place], made, *rules[place:]]
    return [rule | {"rulePriority": number} for rule, number in zip(ordered, numbers, strict=True)]


def _status_and_class(rule: dict[str, Any]) -> tuple[Any, Any]:
    """For which images a rule is, whatever else is wrong with it."""
    selection = rule.get("selection")
    if not isinstance(selection, dict):
        return None, None
    return selection.get("tagStatus"), selection.get("storageClass", grammar.STANDARD)
