"""Replication in the console: rules, what fails, the state of an image, and backfills."""

import html
import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.caller import operator
from accounts.models import OutboxRow
from registry.core import registries
from registry.models import Replication, ReplicationBackfill
from registry.values import RegistryId
from tests.factories.registry import make_account, make_repository, push_image
from tests.registry.console.test_console import BASE, ana, page
from tests.registry.console.test_iam import reader
from tests.registry.console.test_registry_pages import looker
from tests.registry.replication.making import FAR, HOME, configure, held, let_in, rule, work

__all__ = ["ana", "looker", "reader"]
ACCOUNT = "111122223333"
OWNER = operator(ACCOUNT)
REGISTRY = RegistryId(ACCOUNT, HOME)
THERE = RegistryId(ACCOUNT, FAR)
URL = f"{BASE}/{HOME}/registry/replication"
NEW = f"{URL}/-/new"
EDIT = f"{URL}/0/-/edit"


@pytest.fixture(autouse=True)
def regions(settings: Settings) -> None:
    settings.REGIONS = [HOME, FAR]


def marked(*rules: dict[str, Any]) -> str:
    """What a form remembers of the rules that were in force when it was opened."""
    return json.dumps({"rules": list(rules)}, sort_keys=True)


def text_of(client: Client, path: str) -> str:
    """A page as it reads."""
    return html.unescape(page(client, path))


class TestRules:
    """Asked for, shown with what they do, and put; removed after a question."""

    def test_it_works(self, ana: Client) -> None:
        assert "No rules: nothing is replicated" in text_of(ana, URL)
        make_repository(OWNER, "team/app")
        make_repository(OWNER, "other")
        given = {"region": FAR, "account": ACCOUNT, "prefixes": "team/\n", "tags": "v*\n", "deletes": "on"}
        shown = html.unescape(ana.post(NEW, given | {"step": "look"}).content.decode())
        assert "1 of 2 repositories goes there now" in shown and "lets your images in" in shown
        assert "put-replication-configuration" in shown and registries.of(REGISTRY).replication_configuration == {}
        answer = ana.post(NEW, given | {"step": "confirm"})
        assert answer.status_code == 302 and answer["Location"] == URL
        [made] = registries.of(REGISTRY).replication_configuration["rules"]
        assert made == rule(THERE, prefixes=("team/",), tags=("v*",), deletes=True)
        shown = text_of(ana, URL)
        assert f"{ACCOUNT}/{FAR}" in shown and "team/…" in shown and "v*" in shown and "Idle" in shown
        question = f"{URL}/0/-/remove"
        shown = text_of(ana, question)
        assert "Remove this rule?" in shown
        was = shown.partition('name="was" value="')[2].partition('">')[0]
        assert ana.post(question, {"was": was}).status_code == 302
        assert registries.of(REGISTRY).replication_configuration == {"rules": []}

    def test_another_account_has_to_let_it_in(self, ana: Client) -> None:
        make_account("444455556666", "Charlie")
        given = {"region": HOME, "account": "444455556666", "prefixes": "", "step": "look"}
        shown = html.unescape(ana.post(NEW, given).content.decode())
        assert "does not let your images in yet" in shown and f'"arn:aws:iam::{ACCOUNT}:root"' in shown
        let_in(operator("444455556666"), ACCOUNT)
        assert "lets your images in" in html.unescape(ana.post(NEW, given).content.decode())

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"region": "mars-north-1"}, "not one of the available choices"),
            ({"account": "12"}, "12 digits"),
            ({"region": HOME}, "not replicated to itself"),
            ({"prefixes": "UPPER/"}, "no beginning of a name"),
            ({"prefixes": "x"}, "no beginning of a name"),
            ({"prefixes": "\n".join(f"team{number}" for number in range(101))}, "100 beginnings"),
            ({"tags": "a/b"}, "no pattern of image tags"),
        ],
    )
    def test_it_refuses(self, ana: Client, wrong: dict[str, str], said: str) -> None:
        given = {"region": FAR, "account": ACCOUNT, "prefixes": "", "step": "confirm"} | wrong
        answer = ana.post(NEW, given)
        assert answer.status_code == 422 and said in html.unescape(answer.content.decode())
        assert registries.of(REGISTRY).replication_configuration == {}

    def test_so_many(self, ana: Client) -> None:
        configure(OWNER, *[rule(THERE)] * 10)
        answer = ana.post(NEW, {"region": FAR, "account": ACCOUNT, "step": "confirm"})
        assert answer.status_code == 422 and "10 rules" in answer.content.decode()

    def test_forms_that_are_old(self, ana: Client) -> None:
        """Somebody else was faster: nothing is put, and no other rule is removed than the one that was shown."""
        given = {"region": FAR, "account": ACCOUNT, "step": "confirm", "was": '{"rules": []}'}
        configure(OWNER, rule(RegistryId("444455556666", HOME)))
        assert ana.post(NEW, given).status_code == 409
        assert ana.post(f"{URL}/0/-/remove", {"was": '{"rules": [1]}'}).status_code == 409
        assert len(registries.of(REGISTRY).replication_configuration["rules"]) == 1
        assert ana.get(f"{URL}/1/-/remove").status_code == 404

    def test_it_refuses_what_would_overwrite_others_at_the_same_moment(
        self, ana: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Somebody else puts rules between the reading of those in force and the putting of others."""
        configure(OWNER, rule(THERE))
        theirs = rule(RegistryId("444455556666", HOME))
        put = registries.put_replication

        def late(*args: Any, **kwargs: Any) -> Any:
            monkeypatch.setattr(registries, "put_replication", put)
            configure(OWNER, theirs)
            return put(*args, **kwargs)

        given = {"region": FAR, "account": ACCOUNT, "step": "confirm", "was": marked(rule(THERE))}
        for path in (NEW, EDIT, f"{URL}/0/-/remove"):
            configure(OWNER, rule(THERE))
            monkeypatch.setattr(registries, "put_replication", late)
            answer = ana.post(path, given)
            assert answer.status_code == 409 and "meanwhile" in answer.content.decode()
            assert registries.of(REGISTRY).replication_configuration == {"rules": [theirs]}

    def test_readers_look_and_change_nothing(self, ana: Client, looker: Client) -> None:
        configure(OWNER, rule(THERE))
        shown = text_of(looker, URL)
        assert f"{ACCOUNT}/{FAR}" in shown and "Add rule" not in shown and "Backfill" not in shown
        assert "Edit rule" not in shown and "Remove…" not in shown
        for path in (NEW, EDIT, f"{URL}/0/-/remove"):
            assert "PutReplicationConfiguration" in page(looker, path) and "<textarea" not in page(looker, path)
        was = '{"rules": [{"destinations": [{"region": "eu-west-1", "registryId": "111122223333"}]}]}'
        assert looker.post(f"{URL}/0/-/remove", {"was": was}).status_code == 403
        given = {"region": FAR, "account": ACCOUNT, "prefixes": "", "step": "confirm"}
        assert looker.post(NEW, given).status_code == 403
        assert looker.post(EDIT, given | {"was": marked(rule(THERE))}).status_code == 403
        assert looker.post(EDIT, given | {"step": "look"}).status_code == 403
        assert registries.of(REGISTRY).replication_configuration == {"rules": [rule(THERE)]}
        assert looker.post(f"{URL}/backfills", {"region": FAR, "registry_id": ACCOUNT}).status_code == 403


def test_an_image_tells_where_it_is(ana: Client) -> None:
    repository = make_repository(OWNER, "team/app")
    configure(OWNER, rule(THERE, RegistryId("999900001111", HOME)))
    image = push_image(OWNER, repository.address, "1")
    image_path = f"{BASE}/{HOME}/repositories/team/app/-/images/{image.digest}"
    path = f"{image_path}/replication"
    assert path in text_of(ana, image_path)
    assert "It was not replicated" in text_of(ana, path)
    work()
    shown = text_of(ana, path)
    assert "Replicated" in shown and f"{ACCOUNT}/{FAR}" in shown
    assert "Failed" in shown and "its registry policy must allow it" in shown
    there = text_of(ana, f"{BASE}/{FAR}/repositories/team/app/-/images/{image.digest}")
    assert f"{ACCOUNT}/{HOME}" in there and "came by replication" in there
    shown = text_of(ana, URL)
    assert "1 failed" in shown and "team/app:1" in shown and "its registry policy must allow it" in shown


def test_pages_make_few_queries(
    ana: Client, settings: Settings, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """However many destinations, failures and backfills there are."""
    settings.RIGHTS_SECONDS = 5.0
    repository = make_repository(OWNER, "team/app")
    configure(OWNER, rule(THERE, *(RegistryId(f"99990000111{number}", HOME) for number in range(5))))
    image = push_image(OWNER, repository.address, "1")
    ana.post(f"{URL}/backfills", {"region": FAR, "registry_id": ACCOUNT})
    work()
    page(ana, URL)
    for path in (URL, NEW, EDIT, f"{BASE}/{HOME}/repositories/team/app/-/images/{image.digest}/replication"):
        with django_assert_max_num_queries(12):
            page(ana, path)
    given = {"region": FAR, "account": ACCOUNT, "prefixes": "team/", "step": "look"}
    with django_assert_max_num_queries(12):
        assert "1 of 1 repositories" in html.unescape(ana.post(NEW, given).content.decode())


class TestBackfills:
    """Started at a destination, watched, stopped."""

    @pytest.fixture
    def before(self, ana: Client) -> str:
        """An image that was there before the rules; returns its digest."""
        repository = make_repository(OWNER, "team/app")
        image = push_image(OWNER, repository.address, "1")
        OutboxRow.objects.all().delete()
        configure(OWNER, rule(THERE))
        return image.digest

    def start(self, client: Client) -> str:
        """Press the button; returns where it leads."""
        answer = client.post(f"{URL}/backfills", {"region": FAR, "registry_id": ACCOUNT})
        assert answer.status_code == 302
        return str(answer["Location"])

    def test_it_works(self, ana: Client, before: str) -> None:
        path = self.start(ana)
        assert "Preparing" in text_of(ana, path) and 'hx-trigger="every 3s"' in page(ana, path)
        work()
        shown = text_of(ana, path)
        assert "1 of 1 copied, 0 failed" in shown and "Complete" in shown and "hx-trigger" not in shown
        assert held(THERE) == {before: ["1"]} and "Complete" in text_of(ana, URL)
        part = ana.get(path, headers={"HX-Request": "true"}).content.decode()
        assert part.startswith('<div id="progress"')

    def test_it_is_stopped(self, ana: Client, before: str) -> None:
        path = self.start(ana)
        assert ana.post(f"{path}/stop").status_code == 302
        assert "Stopped" in text_of(ana, path) and ReplicationBackfill.objects.get().status == "STOPPED"
        ana.post(f"{path}/stop")
        assert "being stopped already" in text_of(ana, path)

    def test_it_refuses(self, ana: Client, before: str) -> None:
        self.start(ana)
        assert self.start(ana) == URL and "in progress already" in text_of(ana, URL)
        answer = ana.post(f"{URL}/backfills", {"region": FAR, "registry_id": "444455556666"}, follow=True)
        assert "No rule leads there" in answer.content.decode()
        assert ana.post(f"{URL}/backfills", {"region": "x", "registry_id": "y"}).status_code == 404
        assert ana.get(f"{URL}/backfills/00000000-0000-0000-0000-000000000001").status_code == 404
        assert held(THERE) == {}

    def test_failures_have_reasons(self, ana: Client, before: str) -> None:
        configure(OWNER, rule(RegistryId("999900001111", FAR)))
        answer = ana.post(f"{URL}/backfills", {"region": FAR, "registry_id": "999900001111"})
        work()
        shown = text_of(ana, answer["Location"])
        assert "0 of 1 copied, 1 failed" in shown and "its registry policy must allow it" in shown


def test_the_overview_says_what_does_not_arrive(ana: Client) -> None:
    image = push_image(OWNER, make_repository(OWNER, "team/app").address, "1")
    assert "be replicated" not in text_of(ana, BASE)
    row = {"account_id": ACCOUNT, "source_region": HOME, "image": image, "region": FAR, "registry_id": ACCOUNT}
    Replication.objects.create(**row, tag="1", status="FAILED", failure_code="AccessDenied")
    Replication.objects.create(**row, tag="2", failure_code="PeerUnavailable")
    Replication.objects.create(**row, tag="3")
    shown = text_of(ana, BASE)
    assert "1 image could not be replicated." in shown and f'href="{URL}"' in shown
    assert "1 image waits for another deployment, which does not answer." in shown
    Replication.objects.exclude(tag="3").delete()
    assert "be replicated" not in text_of(ana, BASE)


def test_the_list_of_images_says_at_how_many_destinations_each_is(ana: Client, looker: Client) -> None:
    address = make_repository(OWNER, "team/app").address
    images = {tag: push_image(OWNER, address, tag) for tag in ("all", "part", "failed", "alone")}
    Replication.objects.all().delete()
    there = {"account_id": ACCOUNT, "source_region": HOME, "registry_id": ACCOUNT}
    for tag, *states in (
        ("all", "COMPLETE", "COMPLETE"),
        ("part", "COMPLETE", "IN_PROGRESS"),
        ("failed", "COMPLETE", "FAILED"),
    ):
        for region, status in zip((FAR, "eu-north-1"), states, strict=True):
            Replication.objects.create(image=images[tag], tag=tag, region=region, status=status, **there)
    path = f"{BASE}/{HOME}/repositories/team/app/-/images"
    text = " ".join(page(ana, path).split())
    assert ">2/2</a>" in text and ">1/2 under way</span>" in text
    assert '<span class="badge bad">1/2 failed</span>' in text
    assert f'{path}/{images["failed"].digest}/replication"' in text and 'data-label="Replication"' in text
    Replication.objects.all().delete()
    assert 'data-label="Replication"' not in page(ana, path)
