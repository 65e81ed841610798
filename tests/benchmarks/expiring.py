"""Runs inside a deployment: writes a repository of many images, and measures its policy's preview and run over them."""

import hashlib
import json
import time
from datetime import timedelta
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from accounts.caller import operator
from accounts.models import Account
from registry.core import addresses
from registry.lifecycle import policies, previews, runs
from registry.models import Image, ImageChild, ImageTag, Manifest, Repository
from tests.benchmarks.stored import Clock, peak

OWNER: Final = "111122223333"
NAME: Final = "team/app"
AT_ONCE: Final = 5_000
"""Images whose rows are written together; a multiple of OF_INDEX."""
OF_INDEX: Final = 10
"""One image in so many is an index, and names the one before."""
POLICY: Final = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": 1,
            },
            "action": {"type": "expire"},
        },
        {
            "rulePriority": 2,
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1000},
            "action": {"type": "expire"},
        },
    ]
}


def seed(count: int) -> dict[str, int]:
    """Write so many images, half of them tagged, pushed a minute after another, the last one two days ago."""
    account = Account.objects.create(id=OWNER, name="Bench")
    repository = Repository.objects.create(account=account, region="us-east-1", name=NAME, image_count=count)
    last = timezone.now() - timedelta(days=2)
    for first in range(0, count, AT_ONCE):
        numbers = range(first, min(count, first + AT_ONCE))
        digests = {number: "sha256:" + hashlib.sha256(f"image {number}".encode()).hexdigest() for number in numbers}
        Manifest.objects.bulk_create([Manifest(digest=digest, content=b"{}") for digest in digests.values()])
        images = Image.objects.bulk_create(
            [
                Image(
                    repository=repository,
                    manifest_id=digest,
                    digest=digest,
                    media_type="application/vnd.oci.image.manifest.v1+json",
                    manifest_size=2,
                    kind=Image.Kind.IMAGE if number % OF_INDEX else Image.Kind.INDEX,
                    pushed_at=last - timedelta(minutes=count - number),
                )
                for number, digest in digests.items()
            ]
        )
        ImageTag.objects.bulk_create(
            [
                ImageTag(repository=repository, image=image, name=f"v{number}")
                for number, image in zip(numbers, images, strict=True)
                if number % 2
            ]
        )
        ImageChild.objects.bulk_create(
            [
                ImageChild(parent=image, digest=digests[number + 1], position=0)
                for number, image in zip(numbers, images, strict=True)
                if not number % OF_INDEX and number + 1 in digests
            ]
        )
    policies.put(operator(OWNER), addresses.private(OWNER, NAME), json.dumps(POLICY))
    with connection.cursor() as cursor:  # what autovacuum, or `accounts.gather_statistics`, does by itself
        cursor.execute("ANALYZE")
    return {"images": Image.objects.count(), "tags": ImageTag.objects.count(), "children": ImageChild.objects.count()}


def measure(*, acts: bool) -> dict[str, Any]:
    """A run of the policy, or a preview of it, in this process."""
    address = addresses.private(OWNER, NAME)
    repository = Repository.objects.get(name=NAME)
    clock, before = Clock(), peak()
    begun = time.perf_counter()
    with clock.running():
        if acts:
            outcome = runs.run(repository.id)
            going, error = outcome.expired, outcome.error
        else:
            preview = previews.start(operator(OWNER), address)
            previews.run({"preview": preview.id})
            preview = previews.get(operator(OWNER), address)
            going, error = preview.expiring, "" if preview.status == "COMPLETE" else preview.status
    return {
        "seconds": time.perf_counter() - begun,
        "going": going,
        "error": error,
        "left": Image.objects.filter(deleted_at=None).count(),
        "before": before,
        "peak": peak(),
        "transaction": clock.transaction * 1000,
    }
