"""Reading manifests: what is accepted, what is refused, and which place a refusal names."""

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import ManifestInvalid
from registry.manifests import media_types
from registry.manifests.parse import LARGEST_SIZE, Descriptor, Platform, parse
from registry.values import Digest
from tests.registry.manifests import making
from tests.registry.manifests.making import ABSENT, descriptor, encoded, image, index

ALL_TYPES = sorted(media_types.MANIFESTS)


def sample(media_type: str) -> dict[str, Any]:
    """A legal manifest of the type."""
    return index(media_type) if media_type in media_types.INDEXES else image(media_type)


def refusal(manifest: Any, media_type: str = "") -> str:
    """The message with which a manifest is refused."""
    with pytest.raises(ManifestInvalid) as caught:
        parse(manifest if isinstance(manifest, bytes) else encoded(manifest), media_type)
    return str(caught.value)


# --- it works


def test_it_works_for_an_image() -> None:
    parsed = parse(encoded(image(annotations={"a": "b"})), media_types.OCI_MANIFEST)
    assert parsed.media_type == media_types.OCI_MANIFEST
    assert not parsed.is_index
    assert parsed.config == Descriptor(media_types.OCI_CONFIG, Digest.of(b"{}"), 2)
    assert [layer.digest for layer in parsed.layers] == [Digest.of(b"one"), Digest.of(b"two")]
    assert parsed.blobs == (parsed.config, *parsed.layers) == parsed.required_blobs
    assert parsed.artifact_type == media_types.OCI_CONFIG
    assert parsed.annotations == {"a": "b"}
    assert parsed.manifests == parsed.children == ()
    assert parsed.subject is None


def test_it_works_for_an_index() -> None:
    parsed = parse(encoded(index()), media_types.OCI_INDEX)
    assert parsed.is_index
    assert parsed.config is None
    assert parsed.blobs == parsed.required_blobs == ()
    assert parsed.children == parsed.manifests
    assert [child.digest for child in parsed.children] == [Digest.of(b"amd"), Digest.of(b"arm")]
    assert [child.platform for child in parsed.children] == [
        Platform("linux", "amd64"),
        Platform("linux", "arm64", "v8"),
    ]
    assert parsed.artifact_type == ""


@pytest.mark.parametrize("media_type", ALL_TYPES)
@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("said", [True, False])
def test_the_type_comes_from_header_or_body(media_type: str, *, declared: bool, said: bool) -> None:
    manifest = sample(media_type) | ({} if said else {"mediaType": ""})
    if declared or said:
        assert parse(encoded(manifest), media_type if declared else "").media_type == media_type
    else:
        assert refusal(manifest) == "neither mediaType nor Content-Type says what the manifest is"


def test_parameters_of_the_content_type_are_ignored() -> None:
    parsed = parse(encoded(image(mediaType=ABSENT)), media_types.OCI_MANIFEST + "; charset=utf-8")
    assert parsed.media_type == media_types.OCI_MANIFEST


@given(making.images)
def test_any_legal_image_is_read_as_it_is(manifest: dict[str, Any]) -> None:
    parsed = parse(encoded(manifest), manifest["mediaType"])
    assert parsed.config is not None
    assert str(parsed.config.digest) == manifest["config"]["digest"]
    assert parsed.artifact_type == manifest.get("artifactType", manifest["config"]["mediaType"])
    assert [str(layer.digest) for layer in parsed.layers] == [layer["digest"] for layer in manifest["layers"]]
    assert [layer.size for layer in parsed.layers] == [layer["size"] for layer in manifest["layers"]]
    assert [layer.media_type for layer in parsed.layers] == [layer["mediaType"] for layer in manifest["layers"]]
    assert [list(layer.urls) for layer in parsed.layers] == [layer.get("urls", []) for layer in manifest["layers"]]
    assert parsed.annotations == manifest.get("annotations", {})
    assert (str(parsed.subject.digest) if parsed.subject else None) == manifest.get("subject", {}).get("digest")
    assert all(blob in parsed.blobs for blob in parsed.required_blobs)


@given(making.indexes)
def test_any_legal_index_is_read_as_it_is(manifest: dict[str, Any]) -> None:
    parsed = parse(encoded(manifest), manifest["mediaType"])
    entries = [(str(entry.digest), entry.media_type, entry.size) for entry in parsed.manifests]
    assert entries == [(entry["digest"], entry["mediaType"], entry["size"]) for entry in manifest["manifests"]]
    assert parsed.artifact_type == manifest.get("artifactType", "")
    assert [entry for entry in parsed.manifests if entry.media_type in media_types.MANIFESTS] == list(parsed.children)
    assert [entry for entry in parsed.manifests if entry.media_type not in media_types.MANIFESTS] == list(parsed.blobs)


def test_a_subject_and_an_artifact_type_are_read() -> None:
    subject = descriptor(b"subject", media_types.OCI_MANIFEST)
    parsed = parse(encoded(image(artifactType="application/spdx+json", subject=subject)), "")
    assert parsed.subject == Descriptor(media_types.OCI_MANIFEST, Digest.of(b"subject"), 7)
    assert parsed.artifact_type == "application/spdx+json"
    assert parsed.subject not in parsed.blobs


def test_an_artifact_may_have_the_empty_config_with_its_content() -> None:
    config = descriptor(b"{}", media_types.OCI_EMPTY, data=base64.b64encode(b"{}").decode())
    parsed = parse(encoded(image(config=config, artifactType="application/vnd.example")), "")
    assert parsed.artifact_type == "application/vnd.example"
    assert parsed.config is not None
    assert parsed.config.media_type == media_types.OCI_EMPTY


@pytest.mark.parametrize("config", [ABSENT, None])
def test_an_artifact_may_have_no_config(config: Any) -> None:
    parsed = parse(encoded(image(config=config, artifactType="application/vnd.example")), "")
    assert parsed.config is None
    assert parsed.blobs == parsed.layers


@pytest.mark.parametrize("layers", [[], None])
def test_a_manifest_may_have_no_layers(layers: Any) -> None:
    assert parse(encoded(image(layers=layers)), "").layers == ()


@pytest.mark.parametrize(
    ("layer", "required"),
    [
        (descriptor(b"x", "application/vnd.oci.image.layer.v1.tar+zstd"), True),
        (descriptor(b"x", media_types.OCI_LAYER, urls=[]), True),
        (descriptor(b"x", media_types.OCI_LAYER, urls=None), True),
        (descriptor(b"x", media_types.OCI_LAYER, urls=["https://example.com/x"]), False),
        (descriptor(b"x", media_types.DOCKER_FOREIGN_LAYER), False),
        (descriptor(b"x", "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"), False),
    ],
)
def test_layers_that_are_elsewhere_are_kept_but_not_required(layer: dict[str, Any], *, required: bool) -> None:
    parsed = parse(encoded(image(layers=[layer])), "")
    assert len(parsed.layers) == 1
    assert parsed.blobs == (parsed.config, *parsed.layers)
    assert (parsed.layers[0] in parsed.required_blobs) is required


def test_a_config_is_always_required() -> None:
    config = descriptor(b"{}", media_types.OCI_CONFIG, urls=["https://example.com/config"])
    parsed = parse(encoded(image(config=config)), "")
    assert parsed.config in parsed.required_blobs


def test_an_index_of_a_build_cache_names_blobs() -> None:
    entries = [descriptor(b"layer"), descriptor(b"{}", media_types.BUILDKIT_CACHE)]
    parsed = parse(encoded(index(manifests=entries)), "")
    assert parsed.children == ()
    assert [blob.digest for blob in parsed.required_blobs] == [Digest.of(b"layer"), Digest.of(b"{}")]


def test_sha512_and_parameters_of_types_are_read() -> None:
    layer = {"mediaType": "application/x; version=1.1", "digest": str(Digest.of(b"x", "sha512")), "size": 1}
    parsed = parse(encoded(image(layers=[layer])), "")
    assert parsed.layers == (Descriptor("application/x; version=1.1", Digest.of(b"x", "sha512"), 1),)


def test_unknown_keys_and_strange_texts_are_let_through() -> None:
    manifest = image(annotations={"\ud800": "\x00"}) | {"vnd.example": [1.5, None, {"x": "\ud800"}]}
    assert parse(encoded(manifest), "").annotations == {"\ud800": "\x00"}


# --- it refuses


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not JSON"),
        (b"not json", "is not JSON"),
        (b"{", "is not JSON"),
        (b"{}{}", "is not JSON"),
        (b"{} trailing", "is not JSON"),
        (b"\xff\xfe{}", "is not JSON"),
        (b"\xef\xbb\xbf{}", "is not JSON"),
        ('{"schemaVersion": 2}'.encode("utf-16"), "is not JSON"),
        (b'{"a": "\xc3\x28"}', "is not JSON"),
        (b'{"a": ' + b"1" * 5000 + b"}", "is not JSON"),
        (b"[]", "is not a JSON object"),
        (b"null", "is not a JSON object"),
        (b'"text"', "is not a JSON object"),
        (b"2", "is not a JSON object"),
        (b'{"a": NaN}', "holds NaN, which is not JSON"),
        (b'{"a": -Infinity}', "holds -Infinity, which is not JSON"),
        (b'{"a": 1, "a": 1}', "has the key 'a' twice"),
        (b'{"config": {"digest": 1, "size": 1, "digest": 2}}', "has the key 'digest' twice"),
        (b'{"a": 1, "\\u0061": 1}', "has the key 'a' twice"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"a":' * 100_000, "is nested too deeply"),
    ],
)
def test_it_refuses_what_is_no_json_object(content: bytes, message: str) -> None:
    assert message in refusal(content, media_types.OCI_MANIFEST)


CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"schemaVersion": 1}, "schemaVersion is 1: Docker's schema 1 is not served"),
    ({"schemaVersion": 3}, "schemaVersion is not 2"),
    ({"schemaVersion": "2"}, "schemaVersion is not 2"),
    ({"schemaVersion": 2.0}, "schemaVersion is not 2"),
    ({"schemaVersion": True}, "schemaVersion is 1: Docker's schema 1 is not served"),
    ({"schemaVersion": ABSENT}, "schemaVersion is not 2"),
    ({"mediaType": 5}, "mediaType is not a text"),
    ({"mediaType": None}, "mediaType is not a text"),
    ({"mediaType": "text/html"}, "'text/html' is not the media type of a manifest that is served"),
    ({"manifests": []}, "a manifest can't have both layers and manifests"),
    ({"manifests": [], "layers": ABSENT}, f"a manifest of type {media_types.OCI_MANIFEST} can't have manifests"),
    ({"config": ABSENT}, "config is not a descriptor"),
    ({"config": []}, "config is not a descriptor"),
    ({"config": {}}, "config.mediaType is missing"),
    ({"layers": ABSENT}, "layers is missing"),
    ({"layers": {}}, "layers is not a list"),
    ({"layers": "x"}, "layers is not a list"),
    ({"layers": [None]}, "layers[0] is not a descriptor"),
    ({"layers": [descriptor(), "x"]}, "layers[1] is not a descriptor"),
    ({"layers": [descriptor(), descriptor(), descriptor(size=-1)]}, "layers[2].size is not a number of bytes"),
    ({"layers": [descriptor(size=1.0)]}, "layers[0].size is not a number of bytes"),
    ({"layers": [descriptor(size="1")]}, "layers[0].size is not a number of bytes"),
    ({"layers": [descriptor(size=True)]}, "layers[0].size is not a number of bytes"),
    ({"layers": [descriptor(size=LARGEST_SIZE + 1)]}, "layers[0].size is not a number of bytes"),
    ({"layers": [descriptor(size=LARGEST_SIZE)]}, "the sizes add up to more than any registry holds"),
    ({"layers": [{"mediaType": "x/y", "digest": descriptor()["digest"]}]}, "layers[0].size is not a number of bytes"),
    ({"layers": [{"mediaType": "x/y", "size": 1}]}, "layers[0].digest is missing"),
    ({"layers": [descriptor(digest=None)]}, "layers[0].digest is not a text"),
    ({"layers": [descriptor(digest="sha256:abc")]}, "layers[0].digest is not a digest of the form"),
    ({"layers": [descriptor(digest="md5:" + "0" * 32)]}, "layers[0].digest is not a digest of the form"),
    ({"layers": [descriptor(digest="sha256:" + "A" * 64)]}, "layers[0].digest is not a digest of the form"),
    ({"layers": [descriptor(media_type="")]}, "layers[0].mediaType is not a media type: ''"),
    ({"layers": [descriptor(media_type="text")]}, "layers[0].mediaType is not a media type: 'text'"),
    ({"layers": [descriptor(media_type="a/b\n")]}, "layers[0].mediaType is not a media type"),
    ({"layers": [descriptor(media_type="a/b;" + "c" * 255)]}, "layers[0].mediaType is not a media type"),
    ({"layers": [descriptor(mediaType=7)]}, "layers[0].mediaType is not a text"),
    ({"layers": [descriptor(urls="https://x")]}, "layers[0].urls is not a list of texts"),
    ({"layers": [descriptor(urls=[1])]}, "layers[0].urls is not a list of texts"),
    ({"layers": [descriptor(annotations=[])]}, "layers[0].annotations is not a map of texts"),
    ({"layers": [descriptor(annotations={"a": 1})]}, "layers[0].annotations is not a map of texts"),
    ({"layers": [descriptor(artifactType="text")]}, "layers[0].artifactType is not a media type: 'text'"),
    ({"layers": [descriptor(platform="linux")]}, "layers[0].platform is not a platform"),
    ({"layers": [descriptor(platform={"os": 1})]}, "layers[0].platform.os is not a text"),
    ({"layers": [descriptor(data=1)]}, "layers[0].data is not a text"),
    ({"layers": [descriptor(data="*")]}, "layers[0].data is not base64"),
    ({"layers": [descriptor(data="é")]}, "layers[0].data is not base64"),
    ({"layers": [descriptor(b"{}", data="e30=", size=3)]}, "layers[0].data is not the content"),
    ({"layers": [descriptor(b"{]", data="e30=")]}, "layers[0].data is not the content"),
    ({"annotations": {"a": None}}, "annotations is not a map of texts"),
    ({"annotations": "x"}, "annotations is not a map of texts"),
    ({"artifactType": "x"}, "artifactType is not a media type: 'x'"),
    ({"artifactType": 1}, "artifactType is not a text"),
    ({"subject": "x"}, "subject is not a descriptor"),
    ({"subject": descriptor(digest="latest")}, "subject.digest is not a digest of the form"),
]


@pytest.mark.parametrize(("change", "message"), CHANGES, ids=[message[:60] for _, message in CHANGES])
def test_it_refuses_an_image_and_names_the_place(change: dict[str, Any], message: str) -> None:
    assert message in refusal(image(**change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": []}, "a manifest can't have both layers and manifests"),
        ({"layers": [], "manifests": ABSENT}, f"a manifest of type {media_types.OCI_INDEX} can't have layers"),
        ({"config": descriptor()}, f"a manifest of type {media_types.OCI_INDEX} can't have config"),
        ({"manifests": ABSENT}, "manifests is missing"),
        ({"manifests": {}}, "manifests is not a list"),
        ({"manifests": [descriptor(), descriptor(size=-5)]}, "manifests[1].size is not a number of bytes"),
        ({"manifests": [descriptor(platform=[])]}, "manifests[0].platform is not a platform"),
        ({"manifests": [descriptor(platform={"os.version": [1]})]}, "manifests[0].platform.os.version is not a text"),
        ({"subject": []}, "subject is not a descriptor"),
    ],
)
def test_it_refuses_an_index_and_names_the_place(change: dict[str, Any], message: str) -> None:
    assert message in refusal(index(**change))


def test_it_refuses_a_docker_image_without_config_whatever_it_says() -> None:
    manifest = image(media_types.DOCKER_MANIFEST, config=ABSENT, artifactType="application/vnd.example")
    assert refusal(manifest) == "config is not a descriptor"


@pytest.mark.parametrize("said", ALL_TYPES)
@pytest.mark.parametrize("declared", [*ALL_TYPES, "application/json", "application/vnd.oci.image.manifest.v2+json"])
def test_it_refuses_a_type_that_header_and_body_do_not_agree_on(said: str, declared: str) -> None:
    if said == declared:
        assert parse(encoded(sample(said)), declared).media_type == said
    else:
        assert refusal(sample(said), declared) == f"mediaType is {said!r}, but the Content-Type is {declared!r}"


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "application/vnd.oci.artifact.manifest.v1+json",
        "nonsense",
    ],
)
def test_it_refuses_a_type_that_is_not_served(media_type: str) -> None:
    assert "is not the media type of a manifest that is served" in refusal(image(mediaType=ABSENT), media_type)


def test_it_repeats_no_endless_text() -> None:
    long = "x" * 1_000_000
    for manifest in (
        image(mediaType=long),
        image(layers=[descriptor(digest=long)]),
        image(layers=[descriptor(media_type=long)]),
        encoded(image())[:-1] + b', "' + long.encode() + b'": 1, "' + long.encode() + b'": 2}',
    ):
        assert len(refusal(manifest)) < 400


def test_it_refuses_many_keys_with_one_twice_without_delay() -> None:
    keys = ", ".join(f'"{number}": 0' for number in range(200_000))
    assert refusal(f'{{{keys}, "199999": 0}}'.encode()) == "an object in the manifest has the key '199999' twice"


# --- whatever comes


@given(st.binary(max_size=300), st.sampled_from(["", *ALL_TYPES]))
def test_any_bytes_are_refused_in_our_words(content: bytes, media_type: str) -> None:
    refusal(content, media_type)


@given(making.json_values, st.sampled_from(["", *ALL_TYPES]))
def test_any_json_is_refused_in_our_words(value: Any, media_type: str) -> None:
    refusal(value, media_type)


PLACES = [
    ("schemaVersion",),
    ("mediaType",),
    ("config",),
    ("config", "digest"),
    ("config", "size"),
    ("config", "mediaType"),
    ("layers",),
    ("layers", 0),
    ("layers", 1, "digest"),
    ("layers", 1, "urls"),
    ("layers", 1, "platform"),
    ("layers", 1, "data"),
    ("annotations",),
    ("artifactType",),
    ("subject",),
]


@given(st.sampled_from(PLACES), making.json_values)
def test_any_value_at_any_place_is_read_or_refused_in_our_words(place: tuple[Any, ...], value: Any) -> None:
    manifest = json.loads(encoded(image()))
    target = manifest
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    with suppress(ManifestInvalid):
        assert parse(encoded(manifest), media_types.OCI_MANIFEST).media_type == media_types.OCI_MANIFEST
