"""Replication in the console: rules, what fails, the state of an image, and backfills."""

import html
import json
from typing import Any, Final

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.caller import operator
from accounts.models import AuditEvent, OutboxRow
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


class TestEditing:
    """A rule in the form for a new one."""

    GIVEN: Final = {"region": FAR, "account": ACCOUNT, "prefixes": "", "tags": ""}

    def put(self, client: Client, *present: dict[str, Any], path: str = EDIT, **typed: str) -> Any:
        """Save what is typed, seen beside the rules that are present."""
        return client.post(path, self.GIVEN | {"step": "confirm", "was": marked(*present)} | typed)

    def rules(self) -> list[dict[str, Any]]:
        """Those that are in force."""
        return list(registries.of(REGISTRY).replication_configuration["rules"])

    def test_it_works(self, ana: Client) -> None:
        others = [rule(RegistryId("444455556666", HOME)), rule(RegistryId("777788889999", HOME))]
        mine = rule(THERE, prefixes=("team/", "shop/"), tags=("v*",), deletes=True)
        configure(OWNER, others[0], mine, others[1])
        path = f"{URL}/1/-/edit"
        assert path in page(ana, URL)
        form = ana.get(path).context["form"]
        assert {name: form[name].value() for name in form.fields} == {
            "region": FAR,
            "account": ACCOUNT,
            "prefixes": "team/\nshop/",
            "tags": "v*",
            "deletes": True,
        }
        make_repository(OWNER, "team/app")
        given = self.GIVEN | {"prefixes": "team/", "was": marked(others[0], mine, others[1])}
        shown = html.unescape(ana.post(path, given | {"step": "look"}).content.decode())
        assert "1 of 1 repositories goes there now" in shown and "Save rule" in shown
        assert "put-replication-configuration" in shown and self.rules()[1] == mine
        answer = ana.post(path, given | {"step": "confirm"})
        assert answer.status_code == 302 and answer["Location"] == URL and "The rule is changed" in text_of(ana, URL)
        assert self.rules() == [others[0], rule(THERE, prefixes=("team/",)), others[1]]
        names = AuditEvent.objects.order_by("event_time").values_list("event_name", flat=True)
        assert list(names)[-1] == "PutReplicationConfiguration"

    def test_what_is_saved_as_it_is_stays_as_it_is(self, ana: Client) -> None:
        there = [RegistryId(ACCOUNT, FAR), RegistryId("444455556666", HOME), RegistryId("444455556666", FAR)]
        mine = rule(*there, prefixes=("team/",), tags=("v*", "1.*"), deletes=True)
        configure(OWNER, mine)
        form = ana.get(EDIT).context["form"]
        typed = {name: form[name].value() for name in form.fields} | {"deletes": "on"}
        assert self.put(ana, mine, **typed).status_code == 302
        assert self.rules() == [mine]

    def test_destinations_come_and_go(self, ana: Client) -> None:
        """By buttons, which keep what is typed and save nothing."""
        configure(OWNER, rule(THERE))
        typed = self.GIVEN | {"prefixes": "team/", "deletes": "on", "was": marked(rule(THERE))}
        form = ana.post(EDIT, typed | {"step": "more", "account": "444455556666"}).context["form"]
        assert {name: form[name].value() for name in form.fields} == {
            "region": FAR,
            "account": "444455556666",
            "region_1": "",
            "account_1": ACCOUNT,
            "prefixes": "team/",
            "tags": "",
            "deletes": "on",
        }
        both = typed | {"region_1": HOME, "account_1": "444455556666"}
        shown = html.unescape(ana.post(EDIT, both | {"step": "look"}).content.decode())
        assert f"{ACCOUNT}/{FAR}</h3>" in shown and f"444455556666/{HOME}</h3>" in shown and "Destination 2" in shown
        assert "Let in" in shown and "Not let in" in shown
        assert "repository/*" in shown and f'"arn:aws:ecr:{FAR}:{ACCOUNT}' not in shown
        form = ana.post(EDIT, both | {"step": "drop:0"}).context["form"]
        assert [[field.value() for field in row] for row in form.rows] == [[HOME, "444455556666"]]
        for step in ("drop:7", "drop:x", "drop:"):
            assert len(ana.post(EDIT, both | {"step": step}).context["form"].rows) == 2
        assert len(ana.post(EDIT, typed | {"step": "drop:0"}).context["form"].rows) == 1
        assert self.rules() == [rule(THERE)]
        assert ana.post(EDIT, both | {"step": "confirm"}).status_code == 302
        far = RegistryId("444455556666", HOME)
        assert self.rules() == [rule(THERE, far, prefixes=("team/",), deletes=True)]

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"region": "mars-north-1"}, "not one of the available choices"),
            ({"account": "12"}, "12 digits"),
            ({"region": HOME}, "not replicated to itself"),
            ({"region_1": HOME, "account_1": ACCOUNT}, "not replicated to itself"),
            ({"region_1": HOME, "account_1": "x"}, "12 digits"),
            ({"region_1": HOME, "account_1": ""}, "required"),
            ({"prefixes": "UPPER/"}, "no beginning of a name"),
            ({"tags": "a/b"}, "no pattern of image tags"),
            ({f"account_{number}": ACCOUNT for number in range(1, 99)}, "required"),
        ],
    )
    def test_it_refuses(self, ana: Client, wrong: dict[str, str], said: str) -> None:
        configure(OWNER, rule(THERE))
        answer = self.put(ana, rule(THERE), **wrong)
        assert answer.status_code == 422 and said in html.unescape(answer.content.decode())
        assert self.rules() == [rule(THERE)]

    def test_it_refuses_too_many_destinations(self, ana: Client) -> None:
        many = rule(*(RegistryId(f"99990000{number:04}", HOME) for number in range(25)))
        configure(OWNER, many, rule(RegistryId("999900000000", HOME)))
        assert "Another destination" not in page(ana, EDIT)
        answer = self.put(ana, many, rule(RegistryId("999900000000", HOME)), path=f"{URL}/1/-/edit")
        assert answer.status_code == 422 and "25 destinations in all" in html.unescape(answer.content.decode())

    def test_it_refuses_to_overwrite_what_others_saved(self, ana: Client) -> None:
        configure(OWNER, rule(THERE))
        page(ana, EDIT)
        theirs = rule(THERE, prefixes=("theirs/",))
        configure(OWNER, theirs)
        for step in ("look", "confirm"):
            answer = self.put(ana, rule(THERE), prefixes="mine/", step=step)
            shown = html.unescape(answer.content.decode())
            assert answer.status_code == 409 and "nothing was overwritten" in shown
            assert "theirs/…" in shown and "mine/" in shown, "theirs are shown beside mine"
            assert self.rules() == [theirs]
        assert self.put(ana).status_code == 409, "nor without what the form remembers"
        assert self.put(ana, theirs, prefixes="mine/").status_code == 302
        assert self.rules() == [rule(THERE, prefixes=("mine/",))]

    def test_other_rules_that_others_saved_are_no_hindrance(self, ana: Client) -> None:
        """The rule is found where it stands now, and theirs stay."""
        mine, theirs = rule(THERE, prefixes=("team/",)), rule(THERE, prefixes=("theirs/",))
        was = (rule(THERE, prefixes=("old/",)), mine)
        changed = rule(THERE, prefixes=("mine/",))
        edit = f"{URL}/1/-/edit"
        for now, wanted in (
            ((theirs, mine), [theirs, changed]),
            ((mine,), [changed]),
            ((theirs, theirs, mine, was[0]), [theirs, theirs, changed, was[0]]),
        ):
            configure(OWNER, *now)
            answer = self.put(ana, *was, path=edit, prefixes="mine/", step="look")
            place = now.index(mine)
            assert answer.status_code == 200 and f'action="{URL}/{place}/-/edit"' in answer.content.decode()
            assert self.put(ana, *was, path=edit, prefixes="mine/").status_code == 302
            assert self.rules() == wanted

    def test_other_rules_that_others_save_at_the_same_moment_stay(
        self, ana: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mine, theirs = rule(THERE), rule(THERE, prefixes=("theirs/",))
        put = registries.put_replication

        def late(*args: Any, **kwargs: Any) -> Any:
            monkeypatch.setattr(registries, "put_replication", put)
            configure(OWNER, theirs, mine)
            return put(*args, **kwargs)

        for path, left in ((EDIT, [theirs, rule(THERE, prefixes=("mine/",))]), (f"{URL}/0/-/remove", [theirs])):
            configure(OWNER, mine)
            monkeypatch.setattr(registries, "put_replication", late)
            assert self.put(ana, mine, path=path, prefixes="mine/").status_code == 302
            assert self.rules() == left

    def test_another_rule_never_takes_the_place_of_one_that_is_gone(self, ana: Client) -> None:
        mine, other = rule(THERE), rule(THERE, prefixes=("other/",))
        configure(OWNER, other)
        answer = self.put(ana, mine, other, prefixes="mine/")
        assert answer.status_code == 409 and "not there any more" in answer.content.decode()
        answer = ana.post(f"{URL}/0/-/remove", {"was": marked(mine, other)}, follow=True)
        assert "Nothing was removed" in answer.content.decode()
        assert self.rules() == [other]

    def test_a_rule_that_was_changed_is_found_where_it_stands_now(self, ana: Client) -> None:
        first, mine, theirs = rule(THERE, prefixes=("a/",)), rule(THERE), rule(THERE, prefixes=("theirs/",))
        configure(OWNER, theirs)
        answer = self.put(ana, first, mine, path=f"{URL}/1/-/edit", prefixes="mine/")
        shown = html.unescape(answer.content.decode())
        assert answer.status_code == 409 and "theirs/…" in shown and f'action="{EDIT}"' in shown
        assert self.put(ana, theirs, prefixes="mine/").status_code == 302
        assert self.rules() == [rule(THERE, prefixes=("mine/",))]

    def test_what_a_form_remembers_may_be_anything(self, ana: Client) -> None:
        configure(OWNER, rule(THERE))
        for was in ("", "[]", "{", '{"rules": 1}', '{"rules": [[]]}', "[" * 100_000, "null"):
            assert ana.post(EDIT, self.GIVEN | {"was": was}).status_code == 409
            assert ana.post(f"{URL}/0/-/remove", {"was": was}).status_code == 409
        assert self.rules() == [rule(THERE)]

    def test_a_rule_that_others_removed_can_become_a_new_one(self, ana: Client) -> None:
        configure(OWNER)
        answer = self.put(ana, rule(THERE), prefixes="mine/")
        shown = html.unescape(answer.content.decode())
        assert answer.status_code == 409 and "not there any more" in shown and "mine/" in shown
        assert f'<form method="post" action="{NEW}"' in shown and "Save rule" not in shown
        assert self.put(ana, path=EDIT).status_code == 409 and self.rules() == []
        assert self.put(ana, path=NEW, prefixes="mine/").status_code == 302
        assert ana.get(f"{URL}/1/-/edit").status_code == 404

    def test_a_region_that_nobody_serves_any_more_is_shown(self, ana: Client, settings: Settings) -> None:
        """The browser would choose another one unseen."""
        configure(OWNER, rule(RegistryId(ACCOUNT, FAR)))
        settings.REGIONS = [HOME]
        assert f'<option value="{FAR}" selected>' in page(ana, EDIT)
        answer = self.put(ana, rule(THERE))
        assert answer.status_code == 422 and "not one of the available choices" in answer.content.decode()
        assert ana.post(f"{URL}/0/-/remove", {"was": marked(rule(THERE))}).status_code == 302 and self.rules() == []

    def test_a_rule_beside_one_that_leads_nowhere_any_more(self, ana: Client, settings: Settings) -> None:
        mine = rule(RegistryId("444455556666", HOME))
        configure(OWNER, mine, rule(THERE))
        settings.REGIONS = [HOME]
        typed = {"region": HOME, "account": "444455556666", "prefixes": "team/"}
        assert self.put(ana, mine, rule(THERE), **typed).status_code == 302
        changed = rule(RegistryId("444455556666", HOME), prefixes=("team/",))
        assert self.rules() == [changed, rule(THERE)]
        assert ana.post(f"{URL}/0/-/remove", {"was": marked(changed, rule(THERE))}).status_code == 302
        assert self.rules() == [rule(THERE)]


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
