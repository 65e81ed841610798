"""Rules of replication are changed: in the form for new ones, and never over what somebody else has saved."""

import html
from typing import Any, Final

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import AuditEvent
from registry.core import registries
from registry.values import RegistryId
from tests.factories.registry import make_repository
from tests.registry.console.test_console import ana, page
from tests.registry.console.test_replication import (
    ACCOUNT,
    EDIT,
    NEW,
    OWNER,
    REGISTRY,
    THERE,
    URL,
    marked,
    regions,
    text_of,
)
from tests.registry.replication.making import FAR, HOME, configure, rule

__all__ = ["ana", "regions"]


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
