"""What manifests are called, and what their configs say."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.manifests import describe, media_types
from registry.manifests.describe import ConfigFacts, config_facts, kind
from registry.manifests.parse import ParsedManifest, parse
from registry.models import Image
from tests.registry.manifests import making
from tests.registry.manifests.making import descriptor, encoded, image, index

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"


def parsed(manifest: dict[str, Any]) -> ParsedManifest:
    """Read a manifest that is legal."""
    return parse(encoded(manifest), "")


def of_config(media_type: str, *layer_types: str, **more: Any) -> dict[str, Any]:
    """An OCI manifest with a config and layers of these types."""
    layers = [descriptor(b"%d" % place, layer) for place, layer in enumerate(layer_types)]
    return image(config=descriptor(b"{}", media_type), layers=layers, **more)


def bundle(**annotations: str) -> dict[str, Any]:
    """A sigstore bundle."""
    return of_config(media_types.OCI_EMPTY, BUNDLE, artifactType=BUNDLE, annotations=annotations)


KINDS: list[tuple[str, dict[str, Any]]] = [
    ("image", image()),
    ("image", image(media_types.DOCKER_MANIFEST)),
    ("image", of_config(media_types.OCI_CONFIG, "application/vnd.oci.image.layer.v1.tar+zstd")),
    ("image", of_config(media_types.OCI_CONFIG, artifactType=media_types.OCI_CONFIG)),
    ("index", index()),
    ("index", index(media_types.DOCKER_LIST)),
    ("index", index(manifests=[])),
    ("chart", of_config(media_types.HELM_CONFIG, media_types.HELM_CHART)),
    ("cache", of_config(media_types.BUILDKIT_CACHE, media_types.OCI_LAYER)),
    ("cache", index(manifests=[descriptor(), descriptor(b"{}", media_types.BUILDKIT_CACHE)])),
    ("signature", of_config(media_types.OCI_CONFIG, "application/vnd.dev.cosign.simplesigning.v1+json")),
    ("signature", of_config(media_types.OCI_EMPTY, "x/y", artifactType="application/vnd.cncf.notary.signature")),
    ("signature", bundle()),
    ("signature", bundle(**{describe.PREDICATE: describe.SIGNED})),
    ("attestation", bundle(**{describe.PREDICATE: "https://slsa.dev/provenance/v1"})),
    ("attestation", of_config(media_types.OCI_CONFIG, "application/vnd.in-toto+json")),
    ("attestation", of_config(media_types.OCI_CONFIG, "application/vnd.dsse.envelope.v1+json")),
    ("sbom", of_config(media_types.OCI_CONFIG, "text/spdx+json")),
    ("sbom", of_config(media_types.OCI_EMPTY, "x/y", artifactType="application/spdx+json")),
    ("sbom", of_config(media_types.OCI_EMPTY, "x/y", artifactType="application/vnd.cyclonedx+json")),
    ("artifact", of_config(media_types.OCI_EMPTY, "text/plain", artifactType="application/vnd.example")),
    ("artifact", of_config("application/vnd.wasm.config.v0+json", "application/wasm")),
    ("artifact", of_config(media_types.OCI_CONFIG, artifactType="application/vnd.example")),
    ("artifact", image(config=None, artifactType="application/vnd.example")),
]


@pytest.mark.parametrize(("name", "manifest"), KINDS)
def test_it_works_for_every_kind(name: str, manifest: dict[str, Any]) -> None:
    assert kind(parsed(manifest)) == name


def test_kinds_are_those_of_the_images_table() -> None:
    assert {name for name, _ in KINDS} == set(Image.Kind.values)


@given(making.images | making.indexes)
def test_every_manifest_has_a_kind(manifest: dict[str, Any]) -> None:
    assert kind(parsed(manifest)) in Image.Kind.values


def test_an_images_config_tells_its_facts() -> None:
    config = {
        "os": "linux",
        "architecture": "arm64",
        "variant": "v8",
        "created": "2026-01-02T03:04:05Z",
        "config": {
            "Labels": {
                describe.TITLE: "Tea",
                describe.DESCRIPTION: "Makes tea",
                describe.VERSION: "1.2",
                describe.LICENSES: "MIT",
                describe.SOURCE: "https://example.com/tea.git",
                describe.URL: "https://example.com/tea",
                "maintainer": "Alice",
                "number": 5,
            }
        },
    }
    facts = config_facts(parsed(image()), encoded(config))
    assert (facts.os, facts.architecture, facts.variant) == ("linux", "arm64", "v8")
    assert facts.as_json() == {
        "created": "2026-01-02T03:04:05Z",
        "title": "Tea",
        "description": "Makes tea",
        "version": "1.2",
        "licenses": "MIT",
        "source": "https://example.com/tea.git",
        "url": "https://example.com/tea",
        "labels": {key: value for key, value in config["config"]["Labels"].items() if key != "number"},  # type: ignore[index]  # a dict
    }


def test_annotations_win_over_labels_unless_they_are_empty() -> None:
    labels = {describe.TITLE: "of the label", describe.DESCRIPTION: "of the label"}
    manifest = image(annotations={describe.TITLE: "of the annotation", describe.DESCRIPTION: " "})
    facts = config_facts(parsed(manifest), encoded({"config": {"Labels": labels}}))
    assert facts.title == "of the annotation"
    assert facts.description == "of the label"


def test_an_index_tells_what_its_annotations_say() -> None:
    manifest = index(annotations={describe.TITLE: "Tea", describe.CREATED: "2026-01-02T03:04:05Z"})
    assert config_facts(parsed(manifest), b"").as_json() == {"title": "Tea", "created": "2026-01-02T03:04:05Z"}


def test_a_charts_config_tells_its_facts() -> None:
    config = {
        "name": "tea",
        "version": "1.2.3",
        "appVersion": "4.5",
        "description": "A chart",
        "home": "https://example.com",
        "sources": ["https://example.com/tea.git", "https://example.com/other"],
        "annotations": {"artifacthub.io/license": "Apache-2.0"},
        "os": "not a platform",
    }
    manifest = of_config(
        media_types.HELM_CONFIG, media_types.HELM_CHART, annotations={describe.CREATED: "2026-01-02T03:04:05Z"}
    )
    assert config_facts(parsed(manifest), encoded(config)) == ConfigFacts(
        title="tea",
        version="1.2.3",
        app_version="4.5",
        description="A chart",
        url="https://example.com",
        source="https://example.com/tea.git",
        licenses="Apache-2.0",
        created="2026-01-02T03:04:05Z",
    )


def test_other_configs_say_nothing_of_a_platform() -> None:
    manifest = of_config("application/vnd.example.config", artifactType="application/vnd.example")
    assert config_facts(parsed(manifest), encoded({"os": "linux", "created": "today"})) == ConfigFacts()


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "git@example.com:tea.git", "//x", ""])
def test_it_refuses_addresses_that_a_page_must_not_link_to(link: str) -> None:
    labels = {describe.URL: link, describe.SOURCE: link}
    facts = config_facts(parsed(image()), encoded({"config": {"Labels": labels}}))
    assert (facts.url, facts.source) == ("", "")
    chart = of_config(media_types.HELM_CONFIG, media_types.HELM_CHART)
    facts = config_facts(parsed(chart), encoded({"home": link, "sources": [link]}))
    assert (facts.url, facts.source) == ("", "")


def test_texts_and_labels_have_bearable_length() -> None:
    labels = {f"label-{number}": "x" * 5000 for number in range(1000)}
    facts = config_facts(parsed(image()), encoded({"created": "y" * 5000, "config": {"Labels": labels}}))
    assert len(facts.created) == describe.LONGEST_TEXT
    assert len(facts.labels) == describe.MOST_LABELS
    assert max(map(len, facts.labels.values())) == describe.LONGEST_TEXT


SAMPLES = [image(), of_config(media_types.HELM_CONFIG, media_types.HELM_CHART), index()]


@pytest.mark.parametrize("manifest", SAMPLES, ids=["image", "chart", "index"])
@pytest.mark.parametrize("config", [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b"[" * 200_000, b"1" * 5000])
def test_a_strange_config_says_nothing(manifest: dict[str, Any], config: bytes) -> None:
    assert config_facts(parsed(manifest), config) == ConfigFacts()


@pytest.mark.parametrize("manifest", SAMPLES, ids=["image", "chart", "index"])
@given(config=st.binary(max_size=200) | making.json_values.map(encoded))
def test_no_config_makes_it_fail(manifest: dict[str, Any], config: bytes) -> None:
    json.dumps(config_facts(parsed(manifest), config).as_json())


KEYS = ["os", "architecture", "variant", "created", "config", "name", "version", "sources", "annotations", "home"]


@pytest.mark.parametrize("manifest", SAMPLES, ids=["image", "chart", "index"])
@given(config=st.dictionaries(st.sampled_from(KEYS), making.json_values))
def test_no_value_at_a_known_key_makes_it_fail(manifest: dict[str, Any], config: dict[str, Any]) -> None:
    json.dumps(config_facts(parsed(manifest), encoded(config)).as_json())


@given(labels=making.json_values)
def test_no_labels_make_it_fail(labels: Any) -> None:
    facts = config_facts(parsed(image()), encoded({"config": {"Labels": labels}}))
    assert all(isinstance(value, str) for value in facts.labels.values())
