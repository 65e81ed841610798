"""Policies and dated images for tests that have a database."""

import json
from datetime import timedelta
from typing import Any

from django.utils import timezone

from registry.models import Image, Repository


def policy(*rules: dict[str, Any]) -> str:
    """The text of a policy."""
    return json.dumps({"rules": list(rules)}, indent=2)


def expire(priority: int = 1, **selection: Any) -> dict[str, Any]:
    """A rule: by itself untagged images expire after 14 days. What is None is left out."""
    known = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}
    chosen = {name: value for name, value in (known | selection).items() if value is not None}
    return {"rulePriority": priority, "selection": chosen, "action": {"type": "expire"}}


def keep_newest(priority: int, count: int, **selection: Any) -> dict[str, Any]:
    """A rule: of all images the newest are kept."""
    counted = {"tagStatus": "any", "countType": "imageCountMoreThan", "countUnit": None, "countNumber": count}
    return expire(priority, **(counted | selection))


def archive(priority: int = 1, **selection: Any) -> dict[str, Any]:
    """A rule that archives."""
    return expire(priority, **selection) | {"action": {"type": "transition", "targetStorageClass": "archive"}}


def age(image: Image, days: float) -> Image:
    """Let an image have been pushed so many days ago."""
    Image.objects.filter(id=image.id).update(pushed_at=timezone.now() - timedelta(days=days))
    return image


def live(repository: Repository) -> set[str]:
    """The digests that are there."""
    return set(Image.objects.filter(repository=repository, deleted_at=None).values_list("digest", flat=True))
