"""Pulls refused by policy for what a scan found, with the reason for those who would be let through otherwise."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.caller import Caller
from accounts.directory import policies as own_policies
from accounts.directory import principals
from registry.core import addresses, policies, registries, simulation
from registry.core.simulation import Question
from registry.models import Finding, Image, ImageScan
from registry.scanning import results, suppressions
from registry.scanning.sboms import Package
from registry.scanning.suppressions import Wanted
from registry.values import Address, Digest
from tests.factories.registry import make_repository, push_blob, push_image, push_index
from tests.registry.console.test_scanning import BASH, SSL, advisories, scanned
from tests.registry.oci.conftest import sign_in
from tests.registry.oci.wire import Wire

__all__ = ["advisories"]
pytestmark = pytest.mark.usefixtures("advisories")
CLEAN = Package("zlib1g", "1", "deb", "amd64")
LAYER, SHARED = b"only the bad one", b"both have it"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


def denying(**conditions: Any) -> str:
    """A policy that denies pulls to everybody under some conditions."""
    statement = {"Sid": "NoBad", "Effect": "Deny", "Principal": "*", "Action": PULL, "Condition": conditions}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


WORST = denying(StringEquals={"kho:ImageWorstSeverity": ["CRITICAL", "HIGH"]})
UNSCANNED = denying(StringEquals={"kho:ImageScanStatus": ["NOT_SCANNED", "PENDING", "IN_PROGRESS", "FAILED"]})


@pytest.fixture
def bad(alice: Caller, address: Address) -> Image:
    """An image with one critical finding; the image `good` beside it shares a layer, and nothing was found in it."""
    image = push_image(alice, address, "bad", layers=[LAYER, SHARED])
    scanned(image, SSL, BASH)
    good = push_image(alice, address, "good", layers=[SHARED])
    ImageScan.objects.create(image=good, status="COMPLETE", completed_at=ImageScan.objects.get().completed_at)
    return image


def test_it_works(alices: Wire, private: str, alice: Caller, address: Address, bad: Image) -> None:
    """Manifest and the layer of its own are refused, in words; a layer that a good image has is not."""
    policies.put(alice, address, WORST)
    paths = [f"{private}/manifests/{reference}" for reference in ("bad", bad.digest)]
    assert [alices("HEAD", path).status for path in paths] == [403, 403]
    for path in (*paths, f"{private}/blobs/{Digest.of(LAYER)}"):
        answer = alices.get(path)
        assert (answer.status, answer.code) == (403, "DENIED")
        said = "because kho:ImageWorstSeverity is CRITICAL, and the policy denies StringEquals CRITICAL or HIGH"
        assert answer.message.endswith(said)
    for path in (f"{private}/manifests/good", f"{private}/blobs/{Digest.of(SHARED)}"):
        assert alices.get(path).status == 200, path
    suppressions.create(alice, address.registry, Wanted("CVE-2024-1000", "false_positive", "It is not."))
    for path in (*paths, f"{private}/blobs/{Digest.of(LAYER)}"):
        assert alices.get(path).status == 200


def test_each_action_is_asked_about_all_images(private: str, alice: Caller, address: Address, alice_user: Any) -> None:
    """HEAD takes one action or the other; the good image, which comes first, opens its layer for the second one too."""
    good, bad = (
        push_image(alice, address, tag, layers=layers) for tag, layers in (("1", [SHARED]), ("2", [LAYER, SHARED]))
    )
    scanned(good, CLEAN)
    scanned(bad, SSL, BASH)
    deny = json.loads(WORST)["Statement"][0] | {"Action": "ecr:*"}
    policies.put(alice, address, json.dumps({"Version": "2012-10-17", "Statement": [deny]}), force=True)
    user = principals.create_user(alice_user.account, "dan")
    allow = {"Effect": "Allow", "Action": "ecr:GetDownloadUrlForLayer", "Resource": "*"}
    own_policies.put_inline(alice, user, "own", json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    dan = sign_in(user)
    assert dan("HEAD", f"{private}/blobs/{Digest.of(SHARED)}").status == 200
    assert dan("HEAD", f"{private}/blobs/{Digest.of(LAYER)}").status == 403


@pytest.mark.parametrize("is_named", [True, False])
def test_a_mount_is_a_pull(
    alices: Wire, private: str, alice: Caller, address: Address, bad: Image, is_named: bool
) -> None:
    """With the repository to mount from or without."""
    policies.put(alice, address, WORST)
    other = f"/v2/{addresses.path(make_repository(alice, 'other').address)}/blobs"
    source = f"&from={private.removeprefix('/v2/')}" if is_named else ""
    assert alices("POST", f"{other}/uploads/?mount={Digest.of(LAYER)}{source}").status == 202
    assert alices.get(f"{other}/{Digest.of(LAYER)}").status == 404
    assert alices("POST", f"{other}/uploads/?mount={Digest.of(SHARED)}{source}").status == 201
    assert alices.get(f"{other}/{Digest.of(SHARED)}").body == SHARED


def test_a_mount_asks_for_tags_as_pulls_do(
    alices: Wire, private: str, alice: Caller, address: Address, bad: Image
) -> None:
    (name,) = bad.tags.values_list("name", flat=True)
    policies.put(alice, address, denying(StringEquals={"ecr:ImageTag": name}))
    other = f"/v2/{addresses.path(make_repository(alice, 'other').address)}/blobs/uploads/"
    for source in ("", f"&from={private.removeprefix('/v2/')}"):
        assert alices("POST", f"{other}?mount={Digest.of(LAYER)}{source}").status == 202


def test_a_mount_works_for_who_may_pull_what_is_clean(
    private: str, alice: Caller, address: Address, bad: Image, alice_user: Any
) -> None:
    """A policy that allows asks for the image as well."""
    other = make_repository(alice, "other").address
    dan = sign_in(user_of_clean(alice, alice_user, str(addresses.arn(other))))
    path = f"/v2/{addresses.path(other)}/blobs/uploads/?from={private.removeprefix('/v2/')}&mount="
    assert dan("POST", f"{path}{Digest.of(LAYER)}").status == 202
    assert dan("POST", f"{path}{Digest.of(SHARED)}").status == 201


def user_of_clean(alice: Caller, alice_user: Any, more: str = "") -> Any:
    """A user who may pull images in which nothing was found, and do anything with another repository."""
    user = principals.create_user(alice_user.account, "dan")
    clean = {"StringEquals": {"kho:ImageWorstSeverity": "NONE"}}
    own = [{"Effect": "Allow", "Action": [*PULL, "ecr:GetAuthorizationToken"], "Resource": "*", "Condition": clean}]
    own += [{"Effect": "Allow", "Action": "ecr:*", "Resource": more}] if more else []
    own_policies.put_inline(alice, user, "own", json.dumps({"Version": "2012-10-17", "Statement": own}))
    return user


def test_an_artifact_opens_no_layer(alices: Wire, private: str, alice: Caller, address: Address, bad: Image) -> None:
    """To name a layer in something that is not scanned changes nothing, as long as an image has it."""
    policies.put(alice, address, WORST)
    alone = push_image(alice, address, "alone", layers=[b"of no image"], artifactType="application/spdx+json")
    thing = push_image(alice, address, "thing", layers=[LAYER, SHARED], artifactType="application/spdx+json")
    assert {thing.kind, alone.kind}.isdisjoint({Image.Kind.IMAGE})
    assert alices.get(f"{private}/blobs/{Digest.of(LAYER)}").status == 403
    assert alices.get(f"{private}/blobs/{Digest.of(SHARED)}").status == 200
    policies.put(alice, address, denying(StringEquals={"kho:ImageScanStatus": "NOT_SCANNABLE"}))
    assert alices.get(f"{private}/blobs/{Digest.of(LAYER)}").status == 200
    assert alices.get(f"{private}/blobs/{Digest.of(b'of no image')}").status == 403


def test_a_layer_of_no_image_is_not_scanned(alices: Wire, private: str, alice: Caller, address: Address) -> None:
    push_blob(alice, address, LAYER)
    policies.put(alice, address, UNSCANNED)
    answer = alices.get(f"{private}/blobs/{Digest.of(LAYER)}")
    assert answer.status == 403 and "because kho:ImageScanStatus is NOT_SCANNED" in answer.message
    assert alices.get(f"{private}/blobs/{Digest.of(b'absent')}").status == 404


def test_referrers_are_asked_for_like_their_subject(
    alices: Wire, private: str, alice: Caller, address: Address, bad: Image, alice_user: Any
) -> None:
    good = Image.objects.get(tags__name="good")
    dan = sign_in(user_of_clean(alice, alice_user))
    assert dan.get(f"{private}/referrers/{good.digest}").status == 200
    for digest in (bad.digest, Digest.of(b"absent")):
        assert dan.get(f"{private}/referrers/{digest}").status == 403
    policies.put(alice, address, WORST)
    assert alices.get(f"{private}/referrers/{good.digest}").status == 200
    assert alices.get(f"{private}/referrers/{bad.digest}").status == 403


def test_others_learn_nothing(charlies: Wire, private: str, alice: Caller, address: Address, bad: Image) -> None:
    """Who would not be let through anyway hears the same of a bad image, a good one and none."""
    policies.put(alice, address, WORST)
    answers = {charlies.get(f"{private}/manifests/{tag}").message for tag in ("bad", "good", "none")}
    assert len(answers) == 1 and "kho:" not in answers.pop()


@pytest.mark.parametrize(
    ("status", "is_refused"),
    [
        ("PENDING", True),
        ("FAILED", True),
        ("COMPLETE", False),
        ("ACTIVE", False),
        ("UNSUPPORTED_IMAGE", False),
        ("", True),
    ],
)
def test_what_is_not_scanned_is_refused(
    alices: Wire, private: str, alice: Caller, address: Address, status: str, is_refused: bool
) -> None:
    image = push_image(alice, address, "1")
    if status:
        ImageScan.objects.create(image=image, status=status)
    index = push_index(alice, address, "all", [image])
    policies.put(alice, address, UNSCANNED)
    answer = alices.get(f"{private}/manifests/1")
    assert answer.status == (403 if is_refused else 200)
    if is_refused:
        assert f"because kho:ImageScanStatus is {status or 'NOT_SCANNED'}" in answer.message
    assert alices.get(f"{private}/manifests/{index.digest}").status == 200
    policies.put(alice, address, denying(StringEquals={"kho:ImageScanStatus": "NOT_SCANNABLE"}))
    assert alices.get(f"{private}/manifests/all").status == 403
    assert alices.get(f"{private}/manifests/1").status == 200


@pytest.mark.parametrize(
    ("condition", "is_refused"),
    [
        ({"NumericGreaterThan": {"kho:CriticalFindings": "0"}}, True),
        ({"NumericGreaterThan": {"kho:CriticalFindings": "1"}}, False),
        ({"NumericGreaterThanEquals": {"kho:HighFindings": "1"}}, False),
        ({"Null": {"kho:ImageWorstSeverity": "true"}}, False),
        ({"StringEquals": {"kho:ImageWorstSeverity": "NONE"}}, False),
    ],
)
def test_numbers_may_be_asked_for(
    alices: Wire, private: str, alice: Caller, address: Address, bad: Image, condition: dict[str, Any], is_refused: bool
) -> None:
    policies.put(alice, address, denying(**condition))
    assert (alices.get(f"{private}/manifests/bad").status == 403) is is_refused


def test_a_scan_that_is_made_anew_opens_no_gap(
    alices: Wire, private: str, alice: Caller, address: Address, bad: Image
) -> None:
    """What was found stays known; what was never found stays unknown."""
    policies.put(alice, address, WORST)
    ImageScan.objects.filter(image=bad).update(status="PENDING")
    assert alices.get(f"{private}/manifests/bad").status == 403
    ImageScan.objects.filter(image=bad).update(counts={}, history=[])
    assert alices.get(f"{private}/manifests/bad").status == 200
    policies.put(alice, address, denying(Null={"kho:ImageWorstSeverity": "true"}))
    assert alices.get(f"{private}/manifests/bad").status == 403
    assert alices.get(f"{private}/manifests/good").status == 200


@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS", "FAILED"])
def test_that_nothing_was_found_stays_known(
    alices: Wire, private: str, alice: Caller, address: Address, status: str
) -> None:
    """A clean image is not shut off while it is looked at again; one that was never looked at has no keys."""
    image = push_image(alice, address, "1")
    policies.put(alice, address, denying(Null={"kho:ImageWorstSeverity": "true"}))
    scan = scanned(image, CLEAN)
    assert scan.counts == {} and alices.get(f"{private}/manifests/1").status == 200
    ImageScan.objects.update(status=status)
    assert alices.get(f"{private}/manifests/1").status == 200
    ImageScan.objects.update(history=[])
    assert alices.get(f"{private}/manifests/1").status == 403


def test_all_that_was_found_may_be_ignored_while_a_scan_is_made(
    alices: Wire, private: str, alice: Caller, address: Address, bad: Image
) -> None:
    """The numbers follow what is ignored, not what was noted of a day before."""
    policies.put(alice, address, denying(Null={"kho:ImageWorstSeverity": "true"}))
    ImageScan.objects.filter(image=bad).update(status="PENDING")
    for name in set(Finding.objects.values_list("name", flat=True)):
        suppressions.create(alice, address.registry, Wanted(name, "false_positive", "It is not."))
    assert ImageScan.objects.get(image=bad).counts == {}
    assert alices.get(f"{private}/manifests/bad").status == 200
    policies.put(alice, address, WORST)
    assert alices.get(f"{private}/manifests/bad").status == 200


@pytest.mark.parametrize("status", ["FINDINGS_UNAVAILABLE", "UNSUPPORTED_IMAGE"])
def test_a_scan_that_could_tell_nothing_says_nothing(
    alices: Wire, private: str, alice: Caller, address: Address, bad: Image, status: str
) -> None:
    """Findings that went with it do not make the image a clean one, nor does the next scan until it is complete."""
    ImageScan.objects.filter(image=bad).update(status="ACTIVE")
    assert results.save(ImageScan.objects.get(image=bad), results.Outcome(ImageScan.Status(status)))
    policies.put(alice, address, denying(StringEquals={"kho:ImageWorstSeverity": "NONE"}))
    assert alices.get(f"{private}/manifests/bad").status == 200
    ImageScan.objects.filter(image=bad).update(status="PENDING")
    assert alices.get(f"{private}/manifests/bad").status == 200
    policies.put(alice, address, WORST)
    assert alices.get(f"{private}/manifests/bad").status == 403


def test_a_policy_of_the_registry_or_the_user_counts_too(
    private: str, alice: Caller, address: Address, bad: Image, alice_user: Any
) -> None:
    allow = {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}
    only = allow | {"Sid": "Good", "Condition": {"StringEquals": {"kho:ImageWorstSeverity": ["NONE", "LOW"]}}}
    user = principals.create_user(alice_user.account, "dan")
    own_policies.put_inline(alice, user, "own", json.dumps({"Version": "2012-10-17", "Statement": [only]}))
    dan = sign_in(user)
    answer = dan.get(f"{private}/manifests/bad")
    assert answer.status == 403 and "the policy wants StringEquals NONE or LOW" in answer.message
    assert dan.get(f"{private}/manifests/good").status == 200
    statement = json.loads(WORST)["Statement"][0] | {"Resource": "*"}
    registries.put_policy(alice, address.registry, json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert sign_in(alice_user).get(f"{private}/manifests/bad").status == 403


def test_who_does_not_ask_pays_no_query(
    alices: Wire, private: str, alice: Caller, address: Address, bad: Image
) -> None:
    counts = []
    assert alices.get(f"{private}/manifests/good").status == 200
    for text in ("", denying(StringEquals={"ecr:ImageTag": "other"}), WORST):
        if text:
            policies.put(alice, address, text)
        with CaptureQueriesContext(connection) as queries:
            assert alices.get(f"{private}/manifests/good").status == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2] - 1


def test_the_simulator_knows(alice: Caller, address: Address, bad: Image, alice_user: Any) -> None:
    """By the tag of an image that is there, or by what a scan would find."""
    policies.put(alice, address, WORST)
    cases: tuple[tuple[dict[str, Any], bool], ...] = (
        ({"image_tag": "bad"}, False),
        ({"image_tag": "good"}, True),
        ({"image_tag": "none"}, True),
        ({}, True),
        ({"worst": "HIGH"}, False),
        ({"image_tag": "bad", "worst": "LOW"}, True),
        ({"image_tag": "bad", "scan_status": "NOT_SCANNED"}, True),
    )
    for more, is_allowed in cases:
        asked = Question(alice_user.arn, "ecr:BatchGetImage", address.registry, address, **more)
        answer = simulation.ask(alice, asked)
        assert answer.explanation.decision.allowed is is_allowed, more
