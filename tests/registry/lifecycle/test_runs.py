"""Runs: what a policy says happens, once, with its traces; by one worker at a time; in step with the preview."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.audit import lookup
from accounts.caller import Caller
from accounts.models import AuditEvent, OutboxRow
from registry.core import image_tags
from registry.core import policies as repository_policies
from registry.lifecycle import grammar, policies, previews, runs
from registry.lifecycle.evaluation import Decision, ImageFacts, Why
from registry.lifecycle.grammar import Rule
from registry.models import Image, ImageChild, ImageTag, LifecyclePreview, LifecycleRun, Manifest, Repository, TagEvent
from registry.values import Address, Digest
from tests.factories.registry import push_image, push_index
from tests.registry.lifecycle import test_evaluation as generated
from tests.registry.lifecycle.making import age, archive, expire, live, policy


def put(repository: Repository, *rules: Any) -> None:
    """Give the repository a policy."""
    Repository.objects.filter(id=repository.id).update(lifecycle_policy_text=policy(*rules))


def attached_to(image: Image) -> dict[str, Any]:
    """What makes a manifest name an image as its subject."""
    return {"subject": {"mediaType": image.media_type, "digest": image.digest, "size": image.manifest_size}}


def test_it_works(alice: Caller, address: Address, repository: Repository) -> None:
    """What is old goes with its tags; audit, events and history tell by which rule; the rest stays."""
    old = age(push_image(alice, address, "old"), 40)
    also = image_tags.names(alice, address)[0]
    young = push_image(alice, address, "new")
    policies.put(alice, address, policy(expire(7, tagStatus="any", countNumber=30)))
    outcome = runs.run(repository.id)
    assert (outcome.expired, outcome.archived, outcome.held, outcome.looked_at, outcome.error) == (1, 0, 0, 2, "")
    assert live(repository) == {young.digest} and also == ["old"]
    old.refresh_from_db()
    assert (old.deleted_tags, old.deleted_by_rule) == (["old"], 7) and old.deleted_by.endswith("/kho/lifecycle")
    event = TagEvent.objects.latest("id")
    assert (event.kind, event.tag, event.rule, event.old_digest) == ("expired", "old", 7, old.digest)
    assert OutboxRow.objects.filter(event="ImageDeleted", payload__digest=old.digest).exists()
    deleted = AuditEvent.objects.get(event_name="BatchDeleteImage")
    assert deleted.principal_arn.endswith("/kho/lifecycle") and deleted.details["imageIds"] == [
        {"imageDigest": old.digest}
    ]
    kept = policies.get(alice, address)
    assert kept.evaluated_at is not None and timezone.now() - kept.evaluated_at < timedelta(minutes=1)
    repository.refresh_from_db()
    assert repository.image_count == 1
    assert repository.lifecycle_due_at and repository.lifecycle_due_at < timezone.now() + timedelta(hours=24)
    again = runs.run(repository.id)
    assert (again.expired, LifecycleRun.objects.count()) == (0, 2)


def test_cloudtrail_hears_of_it_ten_images_at_a_time(alice: Caller, address: Address, repository: Repository) -> None:
    for number in range(12):
        age(push_image(alice, address, f"v{number}"), 40 - number)
    put(repository, expire(3, tagStatus="tagged", tagPrefixList=["v"]))
    assert runs.run(repository.id).expired == 12
    found = list(AuditEvent.objects.filter(event_name="PolicyExecutionEvent").order_by("event_time"))
    assert [len(each.details["lifecycleEventImageActions"]) for each in found] == [10, 2]
    record = lookup.as_cloudtrail(found[0])
    assert (record["eventType"], record["userIdentity"]["invokedBy"]) == ("AwsServiceEvent", "AWS Internal")
    details = record["serviceEventDetails"]
    first = details["lifecycleEventImageActions"][0]
    assert (first["rulePriority"], first["lifecycleEventImage"]["tagList"]) == (3, ["v0"])
    assert details["lifecycleEventPolicy"]["lifecycleEventRules"][0]["lifecycleEventSelection"]["tagPrefixList"] == [
        "v"
    ]
    assert "requestParameters" not in record and json.dumps(record)


def test_an_index_goes_before_what_it_names(alice: Caller, address: Address, repository: Repository) -> None:
    one, two = (age(push_image(alice, address), 50) for _ in range(2))
    index = age(push_index(alice, address, "1", [one, two]), 50)
    put(repository, expire(1))
    assert runs.run(repository.id).expired == 0
    put(repository, expire(1), expire(2, tagStatus="any"))
    assert runs.run(repository.id).expired == 3
    assert live(repository) == set() and index.digest not in live(repository)


def test_images_are_archived_with_what_is_attached(alice: Caller, address: Address, repository: Repository) -> None:
    image = age(push_image(alice, address, "1"), 50)
    subject = {"mediaType": image.media_type, "digest": image.digest, "size": image.manifest_size}
    signature = push_image(alice, address, subject=subject)
    put(repository, archive(1, tagStatus="any"))
    outcome = runs.run(repository.id)
    assert (outcome.expired, outcome.archived) == (0, 2)
    for each in (image, signature):
        each.refresh_from_db()
        assert each.image_status == "ARCHIVED" and each.last_archived_at
    assert runs.run(repository.id).archived == 0


def test_what_is_attached_goes_in_the_same_transaction(
    alice: Caller, address: Address, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is interrupted leaves no signature behind whose image is gone: no rule would be for it."""
    for number in range(12):
        image = age(push_image(alice, address, f"v{number}"), 80 - number)
        age(push_image(alice, address, **attached_to(image)), 30)
    put(repository, expire(1, tagStatus="tagged", tagPrefixList=["v"]))
    act = runs._act
    calls: list[Any] = []

    def followed_by_a_push(work: Any, batch: Any) -> None:
        act(work, batch)
        if not calls:
            calls.append(push_image(alice, address, "new"))

    monkeypatch.setattr(runs, "_act", followed_by_a_push)
    outcome = runs.run(repository.id)
    assert (outcome.expired, outcome.held, live(repository)) == (24, 0, {calls[0].digest})


@pytest.mark.parametrize("rule", [expire(1, tagStatus="any"), archive(1, tagStatus="any")])
def test_what_is_attached_to_many_images_holds_nothing_up(
    alice: Caller, address: Address, repository: Repository, rule: dict[str, Any]
) -> None:
    """Signatures, and what was made here, which goes with its image by itself; all are counted and told."""
    for number in range(24):
        image = age(push_image(alice, address, f"v{number}"), 80 - number)
        signature, made = (push_image(alice, address, **attached_to(image)) for _ in range(2))
        age(signature, 79.5 - number)
        Image.objects.filter(id=age(made, 20).id).update(is_generated=True)
    put(repository, rule)
    outcome = runs.run(repository.id)
    assert (outcome.expired + outcome.archived, outcome.held) == (72, 0)
    found = [event.details for event in AuditEvent.objects.filter(event_name="PolicyExecutionEvent")]
    told = [len(details["lifecycleEventImageActions"]) for details in found]
    assert sum(told) == 72 and max(told) <= 10


def test_what_an_index_holds_is_not_archived_with_its_subject(
    alice: Caller, address: Address, repository: Repository
) -> None:
    """Nor what is attached to it: as the preview says."""
    image = age(push_image(alice, address, "old"), 40)
    held = push_image(alice, address, **attached_to(image))
    push_image(alice, address, **attached_to(held))
    push_index(alice, address, "keep", [held])
    put(repository, archive(1, tagStatus="tagged", tagPrefixList=["old"]))
    assert runs.run(repository.id).archived == 1
    assert Image.objects.get(image_status="ARCHIVED").digest == image.digest


def test_the_gate_can_refuse_the_service(alice: Caller, address: Address, repository: Repository) -> None:
    """A repository policy that denies deleting to everybody holds for lifecycle policies too; the run says so."""
    age(push_image(alice, address, "1"), 40)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "ecr:BatchDeleteImage"}
    text = json.dumps({"Version": "2012-10-17", "Statement": deny})
    repository_policies.put(alice, address, text)
    put(repository, expire(1, tagStatus="any"))
    outcome = runs.run(repository.id)
    assert (outcome.expired, outcome.error, len(live(repository))) == (0, "AccessDenied", 1)


def test_pulls_count_only_where_a_rule_asks(
    alice: Caller, address: Address, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image that is pulled between decision and act stays if its rule is about pulls."""
    image = age(push_image(alice, address, "1"), 40)
    act = runs._act

    def pulled(work: Any, batch: Any) -> None:
        Image.objects.filter(id=image.id).update(last_recorded_pull_time=timezone.now())
        act(work, batch)

    monkeypatch.setattr(runs, "_act", pulled)
    put(repository, expire(1, tagStatus="any", countType="sinceImagePulled"))
    assert runs.run(repository.id).expired == 0
    put(repository, expire(1, tagStatus="any"))
    assert runs.run(repository.id).expired == 1


def test_what_is_due(alice: Caller, address: Address, repository: Repository) -> None:
    """An hour after it was put, then every 23 hours; a time that a wrong clock wrote does not count."""
    now = timezone.now()
    assert runs.due(now, 10) == []
    policies.put(alice, address, policy(expire(1)).ljust(120))
    assert runs.due(now, 10) == [] and runs.due(now + timedelta(minutes=61), 10) == [repository.id]
    Repository.objects.update(lifecycle_due_at=now + timedelta(days=400))
    assert runs.due(now, 10) == [repository.id]
    Repository.objects.update(lifecycle_due_at=None)
    assert runs.due(now, 10) == [] and runs.due(now + timedelta(minutes=61), 10) == [repository.id]
    policies.delete(alice, address)
    assert runs.due(now + timedelta(days=2), 10) == []


def test_a_batch_is_short(
    alice: Caller, address: Address, repository: Repository, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Statements of a transaction do not grow with the repository."""
    for number in range(30):
        age(push_image(alice, address, f"v{number}"), 40)
    put(repository, expire(1, tagStatus="any"))
    work = runs._claim(repository.id)
    assert work is not None
    acting = runs._decide(work, None)
    batches = list(runs._batches(acting, work.known))
    assert [len(batch) for batch in batches] == [10, 10, 10]
    with django_assert_max_num_queries(90):
        runs._act(work, batches[0])


def test_what_is_attached_to_an_image_is_in_its_batch() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    known = {str(number): ImageFacts(str(number), at) for number in range(150)}
    first = [Decision(str(number), "expire", 1, Why.BY_RULE) for number in range(10)]
    attached = [Decision(str(number), "expire", 1, Why.WITH_SUBJECT) for number in range(10, 150)]
    last = [Decision("0", "expire", 1, Why.BY_RULE)]
    assert [len(batch) for batch in runs._batches([*first, *attached[:5], *last], known)] == [15, 1]
    assert [len(batch) for batch in runs._batches([*first, *attached], known)] == [100, 50]


def test_many_tags_make_small_batches() -> None:
    acting = [Decision(str(number), "expire", 1, Why.BY_RULE) for number in range(4)]
    tags = tuple(f"t{number}" for number in range(25))
    known = {str(number): ImageFacts(str(number), datetime(2026, 1, 1, tzinfo=UTC), tags) for number in range(4)}
    assert [len(batch) for batch in runs._batches(acting, known)] == [1, 1, 1, 1]


def as_text(rules: list[Rule]) -> str:
    """The text of generated rules; those that may not stand together are left out."""
    written: list[dict[str, Any]] = []
    for rule in rules:
        selection: dict[str, Any] = {"tagStatus": rule.tag_status, "storageClass": rule.storage_class}
        if rule.prefixes:
            selection["tagPrefixList"] = list(rule.prefixes)
        if rule.patterns:
            selection["tagPatternList"] = list(rule.patterns)
        if rule.action != "retain":
            selection |= {"countType": rule.count_type, "countNumber": rule.count}
            if rule.count_type.startswith("since"):
                selection["countUnit"] = "days"
        target = {"targetStorageClass": "archive"} if rule.action == "transition" else {}
        each = {"rulePriority": rule.priority, "selection": selection, "action": {"type": rule.action} | target}
        try:
            grammar.parse(policy(*written, each))
        except grammar.LifecyclePolicyInvalid:
            continue
        written.append(each)
    return policy(*written)


def store(alice: Caller, repository: Repository, made: list[ImageFacts]) -> None:
    """Write generated images as rows; digests become real ones, so that no image names itself by way of others."""
    digest = {image.digest: str(Digest.of(image.digest.encode())) for image in made} | {"absent": str(Digest.of(b""))}
    used: set[str] = set()
    for place, image in enumerate(made):
        content = image.digest.encode()
        manifest, _ = Manifest.objects.get_or_create(digest=digest[image.digest], defaults={"content": content})
        earlier = {each.digest for each in made[:place]} | {"absent"}
        row = Image.objects.create(
            repository=repository,
            manifest=manifest,
            digest=digest[image.digest],
            media_type="x/y",
            manifest_size=1,
            kind="index" if image.children else "image",
            pushed_at=image.pushed_at,
            last_recorded_pull_time=image.pulled_at,
            image_status="ARCHIVED" if image.storage_class == "archive" else "ACTIVE",
            last_archived_at=image.transitioned_at,
            last_activated_at=image.activated_at,
            subject_digest=digest[image.subject] if image.subject in earlier else "",
        )
        for position, child in enumerate(dict.fromkeys(image.children)):
            if child in earlier:
                ImageChild.objects.create(parent=row, digest=digest[child], position=position)
        for tag in set(image.tags) - used:
            used.add(tag)
            ImageTag.objects.create(
                repository=repository, image=row, name=tag, updated_at=image.tagged_at or image.pushed_at
            )
    Repository.objects.filter(id=repository.id).update(image_count=len(made))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=generated.repositories(), rules=generated.policies(), number=st.integers(0, 10**9))
def test_the_preview_is_what_then_happens(
    alice: Caller, monkeypatch: pytest.MonkeyPatch, made: list[ImageFacts], rules: list[Rule], number: int
) -> None:
    """On any repository and any policy: exactly those expire, exactly those are archived, in however many batches."""
    monkeypatch.setattr(runs, "BATCH", 1 + number % 3)
    shift = timezone.now() - generated.NOW
    moved = [
        ImageFacts(
            image.digest,
            image.pushed_at + shift,
            image.tags,
            image.storage_class,
            image.pulled_at and image.pulled_at + shift,
            image.tagged_at and image.tagged_at + shift,
            image.transitioned_at and image.transitioned_at + shift,
            image.activated_at and image.activated_at + shift,
            image.children,
            image.subject,
        )
        for image in made
    ]
    name = f"generated/{number}-{Repository.objects.count()}"
    repository = Repository.objects.create(account_id=alice.account_id, region="us-east-1", name=name)
    store(alice, repository, moved)
    text = as_text(rules)
    Repository.objects.filter(id=repository.id).update(lifecycle_policy_text=text)
    before = dict(Image.objects.filter(repository=repository).values_list("digest", "image_status"))
    started = previews.start(alice, repository.address)
    previews.run({"preview": started.id})
    shown = {row.digest: row.action for row in started.images.all()}
    outcome = runs.run(repository.id)
    after = dict(Image.objects.filter(repository=repository, deleted_at=None).values_list("digest", "image_status"))
    assert outcome.error == "" and outcome.held == 0
    assert before.keys() - after.keys() == {digest for digest, action in shown.items() if action == "expire"}
    archived = {digest for digest, status in after.items() if status != before[digest]}
    assert archived == {digest for digest, action in shown.items() if action == "transition"}
    done = LifecyclePreview.objects.get(id=started.id)
    assert (done.expiring, done.transitioning) == (outcome.expired, outcome.archived)
