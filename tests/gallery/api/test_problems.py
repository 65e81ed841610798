"""Errors of the API: JSON of one shape, the same for what is absent and for what is hidden, and where to go instead."""

import json

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.caller import Caller, Staff
from gallery.search import query
from registry.core import policies, takedowns
from registry.models import Alias, Image
from registry.values import Address, Digest
from tests.gallery.api.conftest import Ask

STAFF = Staff("staff@example.com")
PARTS = ("", "/-/tags", "/-/history", "/-/statistics", "/-/tags/1.0", "/-/tags/1.0/history", "/-/compare/1.0...all",
         "/-/charts/1.0", "/-/charts/1.0/values", "/-/images/{digest}", "/-/images/{digest}/layers",
         "/-/images/{digest}/config", "/-/images/{digest}/referrers", "/-/images/{digest}/vulnerabilities",
         "/-/images/{digest}/packages")  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "none",
        "v1",
        "v1/none",
        "v1/repositories/acme",
        "v1/repositories/acme/app/-/none",
        "v2/search",
        "V1/search",
        "x/y",
    ],
)
def test_unknown_addresses_are_404(client: Client, db: None, path: str) -> None:
    for method in ("get", "post"):
        answer = getattr(client, method)(f"/api/{path}", headers={"accept-language": "vi"})
        assert answer.status_code == 404 and answer.json() == {"detail": "There is nothing at this address."}
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    for path in ("/api", "/api/"):
        assert client.get(path).json() == {"detail": "There is nothing at this address."}
    assert client.get("/apis").headers["Content-Type"].startswith("text/html")


def test_a_slash_at_the_end_is_one_too_many(client: Client, app: str) -> None:
    answer = client.get(f"/api/v1/{app}/-/tags/?sort=size")
    assert answer.status_code == 301 and answer.headers["Location"] == f"/api/v1/{app}/-/tags?sort=size"


def test_what_is_not_there_is_404(ask: Ask, app: str, image: Image) -> None:
    for place in ("repositories/nobody/app", app.removesuffix("app") + "none", app.removesuffix("app") + "x"):
        for part in PARTS:
            ask(place + part.format(digest=image.digest), 404)
    absent = "sha256:" + "0" * 64
    for part in ("tags/none", "compare/1.0...none", f"images/{absent}", f"images/{absent}/layers", "charts/1.0/values",
                 "compare/1.0...sha256:00", "tags/1.0?platform=plan9/mips"):  # fmt: skip
        ask(f"{app}/-/{part}", 404)
    ask("publishers/nobody", 404)
    ask("publishers/nobody/repositories", 404)


def test_what_a_policy_hides_is_like_what_is_not_there(
    ask: Ask, app: str, image: Image, alice: Caller, public_address: Address
) -> None:
    denied = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "ecr-public:*"}]}
    policies.put(alice, public_address, json.dumps(denied), force=True)
    for part in PARTS:
        hidden = ask(app + part.format(digest=image.digest), 404)
        assert hidden == ask(app.removesuffix("app") + "none" + part.format(digest=image.digest), 404)


def test_a_policy_against_pulls_keeps_contents(
    ask: Ask, app: str, image: Image, alice: Caller, public_address: Address
) -> None:
    denied = {"Effect": "Deny", "Principal": "*", "Action": "ecr-public:GetDownloadUrlForLayer"}
    policies.put(alice, public_address, json.dumps({"Version": "2012-10-17", "Statement": [denied]}), force=True)
    config = ask(f"{app}/-/images/{image.digest}/config")
    assert config["problem"] == "denied" and config["environment"] == []


def test_what_staff_took_down_is_410(ask: Ask, app: str, image: Image, public_address: Address) -> None:
    takedowns.take_down(STAFF, public_address, "Malware", digest=Digest.parse(image.digest))
    assert ask(f"{app}/-/images/{image.digest}", 410) == {"detail": "This was taken down: Malware"}
    ask(f"{app}/-/tags")
    takedowns.take_down(STAFF, public_address, "It mines coins.")
    for part in PARTS:
        assert ask(app + part.format(digest=image.digest), 410) == {"detail": "This was taken down: It mines coins."}


def test_other_aliases_lead_to_the_primary_one(client: Client, ask: Ask, app: str, alice: Caller) -> None:
    _, alias, name = app.split("/")
    Alias.objects.filter(name=alias).update(is_primary=False)
    Alias.objects.create(name="warehouse", account_id=alice.account_id, is_primary=True)
    for path in (
        f"repositories/{{}}/{name}/-/tags?sort=size&after={alias}",
        "publishers/{}",
        "publishers/{}/repositories",
    ):
        answer = client.get("/api/v1/" + path.format(alias))
        assert answer.status_code == 302 and answer.headers["Location"] == "/api/v1/" + path.format("warehouse")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    ask("publishers/warehouse")


@pytest.mark.parametrize(
    "bad",
    [
        "statistics?days=31", "statistics?days=x", "history?kind=x", "history?since=x", "history?until=2026-02-30",
        "history?after=x", "tags/1.0/history?kind=x", "tags?kind=x", "tags?sort=x", "tags?attached=1", "tags?after=x",
        "tags?sort=pushed&after=1~2", "tags?sort=size&after=x~2", "tags?sort=size&after=1~x", "tags?sort=size&after=1",
        "tags?sort=size&after=99999999999999999999~1", "tags/1.0?platform=" + "x" * 201, "tags?tag=" + "x" * 201,
    ],
)  # fmt: skip
def test_bad_parameters_are_400(ask: Ask, app: str, bad: str) -> None:
    name = bad.partition("?")[2].rpartition("&")[2].partition("=")[0]
    assert name in ask(f"{app}/-/{bad}", 400)["detail"]


@pytest.mark.parametrize("bad", ["kind=x", "sort=x", "page=x", "page=-1", "page=²", "contains=" + "x" * 201])
def test_bad_parameters_of_a_publisher_are_400(ask: Ask, app: str, bad: str) -> None:
    assert bad.partition("=")[0] in ask(f"publishers/{app.split('/')[1]}/repositories?{bad}", 400)["detail"]


def test_bad_parameters_of_lists_are_400(ask: Ask, db: None) -> None:
    for bad in ("publishers?verified=x", "publishers?after=" + "x" * 601, "search/suggestions?q=" + "x" * 201):
        ask(bad, 400)
    ask("search?q=%00", 400)


def test_too_many_requests_are_429(client: Client, db: None, settings: Settings) -> None:
    settings.SEARCHES_PER_MINUTE = 1
    answers = [client.get("/api/v1/categories", REMOTE_ADDR="192.0.2.7") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["detail"].startswith("Too many requests")
    assert 0 < int(answers[1].headers["Retry-After"]) <= 60
    assert answers[1].headers["Access-Control-Allow-Origin"] == "*"


def test_faults_of_ours_are_json_too(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash() -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(query, "figures", crash)
    client.raise_request_exception = False
    answer = client.get("/api/v1/categories")
    assert answer.status_code == 500 and answer.json() == {"detail": "Something went wrong; the fault is the server's."}
