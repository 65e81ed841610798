"""Images and indexes made in memory: what the registry itself reads from them."""

import gzip
import hashlib
import io
import json
import tarfile
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from registry.content import writing
from registry.content.writing import Artifact, Content, File, Platform
from registry.manifests import media_types
from registry.manifests.describe import config_facts, kind
from registry.manifests.parse import ParsedManifest, parse
from registry.values import Digest

CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
AMD64, ARM64 = Platform("amd64"), Platform("arm64", "v8")
FILES = {"bin/hello": File(b"program", 0o755), "etc/motd": File(b"Hello\n")}


def read(artifact: Artifact) -> ParsedManifest:
    """Parse the manifest with its own media type."""
    return parse(artifact.manifest.data, artifact.manifest.media_type)


def unpacked(layer: Content) -> dict[str, tarfile.TarInfo]:
    """The entries of a layer."""
    with tarfile.open(fileobj=io.BytesIO(layer.data), mode="r:gz") as archive:
        return {entry.name: entry for entry in archive}


def test_it_works_for_an_image() -> None:
    made = writing.image(
        FILES, ARM64, CREATED, command=["/bin/hello"], labels={"a": "b"}, annotations={writing.CREATED: "today"}
    )
    parsed = read(made)
    assert kind(parsed) == "image"
    assert [blob.digest for blob in parsed.blobs] == [content.digest for content in made.blobs]
    assert [blob.size for blob in parsed.blobs] == [len(content.data) for content in made.blobs]
    assert [blob.media_type for blob in parsed.blobs] == [media_types.OCI_CONFIG, media_types.OCI_LAYER]
    assert parsed.annotations == {writing.CREATED: "today"}
    config, layer = made.blobs
    facts = config_facts(parsed, config.data)
    assert (facts.os, facts.architecture, facts.variant) == ("linux", "arm64", "v8")
    assert facts.created == "2026-01-02T03:04:05Z"
    assert facts.labels == {"a": "b"}
    body = json.loads(config.data)
    assert body["config"]["Cmd"] == ["/bin/hello"]
    diff_id = "sha256:" + hashlib.sha256(gzip.decompress(layer.data)).hexdigest()
    assert body["rootfs"] == {"type": "layers", "diff_ids": [diff_id]}
    assert made.children == ()


def test_a_layer_holds_files_with_their_modes_below_their_folders() -> None:
    entries = unpacked(writing.image(FILES, AMD64, CREATED).blobs[1])
    assert list(entries) == ["bin", "etc", "bin/hello", "etc/motd"]
    assert entries["bin"].isdir()
    assert [entry.mode for entry in entries.values()] == [0o755, 0o755, 0o755, 0o644]
    assert {(entry.uid, entry.gid, entry.mtime) for entry in entries.values()} == {(0, 0, CREATED.timestamp())}


def test_a_plain_image_says_no_more_than_it_must() -> None:
    made = writing.image({}, AMD64, CREATED)
    assert json.loads(made.blobs[0].data)["config"] == {}
    assert "annotations" not in json.loads(made.manifest.data)


def test_it_works_for_an_index() -> None:
    children = {AMD64: writing.image(FILES, AMD64, CREATED), ARM64: writing.image(FILES, ARM64, CREATED)}
    made = writing.index(children, annotations={"a": "b"})
    parsed = read(made)
    assert kind(parsed) == "index"
    assert [child.digest for child in parsed.children] == [child.manifest.digest for child in made.children]
    assert [child.platform and child.platform.architecture for child in parsed.children] == ["amd64", "arm64"]
    assert [child.platform and child.platform.variant for child in parsed.children] == ["", "v8"]
    assert parsed.annotations == {"a": "b"}
    assert made.blobs == ()
    assert read(writing.index(children)).annotations == {}


def test_the_same_files_give_the_same_digest() -> None:
    one, other = (writing.image(FILES, AMD64, CREATED) for _ in range(2))
    assert one == other
    assert writing.image(FILES, ARM64, CREATED).manifest.digest != one.manifest.digest


def test_content_knows_its_digest() -> None:
    content = Content("text/plain", b"hello")
    assert content.digest == Digest.of(b"hello")
    assert content.descriptor(urls=[]) == {
        "mediaType": "text/plain",
        "digest": str(Digest.of(b"hello")),
        "size": 5,
        "urls": [],
    }


names = st.text(st.sampled_from("abcdef"), min_size=1, max_size=8)


@given(st.dictionaries(st.lists(names, min_size=4, max_size=4).map("/".join), st.binary(max_size=50), max_size=5))
def test_any_files_are_read_back(files: dict[str, bytes]) -> None:
    archive = writing.tar({path: File(data) for path, data in files.items()}, CREATED)
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        found = {entry.name: opened.extractfile(entry) for entry in opened if entry.isfile()}
        assert {name: file.read() for name, file in found.items() if file} == files
