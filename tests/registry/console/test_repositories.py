"""Lists of repositories, creating one with a look at its name, many at once."""

import html
import json
import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.caller import Caller
from accounts.models import AuditEvent
from registry.console import lifecycle_drafts
from registry.core import addresses, policies, templates, work
from registry.lifecycle import policies as lifecycle_policies
from registry.models import CreationTemplate, ImageScan, Repository, WorkItem
from registry.values import Address, RegistryId
from tests.factories.registry import make_repository, push_image, push_index
from tests.registry.console.test_console import BASE, PRIVATE, ana, chi, page

__all__ = ["ana", "chi"]
NEW = f"{PRIVATE}/-/new"


def registry_of(caller: Caller) -> RegistryId:
    """The caller's home registry."""
    return RegistryId(caller.account_id, "us-east-1")


def test_it_works_to_sort_and_filter_by_the_address(ana: Client, alice: Caller, address: Address) -> None:
    push_image(alice, address, "1")
    make_repository(alice, "other/web", resource_tags={"team": "shop"})
    text = page(ana, f"{PRIVATE}?sort=-images")
    assert text.index("team/app") < text.index("other/web") and 'aria-sort="descending"' in text
    text = page(ana, f"{PRIVATE}?tag=team%3Dshop")
    assert "1 repository" in text and "other/web" in text and "team/app/-/images" not in text
    shown = '<span class="badge">team=shop</span>'
    assert shown not in page(ana, PRIVATE) and shown in page(ana, f"{PRIVATE}?columns=tags")
    assert "No repository matches these filters." in page(ana, f"{PRIVATE}?empty=yes&prefix=team/")
    assert "2 repositories" in page(ana, f"{PRIVATE}?sort=nonsense&unknown=1")
    assert "?prefix=other%2F" in page(ana, PRIVATE)


def test_it_works_to_filter_by_how_images_are_scanned(ana: Client, alice: Caller, address: Address) -> None:
    make_repository(alice, "other/web", scan_on_push=True)
    text = page(ana, f"{PRIVATE}?scanning=SCAN_ON_PUSH")
    assert "1 repository" in text and "other/web/-/images" in text and '<td data-label="Scanned">On push</td>' in text
    assert '<td data-label="Scanned">By hand</td>' in page(ana, f"{PRIVATE}?scanning=MANUAL")
    assert 'name="scanning"' not in page(ana, f"{BASE}/public/repositories?contains=x")


def test_only_the_rows_come_if_htmx_asks(ana: Client, address: Address) -> None:
    answer = ana.get(PRIVATE, headers={"HX-Request": "true"})
    assert "<h1" not in answer.content.decode() and "1 repository" in answer.content.decode()
    assert "HX-Request" in answer.headers["Vary"]
    whole = ana.get(PRIVATE, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<h1" in whole.content.decode()


@pytest.mark.parametrize("query", ["idle=-1", "idle=many", "mutability=SOME", "scanning=NEVER", "empty=maybe"])
def test_it_refuses_filters_that_can_not_be_read(ana: Client, address: Address, query: str) -> None:
    answer = ana.get(f"{PRIVATE}?{query}")
    assert answer.status_code == 400 and "aria-invalid" in answer.content.decode()


def test_a_name_is_looked_at_before_it_is_created(ana: Client, alice: Caller, address: Address) -> None:
    templates.put(
        alice,
        registry_of(alice),
        "team",
        {"applied_for": ["CREATE_ON_PUSH"], "image_tag_mutability": "IMMUTABLE", "resource_tags": {"by": "template"}},
    )

    def look(**fields: str) -> str:
        given = {"image_tag_mutability": "MUTABLE", "step": "check"} | fields
        return ana.post(NEW, given, headers={"HX-Request": "true"}).content.decode()

    assert "is free" in look(name="team/new") and "by the template" in look(name="team/new")
    assert "has a repository with this name already" in look(name="team/app")
    assert "No creation template covers this name" in look(name="elsewhere")
    assert "Use 2 to 256 lower-case letters" in look(name="Not Legal")
    tried = {"image_tag_mutability": "IMMUTABLE_WITH_EXCLUSION", "exclusion_filters": "dev-*", "trial": "dev-1, v1"}
    shown = look(name="x1", **tried)
    assert '<div id="trial-check" class="trial-check" aria-live="polite" hx-swap-oob="true">' in shown
    assert shown.index("dev-1") < shown.index("can be moved") < shown.index("v1") < shown.index("is immutable")
    taken = ana.post(NEW, {"name": "team/new", "image_tag_mutability": "MUTABLE", "step": "template"}).content.decode()
    assert 'value="IMMUTABLE" checked' in taken and "by=template" in taken
    assert not Repository.objects.filter(name="team/new").exists()


def test_everything_is_created_in_one_step(ana: Client) -> None:
    given = {
        "name": "team/new",
        "image_tag_mutability": "MUTABLE_WITH_EXCLUSION",
        "exclusion_filters": "v*\r\n\r\nstable",
        "scan_on_push": "on",
        "resource_tags": "team=shop\r\nurl=https://x/?a=b",
    }
    assert ana.post(NEW, given).status_code == 302
    made = Repository.objects.get(name="team/new")
    assert made.image_tag_mutability_exclusion_filters == ["v*", "stable"] and made.scan_on_push
    assert made.resource_tags == {"team": "shop", "url": "https://x/?a=b"}
    again = ana.post(NEW, given)
    assert again.status_code == 422 and "has a repository with this name already" in again.content.decode()
    given = {"name": "open", "image_tag_mutability": "MUTABLE", "description": "For all"}
    ana.post(f"{BASE}/public/repositories/-/new", given)
    assert Repository.objects.get(name="open").catalog_data.description == "For all"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"image_tag_mutability": "IMMUTABLE_WITH_EXCLUSION"}, "Name at least one exception"),
        ({"exclusion_filters": "v*"}, "takes no exceptions"),
        ({"image_tag_mutability": "MUTABLE_WITH_EXCLUSION", "exclusion_filters": "a b"}, "At most 5 lines"),
        ({"image_tag_mutability": "SOMETIMES"}, "Select a valid choice"),
        ({"resource_tags": "no-equals"}, "as key=value"),
        ({"resource_tags": "aws:x=1"}, "do not begin with aws:"),
        ({"resource_tags": "a=1\na=2"}, "is there twice"),
        ({"resource_tags": "\n".join(f"k{n}=v" for n in range(51))}, "may have 50 resource tags"),
    ],
)
def test_it_refuses_settings_and_keeps_what_was_typed(ana: Client, fields: dict[str, str], words: str) -> None:
    given = {"name": "team/new", "image_tag_mutability": "MUTABLE", "trial": "kept"} | fields
    answer = ana.post(NEW, given)
    text = answer.content.decode()
    assert answer.status_code == 422 and words in text and 'value="kept"' in text
    assert not Repository.objects.exists()


def test_the_command_has_the_values_on_the_screen(ana: Client) -> None:
    given = {"name": "team/it's", "image_tag_mutability": "IMMUTABLE", "step": "check", "resource_tags": "a=b c"}
    text = ana.post(NEW, given | {"name": "team/new"}).content.decode()
    assert "aws ecr create-repository --repository-name team/new" in text and "--image-tag-mutability IMMUTABLE" in text
    assert "create_repository(" in text and "--endpoint-url http://testserver" in text


class TestManyAtOnce:
    """Ticked or all that match; both run as work."""

    def run(self) -> WorkItem:
        item = WorkItem.objects.latest("created_at")
        work.run({"item": str(item.id)})
        item.refresh_from_db()
        return item

    def test_tags_are_added_to_those_that_are_ticked(self, ana: Client, alice: Caller, address: Address) -> None:
        make_repository(alice, "other")
        path = f"{PRIVATE}/-/tag"
        text = ana.post(path, {"name": ["team/app", "absent"]}).content.decode()
        assert "Add resource tags to 1 repository" in text
        answer = ana.post(path, {"name": "team/app", "confirmed": "1", "resource_tags": "team=shop"})
        assert answer.status_code == 302 and f"{BASE}/work/" in answer.headers["Location"]
        assert (self.run().state, self.run().done) == ("done", 1)
        assert Repository.objects.get(name="team/app").resource_tags == {"team": "shop"}
        assert Repository.objects.get(name="other").resource_tags == {}
        assert ana.post(path, {"name": "team/app", "confirmed": "1", "resource_tags": ""}).status_code == 422

    def test_all_that_match_are_deleted_by_their_number(self, ana: Client, alice: Caller, address: Address) -> None:
        make_repository(alice, "team/b")
        make_repository(alice, "other")
        Repository.objects.filter(name="team/b").update(deletion_protection=True)
        path, every = f"{PRIVATE}/-/delete", {"all": "1", "filter": "prefix=team%2F"}
        assert "Delete 2 repositories?" in ana.post(path, every).content.decode()
        wrong = ana.post(path, every | {"confirmed": "1", "typed": "3"})
        assert wrong.status_code == 422 and not WorkItem.objects.exists()
        shown = ana.post(path, every | {"confirmed": "1", "typed": "2"}, follow=True).content.decode()
        assert "0 of 2" in shown and 'http-equiv="refresh"' in shown
        item = self.run()
        assert (item.state, item.done, item.failed) == ("partial", 1, 1)
        live = Repository.objects.filter(deleted_at=None).values_list("name", flat=True)
        assert sorted(live) == ["other", "team/b"]
        text = page(ana, f"{BASE}/work/{item.id}")
        assert "Deletion protection is on." in text and "Retry what failed" in text and "http-equiv" not in text

    def test_it_refuses_an_empty_choice(self, ana: Client, address: Address) -> None:
        for path in (f"{PRIVATE}/-/tag", f"{PRIVATE}/-/delete"):
            for wrong in ("idle=x", "contains=%00", "empty=maybe"):
                assert ana.post(path, {"all": "1", "filter": wrong}).status_code == 302, "never everything by mistake"
            assert "Choose at least one repository." in ana.post(path, {}, follow=True).content.decode()
            assert (
                "Choose at least one"
                in ana.post(path, {"all": "1", "filter": "prefix=zz"}, follow=True).content.decode()
            )


def test_the_template_of_another_account_is_not_told(ana: Client, charlie: Caller) -> None:
    templates.put(charlie, registry_of(charlie), "ROOT", {"applied_for": ["CREATE_ON_PUSH"]})
    given = {"name": "x1", "image_tag_mutability": "MUTABLE", "step": "check"}
    assert "by the template" not in ana.post(NEW, given).content.decode()
    assert CreationTemplate.objects.count() == 1


class TestLifecycle:
    """One policy for many repositories, reviewed beside what it replaces, put by a job."""

    path = f"{PRIVATE}/-/lifecycle"
    text = lifecycle_drafts.with_start("untagged")
    older = lifecycle_drafts.with_start("newest")

    @pytest.fixture(autouse=True)
    def repositories(self, alice: Caller, address: Address) -> None:
        """One without a policy, one with another, one that nobody may change."""
        for name in ("other", "locked", "same"):
            make_repository(alice, name)
        lifecycle_policies.put(alice, addresses.private(alice.account_id, "other"), self.older)
        lifecycle_policies.put(alice, addresses.private(alice.account_id, "same"), self.text)
        no = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "ecr:PutLifecyclePolicy"}
        given = json.dumps({"Version": "2012-10-17", "Statement": [no]})
        policies.put(alice, addresses.private(alice.account_id, "locked"), given)

    def post(self, client: Client, **fields: object) -> tuple[int, str]:
        """Status and text of an answer."""
        answer = client.post(self.path, {"all": "1", "filter": "", "confirmed": "1"} | fields)
        return answer.status_code, html.unescape(answer.content.decode().replace("<wbr>", ""))

    def test_it_works(self, ana: Client, alice: Caller) -> None:
        assert f'formaction="{self.path}"' in page(ana, PRIVATE)
        status, text = self.post(ana)
        assert status == 200 and "Set the lifecycle policy of 4 repositories" in text and "Keep the 30 newest" in text
        status, text = self.post(ana, step="start:untagged")
        assert status == 200 and '"countNumber": 14' in text and 'value="confirm"' not in text
        status, text = self.post(ana, step="review", text=self.text)
        assert status == 200 and "1 repository has another policy, which is lost." in text
        assert "Untagged images, pushed 14 days ago → expire" in text and "All images, all but the 30 newest" in text
        assert "1 repository stays as it is, because you may not change it" in text
        rows = re.findall(r'lifecycle">([\w/]+)</a>.*?"Result"><span class="[^"]+">([^<]+)<', text, re.DOTALL)
        assert dict(rows) == {
            "other": "is replaced",
            "locked": "refused",
            "team/app": "is set",
            "same": "has it already",
        }
        assert "put-lifecycle-policy" in text and "for name in locked other same team/app" in text
        was = text.partition('name="was" value="')[2].partition('"')[0]
        answer = ana.post(self.path, {"all": "1", "step": "confirm", "text": self.text, "was": was})
        item = WorkItem.objects.get()
        running = page(ana, BASE).partition("Running work")[2]
        assert f'work/{item.id}">Set the lifecycle policy</a>' in running and f"{BASE}/notifications" in page(ana, BASE)
        assert answer.headers["Location"].endswith(f"/work/{item.id}")
        work.run({"item": str(item.id)})
        item.refresh_from_db()
        assert (item.state, item.done, item.failed) == ("partial", 3, 1)
        kept = dict(Repository.objects.values_list("name", "lifecycle_policy_text"))
        assert kept.pop("locked") == "" and set(kept.values()) == {self.text}
        text = page(ana, f"{BASE}/work/{item.id}")
        assert "Set the lifecycle policy" in text and "locked" in text and "You may not do this." in text
        events = AuditEvent.objects.filter(event_name="PutLifecyclePolicy", error_code="", request_id=str(item.id))
        assert sorted(event.resource_arn.rpartition(":")[2] for event in events) == [
            "repository/other",
            "repository/same",
            "repository/team/app",
        ]

    def test_it_refuses_what_was_not_reviewed(self, ana: Client, alice: Caller) -> None:
        _, text = self.post(ana, step="review", text=self.text)
        was = text.partition('name="was" value="')[2].partition('"')[0]
        lifecycle_policies.put(alice, addresses.private(alice.account_id, "team/app"), self.older)
        status, text = self.post(ana, step="confirm", text=self.text, was=was)
        assert status == 409 and "nothing was saved" in text and "2 repositories have another policy" in text
        assert not WorkItem.objects.exists()

    @pytest.mark.parametrize("given", ["", "{", '{"rules": []}', "x" * 40_000])
    def test_it_refuses_texts_that_are_no_policy(self, ana: Client, given: str) -> None:
        for step in ("review", "confirm"):
            status, text = self.post(ana, step=step, text=given)
            assert status == 422 and "<title>Error:" in text and 'value="confirm"' not in text
        assert not WorkItem.objects.exists()

    def test_it_refuses_nothing_and_public_repositories(self, ana: Client) -> None:
        answer = ana.post(self.path, follow=True)
        assert "Choose at least one repository." in answer.content.decode()
        assert ana.post(f"{BASE}/public/repositories/-/lifecycle", {"all": "1"}).status_code == 404
        assert "-/lifecycle" not in page(ana, f"{BASE}/public/repositories")

    def test_it_hides_policies_that_may_not_be_read(self, ana: Client, alice: Caller) -> None:
        no = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "ecr:GetLifecyclePolicy"}
        given = json.dumps({"Version": "2012-10-17", "Statement": [no]})
        policies.put(alice, addresses.private(alice.account_id, "other"), given)
        _, text = self.post(ana, step="review", text=self.text)
        assert "30 newest" not in text and "You may not read it." in text
        assert "is replaced, if there is one" in text


def test_a_column_says_what_scans_found_under_the_newest_tags(
    ana: Client,
    alice: Caller,
    address: Address,
    settings: Settings,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    settings.RIGHTS_SECONDS = 5
    child = push_image(alice, address)
    index = push_index(alice, address, "2", [child])
    ImageScan.objects.create(image=child, scan_type="BASIC", status="COMPLETE", counts={"HIGH": 3})
    other = addresses.private(alice.account_id, "other/web")
    make_repository(alice, "other/web")
    old, new = push_image(alice, other, "1"), push_image(alice, other, "2")
    ImageScan.objects.create(image=old, scan_type="BASIC", status="COMPLETE", counts={"CRITICAL": 1})
    ImageScan.objects.create(image=new, scan_type="BASIC", status="COMPLETE", counts={})
    make_repository(alice, "empty")
    path = f"{PRIVATE}?columns=vulnerabilities"
    page(ana, path)
    with django_assert_max_num_queries(8):
        text = page(ana, path)
    assert "Newest tag's vulnerabilities" in text and "Critical" not in text and "none known" in text
    assert f"/team/app/-/images/{index.digest}/vulnerabilities?platform=" in text and "High <strong>3</strong>" in text
    assert f"/other/web/-/images/{new.digest}/vulnerabilities" in text
