"""Makes manifests as Python values, and strategies for any of them."""

import json
from typing import Any

from hypothesis import strategies as st

from registry.manifests import media_types
from registry.values import Digest

Json = dict[str, Any]


def descriptor(content: bytes = b"content", media_type: str = media_types.OCI_LAYER, **more: Any) -> Json:
    """A descriptor of the content."""
    return {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content), **more}


def image(media_type: str = media_types.OCI_MANIFEST, **more: Any) -> Json:
    """An image manifest with a config and two layers."""
    docker = media_type == media_types.DOCKER_MANIFEST
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": descriptor(b"{}", media_types.DOCKER_CONFIG if docker else media_types.OCI_CONFIG),
        "layers": [descriptor(b"one"), descriptor(b"two")],
    }
    return without_absent(manifest | more)


def index(media_type: str = media_types.OCI_INDEX, **more: Any) -> Json:
    """An index of two platforms."""
    child = media_types.DOCKER_MANIFEST if media_type == media_types.DOCKER_LIST else media_types.OCI_MANIFEST
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "manifests": [
            descriptor(b"amd", child, platform={"os": "linux", "architecture": "amd64"}),
            descriptor(b"arm", child, platform={"os": "linux", "architecture": "arm64", "variant": "v8"}),
        ],
    }
    return without_absent(manifest | more)


ABSENT = object()
"""Given as a value, takes the key away."""


def without_absent(manifest: Json) -> Json:
    """Leave out the keys that a test takes away."""
    return {key: value for key, value in manifest.items() if value is not ABSENT}


def encoded(manifest: Any) -> bytes:
    """The bytes of a manifest."""
    return json.dumps(manifest).encode()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
"""Anything that json.dumps takes, NaN included."""


def is_json(value: Any) -> bool:
    """Whether a value has neither NaN nor an infinity in it."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


annotations = st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=4)

types = st.sampled_from(
    [
        media_types.OCI_LAYER,
        media_types.OCI_CONFIG,
        media_types.OCI_EMPTY,
        media_types.HELM_CHART,
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.dev.cosign.simplesigning.v1+json",
        "text/spdx+json",
        "x/y",
    ]
)


@st.composite
def descriptors(draw: st.DrawFn, media_type: st.SearchStrategy[str] = types) -> Json:
    """Any legal descriptor."""
    content = draw(st.binary(max_size=20))
    algorithm = draw(st.sampled_from(["sha256", "sha512"]))
    optional = st.fixed_dictionaries(
        {},
        optional={
            "annotations": annotations,
            "artifactType": types,
            "urls": st.lists(st.just("https://example.com/layer"), max_size=2),
            "platform": st.fixed_dictionaries(
                {"os": st.text(max_size=9), "architecture": st.text(max_size=9)},
                optional={"variant": st.text(max_size=9), "os.version": st.text(max_size=9)},
            ),
        },
    )
    fixed = {"mediaType": draw(media_type), "digest": str(Digest.of(content, algorithm)), "size": len(content)}
    return fixed | draw(optional)


extras = st.fixed_dictionaries(
    {},
    optional={
        "annotations": annotations,
        "artifactType": types,
        "subject": descriptors(st.just(media_types.OCI_MANIFEST)),
        "vnd.example.unknown": json_values.filter(is_json),
    },
)

images = st.builds(
    lambda media_type, config, layers, more: image(media_type, config=config, layers=layers, **more),
    st.sampled_from(sorted(media_types.IMAGES)),
    descriptors(),
    st.lists(descriptors(), max_size=4),
    extras,
)
"""Any legal image manifest."""

indexes = st.builds(
    lambda media_type, manifests, more: index(media_type, manifests=manifests, **more),
    st.sampled_from(sorted(media_types.INDEXES)),
    st.lists(descriptors(st.sampled_from(sorted(media_types.MANIFESTS)) | types), max_size=4),
    extras,
)
"""Any legal index."""
