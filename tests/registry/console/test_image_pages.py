"""The console's pages of one image or chart: what the gallery shows, for members only."""

import json

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.caller import Caller
from registry.content.charts import Chart
from registry.core import policies
from registry.models import Image
from registry.values import Address
from tests.factories.registry import make_repository, push_chart, push_image, push_index
from tests.registry.console.test_console import PRIVATE, ana, chi, page

__all__ = ["ana", "chi"]

ROOT = f"{PRIVATE}/team/app/-"
STEPS = [{"created_by": "ENV API_TOKEN=hush", "empty_layer": True}, {"created_by": "RUN login --password opensesame"}]
CONFIG = json.dumps(
    {"os": "linux", "architecture": "amd64", "config": {"Env": ["API_TOKEN=abc"]}, "history": STEPS}
).encode()


@pytest.fixture
def image(alice: Caller, address: Address) -> Image:
    """An image that carries a secret."""
    return push_image(alice, address, "1.0", config=CONFIG)


def deny(caller: Caller, address: Address, action: str) -> None:
    """Let a policy of the repository keep everybody from one action."""
    statement = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": action}
    policies.put(caller, address, json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def test_pages_of_an_image(ana: Client, image: Image) -> None:
    text = page(ana, f"{ROOT}/tags/1.0")
    assert "docker pull testserver/111122223333/team/app:1.0" in text and image.digest in text
    assert "user/alice" in text and "Delete this image" in text
    text = page(ana, f"{ROOT}/images/{image.digest}/config")
    assert "Some variables look like secrets" in text and "abc</details>" in text
    for section in ("", "/layers", "/manifest", "/referrers"):
        assert image.digest in page(ana, f"{ROOT}/images/{image.digest}{section}")
    answer = ana.get(f"{ROOT}/images/{image.digest}/manifest?download=1")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "private" in answer.headers["Cache-Control"]


def test_the_list_tells_which_images_have_a_signature(ana: Client, alice: Caller, address: Address) -> None:
    new, old, plain = (push_image(alice, address, tag) for tag in ("new", "old", "plain"))
    subject = {"mediaType": new.media_type, "digest": new.digest, "size": new.manifest_size}
    push_image(alice, address, artifactType="application/vnd.cncf.notary.signature", subject=subject)
    push_image(alice, address, f"{old.digest.replace(':', '-')}.sig")
    text = page(ana, f"{ROOT}/images?status=tagged")
    for image, is_signed in ((new, True), (old, True), (plain, False)):
        link = f'{ROOT}/images/{image.digest}/referrers">signature<'
        assert (link in text) is is_signed, image.digest


def test_the_list_leads_to_scans_of_what_can_be_scanned(ana: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1.0")
    chart = push_chart(alice, address, Chart("shop", "1.0.0"))
    text = page(ana, f"{ROOT}/images")
    assert f'{ROOT}/images/{image.digest}/vulnerabilities">Scan…<' in text
    assert f'{ROOT}/images/{chart.digest}/vulnerabilities">Scan…<' not in text
    deny(alice, address, "ecr:StartImageScan")
    assert "Scan…" not in page(ana, f"{ROOT}/images")


def test_commands_are_of_the_program_for_the_kind(ana: Client, alice: Caller, address: Address, image: Image) -> None:
    assert "docker pull testserver/111122223333/team/app@sha256:" in page(ana, f"{ROOT}/images/{image.digest}")
    notes = push_image(alice, address, "notes", artifactType="application/vnd.example.notes.v1")
    text = page(ana, f"{ROOT}/tags/notes")
    assert "oras pull --plain-http testserver/111122223333/team/app:notes" in text
    assert f"oras pull --plain-http testserver/111122223333/team/app@{notes.digest}" in text
    assert "docker pull" not in text


def test_commands_of_the_build_hide_secrets_and_warn_the_owner(ana: Client, image: Image) -> None:
    text = page(ana, f"{ROOT}/images/{image.digest}/layers")
    assert "Some commands hold what looks like secrets" in text
    for shown, command in (
        ("ENV API_TOKEN=••••••••", "ENV API_TOKEN=hush"),
        ("RUN login --password ••••••••", "RUN login --password opensesame"),
    ):
        assert f'<details class="masked"><summary><code>{shown}</code>' in text
        assert text.count(command) == 1 and f"{command}</pre></details>" in text


def test_pages_of_a_chart_and_comparisons(ana: Client, alice: Caller, address: Address, image: Image) -> None:
    for number in ("1.0.0", "1.1.0"):
        push_chart(alice, address, Chart("shop", number, values=f"version: {number}\n"))
    text = page(ana, f"{ROOT}/tags/1.1.0")
    assert "helm install my-release oci://testserver/111122223333/team/app --version 1.1.0 --plain-http" in text
    assert ana.get(f"{ROOT}/charts/1.1.0").headers["Location"] == f"{ROOT}/tags/1.1.0"
    for section in ("values", "schema", "templates", "dependencies", "changelog", "crds", "images"):
        page(ana, f"{ROOT}/charts/1.1.0/{section}")
    assert "+version: 1.1.0" in page(ana, f"{ROOT}/compare/1.0.0...1.1.0")
    assert ana.get(f"{ROOT}/compare?a=1.0.0&b=1.1.0").headers["Location"] == f"{ROOT}/compare/1.0.0...1.1.0"
    assert '<option value="1.1.0"></option><option value="1.0.0">' in page(ana, f"{ROOT}/compare")
    page(ana, f"{ROOT}/compare?a=1.0.0&b=", 400)
    deny(alice, address, "ecr:ListImages")
    assert "<option" not in page(ana, f"{ROOT}/compare").partition('<datalist id="suggested">')[2].partition("</")[0]


def test_who_may_not_pull_sees_no_contents(ana: Client, alice: Caller, address: Address, image: Image) -> None:
    push_chart(alice, address, Chart("shop", "1.0.0", values="a: 1\n"))
    deny(alice, address, "ecr:GetDownloadUrlForLayer")
    for path in (f"images/{image.digest}/config", f"images/{image.digest}/layers", "charts/1.0.0/values"):
        text = page(ana, f"{ROOT}/{path}")
        assert "you need the permission GetDownloadUrlForLayer" in text and "abc" not in text
    deny(alice, address, "ecr:BatchGetImage")
    assert "ecr:BatchGetImage" in page(ana, f"{ROOT}/images/{image.digest}/manifest", 403)
    deny(alice, address, "ecr:DescribeImages")
    page(ana, f"{ROOT}/images/{image.digest}", 403)


def test_it_refuses_strangers_and_what_is_not_there(
    ana: Client, chi: Client, client: Client, alice: Caller, image: Image
) -> None:
    push_chart(alice, make_repository(alice, "charts").address, Chart("shop", "1.0.0"))
    paths = [
        f"{ROOT}/tags/1.0",
        *(f"{ROOT}/images/{image.digest}{each}" for each in ("", "/layers", "/config", "/manifest", "/referrers")),
        f"{PRIVATE}/charts/-/charts/1.0.0/values",
        f"{ROOT}/compare",
        f"{ROOT}/compare/1.0...1.0",
    ]
    for path in paths:
        page(chi, path, 404)
        assert Client().get(path).headers["Location"].startswith("/sign-in?next=")
    for path in ("tags/absent", f"images/sha256:{'0' * 64}/layers", "images/sha512:00/layers", "charts/1.0/values"):
        page(ana, f"{ROOT}/{path}", 404)
    page(ana, f"{ROOT}/compare/1.0...absent", 404)
    page(ana, f"{ROOT}/tags/1.0?platform=plan9/mips", 404)


def test_pages_cost_the_same_whatever_an_image_has(
    ana: Client,
    alice: Caller,
    address: Address,
    image: Image,
    settings: Settings,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    big = push_image(alice, address, layers=[f"layer {number}".encode() for number in range(60)])
    index = push_index(alice, address, "all", [big, push_image(alice, address, architecture="arm64")])
    settings.RIGHTS_SECONDS = 60
    for section in ("", "/layers", "/config", "/manifest", "/referrers"):
        page(ana, f"{ROOT}/images/{index.digest}{section}")
        with django_assert_max_num_queries(12):
            page(ana, f"{ROOT}/images/{index.digest}{section}")
