"""Tags, images, numbers and comparisons over the API."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.caller import Caller
from gallery.search import index
from registry.core import images, reading
from registry.models import DailyPulls, Image, Repository
from registry.values import Address, ImageTag
from tests.factories.registry import make_public_repository, push_image, push_index
from tests.gallery.api.conftest import Ask

DOTS = "••••••••"


def test_numbers_over_time(ask: Ask, app: str) -> None:
    repository = Repository.objects.get(region="public")
    today = timezone.now().date()
    for by, name, count in (("client", "docker", 7), ("client", "helm", 3), ("tag", "1.0", 9), ("tag", "", 1),
                            ("platform", "linux/amd64", 10)):  # fmt: skip
        DailyPulls.objects.create(repository=repository, by=by, name=name, day=today, count=count)
    found = ask(f"{app}/-/statistics")
    assert (found["days"], found["total"], len(found["by_day"])) == (30, 10, 30)
    assert found["by_day"][-1] == {"day": today.isoformat(), "pulls": 10}
    assert found["by_client"] == [{"name": "docker", "pulls": 7}, {"name": "helm", "pulls": 3}]
    assert found["by_tag"] == [{"name": "1.0", "pulls": 9}, {"name": "", "pulls": 1}]
    assert found["by_platform"] == [{"name": "linux/amd64", "pulls": 10}]
    assert len(found["pushes_by_month"]) == 12 and found["pushes_by_month"][-1]["pushes"] == 4
    assert len(ask(f"{app}/-/statistics?days=365")["by_day"]) == 365


def test_tags_with_platforms_and_recent_pulls(ask: Ask, app: str, image: Image) -> None:
    DailyPulls.objects.create(repository=image.repository, by="tag", name="1.0", day=timezone.now().date(), count=9)
    rows = {row["name"]: row for row in ask(f"{app}/-/tags")["results"]}
    assert list(rows) == ["1.0", "1.0-arm", "all", "sig"]
    assert rows["1.0"]["recent_pull_count"] == 9 and rows["all"]["recent_pull_count"] == 0
    assert rows["1.0"]["attached"] == ["signature"] and rows["all"]["attached"] == []
    both = rows["all"]["platforms"]
    assert [each["platform"] for each in both] == ["linux/amd64", "linux/arm64"]
    assert both[0]["digest"] == image.digest and both[0]["size"] == image.size
    arm = ask(f"{app}/-/tags?attached=no&platform=linux/arm64")["results"]
    assert [row["name"] for row in arm] == ["1.0-arm", "all"]
    assert ask(f"{app}/-/tags?sort=pulls")["results"][0]["name"] == "1.0"
    assert ask(f"{app}/-/tags?tag=arm&kind=image")["total"] == 1
    assert ask(f"{app}/-/tags?kind=chart") == {"next": "", "total": 0, "results": []}


@pytest.mark.parametrize("sort", ["pushed", "version", "name", "size", "pulls"])
def test_pages_of_every_order_follow_each_other(ask: Ask, app: str, sort: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [row["name"] for row in ask(f"{app}/-/tags?sort={sort}")["results"]]
    monkeypatch.setattr("gallery.api.views.MOST", 1)
    read, after = [], ""
    for _ in whole:
        page = ask(f"{app}/-/tags?sort={sort}&after={after.replace('+', '%2B')}")
        read += [row["name"] for row in page["results"]]
        after = page["next"]
    assert read == whole and not after


def test_the_history_of_a_tag_is_of_that_tag_alone(
    ask: Ask, app: str, image: Image, alice: Caller, public_address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = push_image(alice, public_address, "1.0")
    history = ask(f"{app}/-/tags/1.0/history")
    assert [(row["tag"], row["new_digest"]) for row in history["results"]] == [
        ("1.0", newer.digest), ("1.0", image.digest),
    ]  # fmt: skip
    assert history["results"][0]["old_size"] == image.size and history["results"][1]["old_size"] is None
    assert {row["tag"] for row in ask(f"{app}/-/history?tag=1.0")["results"]} == {"1.0", "1.0-arm"}
    assert ask(f"{app}/-/tags/1.0/history?kind=created")["total"] == 1
    assert ask(f"{app}/-/history?until=2020-01-01")["total"] == 0
    assert ask(f"{app}/-/tags/never/history")["results"] == []
    monkeypatch.setattr("gallery.api.views.MOST", 1)
    first = ask(f"{app}/-/tags/1.0/history")
    assert ask(f"{app}/-/tags/1.0/history?after={first['next']}")["results"] == history["results"][1:]


def test_an_image_says_what_its_page_says(ask: Ask, app: str, image: Image, alice: Caller) -> None:
    found = ask(f"{app}/-/tags/1.0")
    assert found["layer_count"] == 2 and found["shown_digest"] == image.digest
    labels = {each["key"]: each for each in found["labels"]}
    assert labels["org.opencontainers.image.licenses"]["url"] == "https://spdx.org/licenses/MIT.html"
    assert labels["org.opencontainers.image.url"] == {
        "key": "org.opencontainers.image.url", "text": "javascript:alert(1)", "url": "",
    }  # fmt: skip
    both = ask(f"{app}/-/tags/all")
    assert found["part_of"] == [both["digest"]] and both["shown_digest"] == image.digest
    arm = ask(f"{app}/-/tags/all?platform=linux/arm64")
    assert arm["digest"] == both["digest"] and arm["shown_digest"] == ask(f"{app}/-/tags/1.0-arm")["digest"]
    push_image(alice, image.repository.address, "1.0")
    assert ask(f"{app}/-/tags/1.0")["replaces"] == image.digest
    [attached] = ask(f"{app}/-/images/{image.digest}/referrers")["results"]
    assert (attached["kind"], attached["subject_digest"]) == ("signature", image.digest)


def test_layers_and_config_keep_secrets(ask: Ask, app: str, image: Image) -> None:
    layers = ask(f"{app}/-/images/{image.digest}/layers")
    assert [row["number"] for row in layers["results"]] == [1, 0, 2] and layers["history"] == "known"
    assert [row["command"] for row in layers["results"][:2]] == ["ADD rootfs in /", "ENV A=1"]
    assert layers["results"][2]["has_secret"] and DOTS in layers["results"][2]["command"]
    assert [row["share"] for row in layers["results"]] == [75, 0, 25] and layers["total"] == 400
    config = ask(f"{app}/-/images/{image.digest}/config")
    assert config["entrypoint"] == ["/entry"] and config["ports"] == ["80/tcp"] and config["runs_as_root"]
    assert config["environment"] == [
        {"name": "PATH", "value": "/bin", "looks_secret": False},
        {"name": "DB_PASSWORD", "value": DOTS, "looks_secret": True},
    ]
    assert config["health_check"]["interval"] == "30s"
    assert "hunter2" not in json.dumps([layers, config])
    both = ask(f"{app}/-/tags/all")["digest"]
    assert ask(f"{app}/-/images/{both}/layers?platform=linux/arm64")["platform"] == "linux/arm64"
    assert ask(f"{app}/-/images/{both}/config")["digest"] == image.digest


@pytest.mark.parametrize(
    ("said", "read"),
    [("1e999", "1e999"), ("-1.5", -1.5), ('"\\ud800"', "\ud800"), ('{"\\udfff": "Kho hàng"}', {"\udfff": "Kho hàng"})],
)
def test_a_manifest_may_hold_any_json(
    ask: Ask, app: str, image: Image, alice: Caller, client: Client, said: str, read: Any
) -> None:
    """Numbers that are larger than any, and halves of characters, in a field that nobody knows."""
    address = image.repository.address
    whole = images.get(alice, address, ImageTag("1.0")).content.decode().removesuffix("}")
    images.put(alice, address, ImageTag("odd"), image.media_type, f'{whole}, "odd": {said}}}'.encode())
    assert ask(f"{app}/-/tags/odd")["manifest"]["odd"] == read
    digest = ask(f"{app}/-/tags/odd")["digest"]
    path = f"/{app.removeprefix('repositories/')}/-/images/{digest}/manifest?form=indented"
    assert client.get(path).status_code == 200


def test_a_manifest_that_is_nested_too_deeply_is_left_out(
    ask: Ask, app: str, image: Image, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was just shallow enough when it was pushed."""
    deep = b"[" * 2000 + b"]" * 2000
    monkeypatch.setattr("registry.core.image_details.manifest", lambda *_: deep)
    assert ask(f"{app}/-/tags/1.0")["manifest"] is None
    path = f"/{app.removeprefix('repositories/')}/-/images/{image.digest}/manifest?form=indented"
    assert "[" * 2000 in client.get(path).content.decode()


def test_two_images_beside_each_other(ask: Ask, app: str, image: Image, alice: Caller) -> None:
    text = images.get(alice, image.repository.address, ImageTag("1.0"))
    config = json.dumps({"os": "linux", "architecture": "amd64", "config": {"Env": ["DB_PASSWORD=hunter3", "A=1"]}})
    push_image(alice, image.repository.address, "2.0", layers=[b"a" * 300, b"c"], config=config.encode())
    found = ask(f"{app}/-/compare/1.0...2.0")
    assert found["before"]["digest"] == text.image.digest and found["chart"] is None and not found["is_same"]
    assert (found["layers"]["shared"], found["layers"]["shared_size"]) == (1, 300)
    assert [each["size"] for each in found["layers"]["added"]] == [1]
    changes = {(each["field"], each["name"]): each for each in found["changes"]}
    assert changes["environment", "A"]["kind"] == "added"
    assert changes["environment", "DB_PASSWORD"]["before"] == changes["environment", "DB_PASSWORD"]["after"] == DOTS
    assert "hunter" not in json.dumps(found)
    same = ask(f"{app}/-/compare/1.0...1.0")
    assert same["is_same"] and same["layers"] is None and same["changes"] == []
    assert ask(f"{app}/-/compare/all...1.0")["platform"] == ""


def test_publishers_offer_repositories(ask: Ask, app: str, alice: Caller) -> None:
    make_public_repository(alice, "tools")
    index.rebuild()
    place = f"publishers/{app.split('/')[1]}/repositories"
    assert [row["name"] for row in ask(f"{place}?sort=name")["results"]] == ["app", "tools"]
    assert ask(f"{place}?contains=too&page=9")["total"] == 1
    assert {row["name"] for row in ask("search/suggestions?q=too")} == {"tools"}
    assert ask("search/suggestions?q=t") == []


def test_answers_cost_the_same_however_much_is_there(
    ask: Ask, app: str, alice: Caller, public_address: Address, settings: Settings,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    def costs() -> dict[str, int]:
        found = {}
        for part in ("", "/-/tags", "/-/tags?attached=no&platform=linux/amd64&sort=pulls", "/-/history",
                     "/-/statistics?days=365", "/-/tags/all", "/-/tags/all/history", f"/-/images/{both}/layers",
                     f"/-/images/{both}/config", f"/-/images/{both}/referrers", "/-/compare/all...1.0"):  # fmt: skip
            reading.contents.clear()
            with django_assert_max_num_queries(12) as queries:
                ask(app + part)
            found[part] = len(queries)
        return found

    settings.RIGHTS_SECONDS = 60
    both = ask(f"{app}/-/tags/all")["digest"]
    before = costs()
    one = Image.objects.get(digest=both)
    subject = {"mediaType": one.media_type, "digest": one.digest, "size": one.manifest_size}
    for number in range(6):
        push_image(alice, public_address, f"more-{number}")
        push_image(alice, public_address, f"sig-{number}", subject=subject)
        push_index(alice, public_address, f"all-{number}", [push_image(alice, public_address, layers=[b"a"] * 4)])
    assert costs() == before
