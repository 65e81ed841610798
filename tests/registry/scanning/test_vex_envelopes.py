"""What is around an attached VEX document, what is no VEX, and what is refused in words."""

import base64
import json
from typing import Any

import pytest

from registry.errors import VexInvalid
from registry.scanning import vex_envelopes
from registry.scanning.vex_envelopes import NotVex
from tests.registry.scanning.test_vex import DIGEST, OPENVEX, WHY, analysed, cyclonedx, openvex, statement

DOCUMENT = openvex(statement(**WHY))
DSSE = "application/vnd.in-toto+json"


def attested(document: bytes = DOCUMENT, predicate: Any = OPENVEX, digest: str = DIGEST) -> dict[str, Any]:
    """An in-toto statement."""
    algorithm, _, digits = digest.partition(":")
    return {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": predicate,
        "subject": [{"name": "app", "digest": {"sha1": "0"}}, {"name": "app", "digest": {algorithm: digits}}],
        "predicate": json.loads(document),
    }


def signed(value: Any, kind: str = DSSE) -> dict[str, Any]:
    """A DSSE envelope; nobody looks at the signature."""
    return {"payloadType": kind, "payload": base64.b64encode(json.dumps(value).encode()).decode(), "signatures": []}


def bundle(value: Any) -> dict[str, Any]:
    """A Sigstore bundle."""
    return {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": value}


@pytest.mark.parametrize(
    "value",
    [
        json.loads(DOCUMENT),
        attested(),
        attested(predicate="https://openvex.dev/ns"),
        attested(predicate="https://openvex.dev/ns@v0.2.0"),
        signed(attested()),
        signed(json.loads(DOCUMENT), "application/vnd.openvex+json"),
        bundle(signed(attested())),
    ],
)
@pytest.mark.parametrize("is_vex", [True, False])
def test_it_works(value: dict[str, Any], is_vex: bool) -> None:
    assert vex_envelopes.opened(json.dumps(value).encode(), DIGEST, is_vex=is_vex) == json.loads(DOCUMENT)


@pytest.mark.parametrize(
    ("artifact_type", "is_looked_at", "is_vex"),
    [
        ("application/vnd.openvex+json", True, True),
        ("application/openvex+json", True, True),
        ("application/vnd.openvex.vex+json", True, True),
        ("application/vex+json", True, True),
        ("application/vnd.CycloneDX+json", True, False),
        ("application/vnd.in-toto+json", True, False),
        ("application/vnd.dsse.envelope.v1+json", True, False),
        ("application/vnd.dev.sigstore.bundle.v0.3+json", True, False),
        ("application/vnd.cncf.notary.signature", False, False),
        ("application/spdx+json", False, False),
        ("", False, False),
    ],
)
def test_types_tell(artifact_type: str, is_looked_at: bool, is_vex: bool) -> None:
    assert vex_envelopes.may_be(artifact_type) is is_looked_at
    assert vex_envelopes.says_so(artifact_type, {}) is is_vex


@pytest.mark.parametrize("name", vex_envelopes.PREDICATES)
def test_annotations_tell(name: str) -> None:
    assert vex_envelopes.says_so(DSSE, {name: OPENVEX})
    for other in ("https://spdx.dev/Document", "https://openvex.dev/nsx", ""):
        with pytest.raises(NotVex):
            vex_envelopes.says_so("application/vnd.openvex+json", {name: other})


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[" * 100_000,
        b" " * (vex_envelopes.LARGEST + 1),
        json.dumps({"payloadType": DSSE} | bundle({})).encode(),
        cyclonedx(),
        json.dumps({"bomFormat": "CycloneDX", "components": []}).encode(),
        json.dumps(attested(predicate="https://spdx.dev/Document")).encode(),
        json.dumps(attested(predicate=["x"])).encode(),
        json.dumps(signed(attested(), "application/json")).encode(),
        json.dumps(signed(attested(), 3)).encode(),  # type: ignore[arg-type]  # anybody's bytes
        b'{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "messageSignature": {}}',
    ],
)
def test_what_does_not_have_to_be_vex_is_passed_over(content: bytes) -> None:
    with pytest.raises(NotVex):
        vex_envelopes.opened(content, DIGEST, is_vex=False)


def test_cyclonedx_is_vex_if_it_speaks_of_vulnerabilities() -> None:
    content = cyclonedx(analysed("resolved", "pkg:gem/a"))
    assert vex_envelopes.opened(content, DIGEST, is_vex=False) == json.loads(content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not an object"),
        (b" " * (vex_envelopes.LARGEST + 1), "larger than 2 MiB"),
        (json.dumps({"payloadType": DSSE}).encode(), "no payload"),
        (json.dumps({"payloadType": DSSE, "payload": "é!"}).encode(), "not base64"),
        (json.dumps({"payloadType": DSSE, "payload": "e1t7"}).encode(), "not JSON"),
        (json.dumps(attested(digest="sha256:" + "b" * 64)).encode(), "about another image"),
        (json.dumps(attested() | {"subject": None}).encode(), "about another image"),
        (json.dumps(attested() | {"subject": [3, {"digest": "x"}]}).encode(), "about another image"),
        (json.dumps(attested() | {"predicate": []}).encode(), "no predicate"),
    ],
)
def test_it_refuses(content: bytes, words: str) -> None:
    with pytest.raises(VexInvalid) as caught:
        vex_envelopes.opened(content, DIGEST, is_vex=True)
    assert words in str(caught.value)
