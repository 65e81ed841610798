"""Repository policies: put, read, removed; and what they let others do, whoever asks."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from accounts.caller import Caller
from accounts.errors import AccessDenied
from accounts.iam import document
from accounts.iam.document import Kind
from accounts.iam.request import Rights
from accounts.models import AuditEvent
from registry.core import blobs, describing, images, policies, reading, repositories, uploads
from registry.core.describing import ImageId
from registry.core.permissions import NOBODY
from registry.errors import InvalidPolicy, PolicyLocksOut, RepositoryPolicyNotFound
from registry.models import RegistrySettings, Repository
from registry.scanning import findings, scans
from registry.values import Address, Digest, ImageTag
from tests.factories.registry import push_image

PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
PUSH = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart",
    "ecr:CompleteLayerUpload",
    "ecr:PutImage",
]


def text(*statements: dict[str, Any]) -> str:
    """A policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(account: str, actions: list[str] | str, **more: Any) -> dict[str, Any]:
    """A statement of a repository policy that lets an account in."""
    return {"Sid": "In", "Effect": "Allow", "Principal": {"AWS": account}, "Action": actions, **more}


def limited(caller: Caller, *statements: dict[str, Any]) -> Caller:
    """The caller with one identity policy and no other rights."""
    policy = document.parse(text(*({"Resource": "*", **each} for each in statements)), Kind.IDENTITY)
    return replace(caller, rights=Rights(identity=(policy,)))


def test_it_works(alice: Caller, address: Address) -> None:
    policy = text(allow("444455556666", PULL))
    assert policies.put(alice, address, policy) == policy
    assert policies.get(alice, address) == policy
    assert [version.text for version in policies.versions(alice, address)] == [policy]
    assert policies.delete(alice, address) == policy
    with pytest.raises(RepositoryPolicyNotFound):
        policies.get(alice, address)
    with pytest.raises(RepositoryPolicyNotFound):
        policies.delete(alice, address)
    recorded = AuditEvent.objects.filter(event_name__contains="RepositoryPolicy").values_list("event_name", flat=True)
    assert sorted(recorded) == ["DeleteRepositoryPolicy", "SetRepositoryPolicy"]


def test_it_lets_another_account_pull_and_no_more(alice: Caller, charlie: Caller, address: Address) -> None:
    image = push_image(alice, address, "1.0")
    with pytest.raises(AccessDenied):
        images.get(charlie, address, ImageTag("1.0"))
    policies.put(alice, address, text(allow(charlie.account_id, PULL)))
    assert images.get(charlie, address, ImageTag("1.0")).image.digest == image.digest
    with pytest.raises(AccessDenied):
        uploads.start(charlie, address)
    with pytest.raises(AccessDenied):
        images.delete(charlie, address, Digest.parse(image.digest))


def test_it_denies_the_owner_where_the_policy_does(alice: Caller, address: Address) -> None:
    push_image(alice, address, "1.0")
    policies.put(alice, address, text({"Effect": "Deny", "Principal": "*", "Action": "ecr:PutImage"}))
    with pytest.raises(AccessDenied):
        push_image(alice, address, "1.1")
    images.get(alice, address, ImageTag("1.0"))


def test_it_refuses_what_is_no_policy(alice: Caller, address: Address) -> None:
    for broken in ("", "{", "[]", text({"Effect": "Allow", "Action": "ecr:*"}), '{"Version": "2012-10-17"}'):
        with pytest.raises(InvalidPolicy) as caught:
            policies.put(alice, address, broken)
        assert caught.value.problems


def test_it_refuses_a_lock_out_without_force(alice: Caller, address: Address) -> None:
    locks = text({"Effect": "Deny", "Principal": "*", "Action": "ecr:*"})
    with pytest.raises(PolicyLocksOut):
        policies.put(alice, address, locks)
    policies.put(alice, address, locks, force=True)
    with pytest.raises(AccessDenied):
        policies.put(alice, address, text(allow("444455556666", PULL)), force=True)


def test_it_keeps_the_last_versions(alice: Caller, address: Address) -> None:
    for number in range(policies.KEPT_VERSIONS + 3):
        policies.put(alice, address, text(allow(f"4444555566{number:02d}", PULL)))
    assert len(policies.versions(alice, address)) == policies.KEPT_VERSIONS


def test_a_stored_text_that_cannot_be_read_denies(alice: Caller, repository: Repository) -> None:
    Repository.objects.filter(id=repository.id).update(policy_text="{ not a policy")
    assert NOBODY.statements
    with pytest.raises(AccessDenied):
        repositories.get(alice, repository.address)


def test_a_registry_policy_lets_in_by_its_scope(alice: Caller, charlie: Caller, address: Address) -> None:
    push_image(alice, address, "1.0")
    statement = allow(charlie.account_id, PULL, Resource=f"arn:aws:ecr:us-east-1:{alice.account_id}:repository/team/*")
    row = RegistrySettings.objects.create(
        account_id=alice.account_id, region=address.registry.region, policy_text=text(statement)
    )
    images.get(charlie, address, ImageTag("1.0"))
    row.policy_scope = RegistrySettings.PolicyScope.V1
    row.save()
    with pytest.raises(AccessDenied):
        images.get(charlie, address, ImageTag("1.0"))


def test_rights_by_image_tag_hold_for_pulls_by_tag_digest_and_layer(
    alice: Caller, charlie: Caller, address: Address
) -> None:
    released = push_image(alice, address, "release-1", layers=[b"released"])
    nightly = push_image(alice, address, "nightly-1", layers=[b"nightly"])
    only = {"StringLike": {"ecr:ImageTag": "release-*"}}
    policies.put(alice, address, text(allow(charlie.account_id, PULL, Condition=only)))
    images.get(charlie, address, ImageTag("release-1"))
    images.get(charlie, address, Digest.parse(released.digest))
    blobs.readable(charlie, address, Digest.of(b"released"))
    for refused in (ImageTag("nightly-1"), Digest.parse(nightly.digest), ImageTag("absent")):
        with pytest.raises(AccessDenied):
            images.get(charlie, address, refused)
    with pytest.raises(AccessDenied):
        blobs.readable(charlie, address, Digest.of(b"nightly"))


def test_rights_by_image_tag_hold_for_each_image_that_is_described(
    alice: Caller, charlie: Caller, address: Address
) -> None:
    released, nightly = (push_image(alice, address, tag, layers=[tag.encode()]) for tag in ("release-1", "nightly-1"))
    only = {"StringLike": {"ecr:ImageTag": "release-*"}}
    policies.put(alice, address, text(allow(charlie.account_id, "ecr:DescribeImages", Condition=only)))
    allowed = [ImageId(tag="release-1"), ImageId(digest=released.digest)]
    assert [each.tags for each in describing.named(charlie, address, allowed)] == [["release-1"]]
    for refused in (ImageId(tag="nightly-1"), ImageId(digest=nightly.digest), ImageId(tag="absent")):
        with pytest.raises(AccessDenied):
            describing.named(charlie, address, [*allowed, refused])


@pytest.mark.parametrize(
    ("action", "ask"), [("DescribeImageScanFindings", findings.get), ("StartImageScan", scans.start)]
)
def test_rights_by_image_tag_hold_for_scans_of_a_digest(
    alice: Caller, address: Address, action: str, ask: Callable[..., object]
) -> None:
    image = push_image(alice, address, "nightly-1")
    nightly = {"StringLike": {"ecr:ImageTag": "nightly-*"}}
    allowed = {"Effect": "Allow", "Action": "ecr:*"}
    careful = limited(alice, allowed, {"Effect": "Deny", "Action": f"ecr:{action}", "Condition": nightly})
    for digest, tag in ((None, ImageTag("nightly-1")), (Digest.parse(image.digest), None)):
        with pytest.raises(AccessDenied):
            ask(careful, address, digest, tag)


def test_rights_by_image_tag_hold_for_each_tag_of_a_push(alice: Caller, address: Address) -> None:
    ci = limited(
        alice,
        {"Effect": "Allow", "Action": PUSH[:-1]},
        {"Effect": "Allow", "Action": PUSH[-1], "Condition": {"StringLikeIfExists": {"ecr:ImageTag": "ci-*"}}},
    )
    image = push_image(ci, address, "ci-1")
    with pytest.raises(AccessDenied):
        push_image(ci, address, "latest")
    content = reading.manifest(image.digest)
    assert content is not None
    digest = Digest.parse(image.digest)
    with pytest.raises(AccessDenied):
        images.put(ci, address, digest, image.media_type, content, tags=[ImageTag("ci-2"), ImageTag("latest")])
    assert reading.tags_of_image(image.repository_id, image.digest) == ["ci-1"]


def test_a_protected_tag_protects_its_image(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "release-1")
    digest = Digest.parse(image.digest)
    images.put(alice, address, ImageTag("other"), image.media_type, reading.manifest(image.digest) or b"")
    careful = limited(
        alice,
        {"Effect": "Allow", "Action": "ecr:*"},
        {
            "Effect": "Deny",
            "Action": "ecr:BatchDeleteImage",
            "Condition": {"StringLike": {"ecr:ImageTag": "release-*"}},
        },
    )
    with pytest.raises(AccessDenied):
        images.delete(careful, address, digest)
    with pytest.raises(AccessDenied):
        images.untag(careful, address, ImageTag("release-1"))
    images.untag(careful, address, ImageTag("other"))


def test_resource_tags_are_conditions(alice: Caller, charlie: Caller, address: Address) -> None:
    Repository.objects.update(resource_tags={"team": "blue"})
    push_image(alice, address, "1.0")
    blue = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    policies.put(alice, address, text(allow(charlie.account_id, PULL, Condition=blue)))
    images.get(replace(charlie, tags=(("team", "blue"),)), address, ImageTag("1.0"))
    with pytest.raises(AccessDenied):
        images.get(replace(charlie, tags=(("team", "red"),)), address, ImageTag("1.0"))
