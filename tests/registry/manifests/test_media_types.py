"""The grammar of media types, and the sets of them."""

import pytest

from registry.manifests import media_types


@pytest.mark.parametrize(
    "text",
    [
        *sorted(media_types.MANIFESTS),
        "a/b",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.security.vulnerability.report; version=1.1",
        "x" * 127 + "/" + "y" * 127,
    ],
)
def test_it_works_for_media_types(text: str) -> None:
    assert media_types.is_legal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "a",
        "a/",
        "/b",
        "a/b/c",
        ".a/b",
        "a /b",
        "a/b c",
        "a/b\n",
        "a/bé",
        "a/b;\n",
        "x" * 128 + "/y",
        "a/" + "y" * 300,
    ],
)
def test_it_refuses_other_texts(text: str) -> None:
    assert not media_types.is_legal(text)


def test_every_manifest_is_an_image_or_an_index() -> None:
    assert media_types.MANIFESTS == media_types.IMAGES | media_types.INDEXES
    assert not media_types.IMAGES & media_types.INDEXES
