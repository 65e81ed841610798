"""Previews: what a policy, put or not, would do to a repository's images at this moment. Made by a task worker."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from registry import events
from registry.core import addresses, repositories
from registry.errors import LifecyclePolicyNotFound, LifecyclePreviewInProgress, LifecyclePreviewNotFound
from registry.lifecycle import facts, grammar, policies
from registry.lifecycle.evaluation import evaluate, in_order
from registry.models import LifecyclePreview, LifecyclePreviewImage
from registry.values import Address

Status = LifecyclePreview.Status

KEPT_FOR: Final = timedelta(days=1)
LONGEST: Final = timedelta(hours=1)
"""After which a preview that is not ready counts as failed, and another may be started."""
ROWS: Final = 500
"""Results in one transaction."""


def start(caller: Caller, address: Address, text: str = "") -> LifecyclePreview:
    """Begin a preview of a policy, or of the repository's own.

    Raises LifecyclePolicyNotFound, LifecyclePolicyInvalid, LifecyclePreviewInProgress.
    """
    repository = repositories.authorized(caller, address, Action.START_LIFECYCLE_POLICY_PREVIEW)
    text = text or repository.lifecycle_policy_text
    if not text:
        raise LifecyclePolicyNotFound(repository.name, repository.account_id)
    policies.check(text)
    with transaction.atomic():
        repositories.lock(repository)
        before = LifecyclePreview.objects.filter(repository=repository)
        if before.filter(status=Status.IN_PROGRESS, started_at__gt=timezone.now() - LONGEST).exists():
            raise LifecyclePreviewInProgress(repository.name, repository.account_id)
        before.delete()
        preview = LifecyclePreview.objects.create(repository=repository, policy_text=text)
        details = {"lifecyclePolicyText": text}
        arn = addresses.arn(repository.address)
        trail.record(caller, Action.START_LIFECYCLE_POLICY_PREVIEW, arn, read_only=True, details=details)
        outbox.announce(events.LifecyclePreviewStarted(preview.id))
    return preview


def get(caller: Caller, address: Address) -> LifecyclePreview:
    """Return the repository's preview, ready or not. LifecyclePreviewNotFound."""
    repository = repositories.authorized(caller, address, Action.GET_LIFECYCLE_POLICY_PREVIEW)
    preview = LifecyclePreview.objects.filter(repository=repository).first()
    if preview is None:
        raise LifecyclePreviewNotFound(repository.name, repository.account_id)
    now = timezone.now()
    if preview.status == Status.IN_PROGRESS and preview.started_at <= now - LONGEST:
        preview.status = Status.FAILED
    if preview.status == Status.COMPLETE and preview.started_at <= now - KEPT_FOR:
        preview.status = Status.EXPIRED
    return preview


def results(
    preview: LifecyclePreview,
    *,
    tag_status: str = "",
    digests: Collection[str] = (),
    tags: Collection[str] = (),
    after: int = -1,
    limit: int = 100,
) -> tuple[list[LifecyclePreviewImage], bool]:
    """Return results of a preview that `get` has returned, by position, and whether more follow.

    `digests` and `tags`, if any, name the images that are wanted.
    """
    if preview.status != Status.COMPLETE:
        return [], False
    found = LifecyclePreviewImage.objects.filter(preview=preview, position__gt=after).order_by("position")
    if tag_status == "UNTAGGED":
        found = found.filter(tags=[])
    elif tag_status == "TAGGED":
        found = found.exclude(tags=[])
    if digests or tags:
        named = Q(digest__in=digests) | Q(
            digest__in=preview.repository.image_tags.filter(name__in=tags).values("image__digest")
        )
        found = found.filter(named)
    rows = list(found[: limit + 1])
    return rows[:limit], len(rows) > limit


def run(payload: Mapping[str, Any]) -> None:
    """Make a preview; started by LifecyclePreviewStarted, and again if it was interrupted."""
    preview = LifecyclePreview.objects.filter(id=payload["preview"], status=Status.IN_PROGRESS).first()
    if preview is None:
        return
    images = facts.of_repository(preview.repository_id)
    acting = in_order(images, evaluate(images, grammar.parse(preview.policy_text), timezone.now()))
    by_digest = {image.digest: image for image in images}
    LifecyclePreviewImage.objects.filter(preview=preview).delete()
    rows = (
        LifecyclePreviewImage(
            preview=preview,
            position=position,
            digest=decision.digest,
            tags=list(by_digest[decision.digest].tags),
            pushed_at=by_digest[decision.digest].pushed_at,
            action=decision.action,
            rule=decision.rule,
            storage_class=by_digest[decision.digest].storage_class,
        )
        for position, decision in enumerate(acting)
    )
    while batch := list(islice(rows, ROWS)):
        LifecyclePreviewImage.objects.bulk_create(batch)
    expiring = sum(decision.action == grammar.EXPIRE for decision in acting)
    LifecyclePreview.objects.filter(id=preview.id, status=Status.IN_PROGRESS).update(
        status=Status.COMPLETE, finished_at=timezone.now(), expiring=expiring, transitioning=len(acting) - expiring
    )


def forget_old() -> int:
    """Throw away the results of previews that have expired; return how many previews."""
    over = LifecyclePreview.objects.filter(status=Status.COMPLETE, started_at__lte=timezone.now() - KEPT_FOR)
    ids = list(over.values_list("id", flat=True)[:100])
    for preview_id in ids:
        while rows := list(
            LifecyclePreviewImage.objects.filter(preview=preview_id).values_list("id", flat=True)[:ROWS]
        ):
            LifecyclePreviewImage.objects.filter(id__in=rows).delete()
        LifecyclePreview.objects.filter(id=preview_id).update(status=Status.EXPIRED)
    return len(ids)
