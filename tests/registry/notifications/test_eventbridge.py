"""Events have the shapes of Amazon EventBridge's, and signatures those of Standard Webhooks."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from registry.notifications import event_types, eventbridge, signing
from registry.notifications.eventbridge import Envelope, ImageFacts

AT = datetime(2026, 11, 29, 8, 15, 30, tzinfo=timezone(timedelta(hours=7)))
IMAGE = ImageFacts("sha256:" + "7f" * 32, "application/vnd.oci.image.manifest.v1+json", "application/vnd.cyclonedx")


def test_it_works() -> None:
    detail_type, detail = eventbridge.image_action("PUSH", "team/app", IMAGE, "latest")
    text = Envelope("13cde686", AT, "aws.ecr", "111122223333", "us-west-2", detail_type, detail).as_json()
    assert json.loads(text) == {
        "version": "0",
        "id": "13cde686",
        "detail-type": "ECR Image Action",
        "source": "aws.ecr",
        "account": "111122223333",
        "time": "2026-11-29T01:15:30Z",
        "region": "us-west-2",
        "resources": [],
        "detail": {
            "result": "SUCCESS",
            "repository-name": "team/app",
            "image-digest": IMAGE.digest,
            "action-type": "PUSH",
            "image-tag": "latest",
            "manifest-media-type": "application/vnd.oci.image.manifest.v1+json",
            "artifact-media-type": "application/vnd.cyclonedx",
        },
    }


def test_what_is_not_known_is_left_out() -> None:
    _, detail = eventbridge.image_action("DELETE", "app", ImageFacts("sha256:00"))
    assert detail == {
        "result": "SUCCESS",
        "repository-name": "app",
        "image-digest": "sha256:00",
        "action-type": "DELETE",
    }


def test_a_change_of_the_storage_class() -> None:
    restored = replace(IMAGE, last_activated_at=AT)
    detail_type, detail = eventbridge.image_action("UPDATE_STORAGE_CLASS", "app", restored, storage_class="STANDARD")
    assert detail_type == "ECR Image Action" and detail["target-storage-class"] == "STANDARD"
    assert detail["last-activated-at"] == "2026-11-29T01:15:30+00:00"
    assert "last-activated-at" not in eventbridge.image_action("DELETE", "app", restored)[1]


def test_what_is_attached_has_a_type_of_its_own() -> None:
    attached = ImageFacts("sha256:00", subject_digest=IMAGE.digest)
    detail_type, _ = eventbridge.image_action("PUSH", "app", attached)
    assert detail_type == "ECR Referrer Action"
    assert event_types.kind_of(detail_type, "PUSH") == event_types.REFERRER


def test_signatures_are_those_of_the_specification() -> None:
    """The example of the Standard Webhooks specification's reference libraries."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    signature = signing.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body, secret)
    assert signature == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_headers_have_one_signature_for_each_secret() -> None:
    first, second = signing.new_secret(), signing.new_secret()
    assert first != second and first.startswith("whsec_") and len(base64.b64decode(first[6:])) == 32
    at = datetime(2026, 1, 1, tzinfo=UTC)
    made = signing.headers("msg_1", at, b"x", [first, second])
    assert made["webhook-timestamp"] == "1767225600"
    expected = [f"v1,{signing.sign('msg_1', '1767225600', b'x', each)}" for each in (first, second)]
    assert made["webhook-signature"].split(" ") == expected


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("*", "", True),
        ("*", "team/app", True),
        ("team/*", "team/app", True),
        ("team/*", "other/app", False),
        ("v?.*", "v1.2", True),
        ("v*", "", False),
        ("app", "app", True),
        ("app", "app2", False),
    ],
)
def test_filters(pattern: str, name: str, fits: bool) -> None:
    assert event_types.matches(pattern, name) is fits


def test_kinds_that_are_chosen() -> None:
    assert event_types.is_wanted("image.push", ["image.push"]) and event_types.is_wanted("referrer", ["*"])
    assert not event_types.is_wanted("image.delete", ["image.push"])
