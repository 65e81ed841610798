"""Pages of one public image, as somebody without an account sees them."""

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.caller import Caller
from gallery.search import index
from registry import storage
from registry.core import aliases, images, reading
from registry.models import Blob, Image
from registry.values import Address, Digest, ImageTag
from tests.factories.registry import (
    make_public_repository,
    make_repository,
    push_blob,
    push_image,
    push_index,
)

CONFIG = {
    "os": "linux",
    "architecture": "amd64",
    "created": "2026-01-02T03:04:05Z",
    "config": {
        "Entrypoint": ["/entry"],
        "Cmd": ["serve"],
        "Env": ["PATH=/bin", "DB_PASSWORD=hunter2"],
        "ExposedPorts": {"80/tcp": {}},
        "Labels": {
            "org.opencontainers.image.source": "https://github.com/example/app",
            "org.opencontainers.image.revision": "0123456789abcdef",
            "org.opencontainers.image.licenses": "MIT",
            "org.opencontainers.image.documentation": "javascript:alert(1)",
        },
    },
    "history": [
        {"created_by": "/bin/sh -c #(nop) ADD rootfs in / "},
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "RUN /bin/sh -c " + "apt-get install " * 30 + "# buildkit"},
    ],
}


@pytest.fixture
def alias(alice: Caller, public_address: Address) -> str:
    """Whose repository it is."""
    index.rebuild()
    return aliases.primary(alice.account_id)


@pytest.fixture
def image(alice: Caller, public_address: Address) -> Image:
    """An image of two layers with history."""
    return push_image(alice, public_address, "1.0", layers=[b"a" * 300, b"b" * 100], config=encoded(CONFIG))


def encoded(config: Any) -> bytes:
    return json.dumps(config).encode()


def page(client: Client, path: str, status: int = 200) -> str:
    """The text of a page."""
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def test_the_overview_says_what_an_image_is(client: Client, alias: str, image: Image) -> None:
    text = page(client, f"/{alias}/app/-/tags/1.0")
    assert f"docker pull testserver/{alias}/app:1.0" in text and f"@{image.digest}" in text
    assert 'href="https://github.com/example/app/commit/0123456789abcdef"' in text
    assert 'href="https://spdx.org/licenses/MIT.html"' in text
    assert 'href="javascript' not in text and "javascript:alert(1)" in text
    assert "2 Jan 2026 03:04 UTC" in text and "linux" in text
    assert "none" in text and f'href="/{alias}/app/-/images/{image.digest}/layers"' in text


def pull_line(text: str) -> str:
    """The command that stands at the top of a page."""
    return text.partition('id="pull-line" lang="en">')[2].partition("<")[0]


def test_the_command_at_the_top_pulls_what_the_page_is_about(
    client: Client, alias: str, image: Image, alice: Caller
) -> None:
    push_image(alice, image.repository.address, "2.0", layers=[b"newer" * 1000])
    root = f"/{alias}/app/-"
    assert pull_line(page(client, f"/{alias}/app")) == f"docker pull testserver/{alias}/app:2.0"
    old = page(client, f"{root}/tags/1.0")
    assert pull_line(old) == f"docker pull testserver/{alias}/app:1.0" and f"app@{image.digest}" in old
    assert "app:2.0" not in old and "5.00 kB" not in old, "neither the newest tag nor its size"
    by_digest = f"testserver/{alias}/app@{image.digest}"
    for section in ("", "/layers", "/config", "/manifest", "/referrers"):
        text = page(client, f"{root}/images/{image.digest}{section}")
        assert pull_line(text) == f"docker pull {by_digest}" and text.count(f">docker pull {by_digest}<") == 1


def test_an_image_is_pulled_with_the_client_of_the_reader(client: Client, alias: str, image: Image) -> None:
    root = f"/{alias}/app/-"
    assert pull_line(page(client, f"{root}/tags/1.0?client=podman")).startswith("podman pull --tls-verify=false test")
    text = page(client, f"{root}/tags/1.0")
    assert pull_line(text).startswith("podman pull") and "docker pull" not in text, "remembered, by digest too"
    assert pull_line(page(client, f"{root}/images/{image.digest}/config")).startswith("podman pull")


def test_an_overview_names_what_it_replaced(client: Client, alias: str, image: Image, alice: Caller) -> None:
    address = image.repository.address
    newer = push_image(alice, address, "1.0")
    text = page(client, f"/{alias}/app/-/tags/1.0")
    assert f"/-/compare/{image.digest}...{newer.digest}" in text
    images.delete(alice, address, Digest.parse(image.digest))
    text = page(client, f"/{alias}/app/-/tags/1.0")
    assert f"/-/compare/{image.digest}" not in text and "deleted" in text


def test_an_index_shows_one_platform_at_a_time(
    client: Client, alias: str, image: Image, alice: Caller, public_address: Address
) -> None:
    arm = push_image(alice, public_address, architecture="arm64", layers=[b"c"])
    both = push_index(alice, public_address, "all", [arm, image])
    text = page(client, f"/{alias}/app/-/tags/all")
    assert "Digest of the index" in text and "Digest for linux/amd64" in text, "the usual platform comes first"
    assert text.index("linux/amd64</a>") < text.index("linux/arm64</a>")
    text = page(client, f"/{alias}/app/-/images/{both.digest}/layers?platform=linux/arm64")
    assert "Digest for linux/arm64" in text and text.count('id="layer-') == 1
    assert f"/-/images/{both.digest}/config?platform=linux%2Farm64" in text
    assert both.digest[:19] in page(client, f"/{alias}/app/-/images/{arm.digest}"), "what it is part of"
    page(client, f"/{alias}/app/-/tags/all?platform=plan9/mips", 404)
    assert both.digest in page(client, f"/{alias}/app/-/images/{both.digest}/manifest")
    assert "&quot;manifests&quot;" in page(client, f"/{alias}/app/-/images/{both.digest}/manifest")


def test_layers_stand_beside_their_commands(client: Client, alias: str, image: Image) -> None:
    text = page(client, f"/{alias}/app/-/images/{image.digest}/layers")
    assert text.index("ADD rootfs in /") < text.index("ENV A=1") < text.index("RUN apt-get install")
    assert "0 B, metadata only" in text and "75 %" in text and "25 %" in text
    assert text.count("<details><summary><code>") == 1, "the long command is folded"
    by_size = page(client, f"/{alias}/app/-/images/{image.digest}/layers?sort=size")
    assert by_size.index('id="layer-1"') < by_size.index('id="layer-2"') and 'aria-sort="descending"' in by_size


def test_layers_tell_in_how_many_other_public_repositories_they_are(
    client: Client, alias: str, image: Image, alice: Caller, charlie: Caller
) -> None:
    for name in ("one", "two"):
        push_image(alice, make_public_repository(alice, name).address, "1", layers=[b"a" * 300])
    push_image(alice, make_repository(alice, "private").address, "1", layers=[b"a" * 300])
    gone = make_public_repository(charlie, "gone")
    push_image(charlie, gone.address, "1", layers=[b"a" * 300])
    gone.policy_text = "{}"
    gone.save()
    text = page(client, f"/{alias}/app/-/images/{image.digest}/layers")
    cells = [part.partition("</td>")[0] for part in text.split('data-label="In other repositories" class="num">')[1:]]
    assert cells == ["2", "", "0"]


def test_history_that_does_not_fit_is_told(client: Client, alias: str, alice: Caller, public_address: Address) -> None:
    config = encoded({**CONFIG, "history": CONFIG["history"][:1]})  # type: ignore[index]  # it is a list
    image = push_image(alice, public_address, layers=[b"a", b"b"], config=config)
    text = page(client, f"/{alias}/app/-/images/{image.digest}/layers")
    assert "another number of layers" in text and "Show the build history" in text and "command unknown" in text
    bare = push_image(alice, public_address)
    assert "does not carry build history" in page(client, f"/{alias}/app/-/images/{bare.digest}/layers")


def test_commands_of_the_build_hide_secrets(client: Client, alias: str, alice: Caller, public_address: Address) -> None:
    steps = [{"created_by": "ARG TOKEN=hush"}, {"created_by": "RUN make"}, {"created_by": "RUN echo " + "x" * 200}]
    for layers in ([b"a", b"b", b"c"], [b"a"]):
        image = push_image(alice, public_address, layers=layers, config=encoded({**CONFIG, "history": steps}))
        text = page(client, f"/{alias}/app/-/images/{image.digest}/layers")
        assert "<code>ARG TOKEN=••••••••</code>" in text and text.count("ARG TOKEN=hush") == 1
        assert "ARG TOKEN=hush</pre></details>" in text and "<code>RUN make</code>" in text
        assert "Some commands hold" not in text, "only the owner is warned"


def test_the_config_masks_what_looks_secret(client: Client, alias: str, image: Image) -> None:
    text = page(client, f"/{alias}/app/-/images/{image.digest}/config")
    assert "runs as root" in text and "80/tcp" in text and "[&quot;/entry&quot;]" in text
    masked = text[text.index("DB_PASSWORD</th>") : text.index("hunter2</details>")]
    assert "••••••••" in masked and '<details class="masked">' in masked
    assert "Some variables look like secrets" not in text, "only the owner is warned"


def test_a_config_that_is_hostile_is_shown_as_what_it_is(
    client: Client, alias: str, alice: Caller, public_address: Address
) -> None:
    for config, words in (
        (b"<script>alert(1)</script>", "The config is not JSON."),
        (b"[" * 50_000, "The config is not JSON."),
        (b"[1]", "The config is not a JSON object."),
        (encoded({"config": {"Env": 7, "Cmd": {}, "Labels": ["x"]}, "history": {"a": 1}}), "runs as root"),
        (encoded({"config": {"User": "\x1b[31m<b>\u202e"}, "history": [{"created_by": "x" * 90_000}]}), "&lt;b&gt;"),
        (encoded({"history": [{"created_by": "RUN x", "created": "9" * 99}] * 3000}), "As JSON"),
    ):
        image = push_image(alice, public_address, config=config)
        text = page(client, f"/{alias}/app/-/images/{image.digest}/config")
        assert words in text and "<script>alert" not in text and "\x1b" not in text and "\u202e" not in text
        for section in ("", "/layers", "/manifest", "/referrers"):
            page(client, f"/{alias}/app/-/images/{image.digest}{section}")


def test_a_giant_config_is_not_read(client: Client, alias: str, alice: Caller, public_address: Address) -> None:
    image = push_image(alice, public_address, config=b" " * (4 * 1024 * 1024 + 1))
    assert "larger than what is shown" in page(client, f"/{alias}/app/-/images/{image.digest}/config")


def test_a_lost_config_leaves_the_page(client: Client, alias: str, image: Image) -> None:
    blob = Blob.objects.get(images__image=image, images__is_config=True)
    storage.default().delete(blob.storage_key)
    reading.contents.clear()
    text = page(client, f"/{alias}/app/-/images/{image.digest}/config")
    assert "missing or damaged" in text
    text = page(client, f"/{alias}/app/-/images/{image.digest}/layers")
    assert "missing or damaged" in text and 'id="layer-2"' in text, "the layers are there all the same"


def test_the_manifest_has_its_exact_bytes(client: Client, alias: str, image: Image, alice: Caller) -> None:
    url = f"/{alias}/app/-/images/{image.digest}/manifest"
    text = page(client, url)
    assert f'href="/{alias}/app/-/images/{image.digest}/config">sha256:' in text and "layers#layer-2" in text
    assert "indented for reading" in page(client, f"{url}?form=indented")
    answer = client.get(f"{url}?download=1")
    content = images.get(alice, image.repository.address, ImageTag("1.0")).content
    assert (answer.content, answer.headers["Content-Type"]) == (content, image.media_type)
    assert answer.headers["Content-Disposition"].startswith("attachment") and "nosniff" in str(answer.headers)


def test_what_is_missing_from_an_index_is_marked(
    client: Client, alias: str, image: Image, alice: Caller, public_address: Address
) -> None:
    both = push_index(alice, public_address, "all", [image, push_image(alice, public_address, architecture="arm64")])
    Image.objects.filter(architecture="arm64").delete()
    assert "which is not in this repository" in page(client, f"/{alias}/app/-/tags/all")
    text = page(client, f"/{alias}/app/-/images/{both.digest}/manifest")
    assert "1 manifest that this index names is not in the repository" in text and "<del>" in text


def test_what_is_attached_is_listed_fallback_tags_too(
    client: Client, alias: str, image: Image, alice: Caller, public_address: Address
) -> None:
    subject = {"mediaType": image.media_type, "digest": image.digest, "size": image.manifest_size}
    by_subject = push_image(alice, public_address, subject=subject)
    stem = image.digest.replace(":", "-")
    by_tag = push_image(alice, public_address, f"{stem}.sig")
    Image.objects.filter(id=by_tag.id).update(kind=Image.Kind.SIGNATURE)
    inside = push_image(alice, public_address)
    push_index(alice, public_address, stem, [inside])
    text = page(client, f"/{alias}/app/-/images/{image.digest}/referrers")
    assert all(f"/-/images/{each.digest}" in text for each in (by_subject, by_tag, inside))
    assert "3 artifacts name this image" in text
    assert "present" in page(client, f"/{alias}/app/-/tags/1.0")
    assert f"/-/images/{image.digest}" in page(client, f"/{alias}/app/-/images/{by_subject.digest}")
    other = push_image(alice, public_address)
    assert "Nothing is attached" in page(client, f"/{alias}/app/-/images/{other.digest}/referrers")


@pytest.mark.parametrize("section", ["layers", "config", "manifest", "referrers"])
def test_pages_of_absent_images_are_404(client: Client, alias: str, section: str) -> None:
    page(client, f"/{alias}/app/-/images/sha256:{'0' * 64}/{section}", 404)
    page(client, f"/{alias}/app/-/images/sha512:{'0' * 64}/{section}", 404)
    page(client, f"/{alias}/absent/-/images/sha256:{'0' * 64}/{section}", 404)


def test_pages_cost_the_same_whatever_an_image_has(
    client: Client,
    alias: str,
    alice: Caller,
    public_address: Address,
    settings: Settings,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    history = [{"created_by": f"RUN step {number}"} for number in range(200)]
    config = push_blob(alice, public_address, encoded({**CONFIG, "history": history}))
    layers = [push_blob(alice, public_address, f"layer {number}".encode()) for number in range(200)]
    from tests.factories.registry import OCI_CONFIG, OCI_MANIFEST, manifest_bytes

    content = manifest_bytes(config | {"mediaType": OCI_CONFIG}, layers)
    image = images.put(alice, public_address, ImageTag("big"), OCI_MANIFEST, content).image
    both = push_index(alice, public_address, "all", [image, push_image(alice, public_address, architecture="arm64")])
    for number in range(300):
        images.put(alice, public_address, ImageTag(f"t{number}"), both.media_type, reading.manifest(both.digest) or b"")
    push_image(alice, public_address, "sha256-" + both.digest[7:])
    settings.RIGHTS_SECONDS = 60
    page(client, f"/{alias}/app")
    for section in ("", "/layers", "/config", "/manifest", "/referrers"):
        reading.contents.clear()
        with django_assert_max_num_queries(12):
            text = page(client, f"/{alias}/app/-/images/{both.digest}{section}")
        assert section != "/layers" or text.count('id="layer-') == 200
    with django_assert_max_num_queries(12):
        page(client, f"/{alias}/app/-/tags/all")
    with django_assert_max_num_queries(12):
        page(client, f"/{alias}/app/-/images/{image.digest}")
    newer = push_index(alice, public_address, "all", [image])
    reading.contents.clear()
    with django_assert_max_num_queries(12):
        page(client, f"/{alias}/app/-/compare/{both.digest}...{newer.digest}")
