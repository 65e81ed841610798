"""Members who may look and not change: no boxes that nothing uses, no form that is refused after it is filled in."""

import json

import pytest
from django.test import Client

from accounts.caller import Caller, operator
from accounts.directory import people, policies, roles
from accounts.models import Account
from registry.values import Address
from tests.factories.registry import make_public_repository, push_image
from tests.registry.console.test_console import BASE, PASSWORD, PRIVATE, ana, page
from tests.registry.console.test_iam import TRUST, reader

__all__ = ["ana", "reader"]


@pytest.fixture
def team(alice: Caller) -> Client:
    """The browser of a colleague who may create repositories below team/ alone."""
    account = Account.objects.get(id=alice.account_id)
    role = roles.create(operator(account.id), account.id, "Team", TRUST)
    may = [
        {"Effect": "Allow", "Action": "ecr:Describe*", "Resource": "*"},
        {"Effect": "Allow", "Action": "ecr:CreateRepository", "Resource": "arn:aws:ecr:*:*:repository/team/*"},
    ]
    policies.put_inline(operator(account.id), role, "team", json.dumps({"Version": "2012-10-17", "Statement": may}))
    person = people.create("tia@example.com", PASSWORD)
    people.add_to_account(person, account, "Team")
    browser = Client()
    browser.force_login(person)
    return browser


def test_lists_have_boxes_for_those_who_can_use_them(ana: Client, reader: Client, address: Address) -> None:
    assert 'type="checkbox" name="name"' in page(ana, PRIVATE) and 'class="tick"' in page(ana, PRIVATE)
    text = page(reader, PRIVATE)
    assert "team/app" in text or ">app<" in text
    assert 'type="checkbox" name="name"' not in text and 'class="tick"' not in text
    assert "<code>ecr:TagResource</code>" in text and "<code>ecr:DeleteRepository</code>" in text


def test_a_form_that_would_be_refused_is_not_shown(reader: Client, address: Address) -> None:
    for path in (f"{PRIVATE}/-/new", f"{BASE}/public/repositories/-/new"):
        answer = reader.get(path)
        assert answer.status_code == 403 and "CreateRepository" in answer.content.decode()
        assert reader.post(path, {"name": "team/more"}).status_code == 403


def test_who_may_create_some_is_asked_for_the_name(team: Client, address: Address) -> None:
    assert "Create a private repository" in page(team, f"{PRIVATE}/-/new")
    given = {"image_tag_mutability": "MUTABLE", "step": "create"}
    assert team.post(f"{PRIVATE}/-/new", given | {"name": "other/app"}).status_code == 403
    assert team.post(f"{PRIVATE}/-/new", given | {"name": "team/second"}).status_code == 302
    assert team.get(f"{BASE}/public/repositories/-/new").status_code == 403


def test_hints_name_actions_with_their_service(reader: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    public = make_public_repository(alice).address
    at = f"{PRIVATE}/team/app/-"
    for path, hint in (
        (f"{at}/settings", "ecr:PutImageTagMutability, ecr:PutImageScanningConfiguration"),
        (f"{at}/permissions", "ecr:SetRepositoryPolicy"),
        (f"{at}/tags/1/remove", "ecr:BatchDeleteImage"),
        (f"{at}/images/{image.digest}/retag", "ecr:PutImage"),
    ):
        answer = reader.get(path)
        if answer.status_code == 200:
            assert f"<code>{hint}" in answer.content.decode(), path
    assert "<code>ecr:PutImageTagMutability" in page(reader, f"{at}/settings")
    assert reader.get(f"{BASE}/public/repositories/{public.name}/-/images").status_code in {200, 404}


def test_the_overview_does_not_say_none_to_who_may_not_count(alice: Caller, address: Address) -> None:
    account = Account.objects.get(id=alice.account_id)
    roles.create(operator(account.id), account.id, "Nothing", TRUST)
    person = people.create("noa@example.com", PASSWORD)
    people.add_to_account(person, account, "Nothing")
    noa = Client()
    noa.force_login(person)
    text = page(noa, BASE)
    assert "need <code>ecr:DescribeRepositories</code>" in text
    for untrue in ("In figures", "First steps", "Nothing needs attention"):
        assert untrue not in text


def test_no_tab_leads_to_events_that_one_may_not_see(ana: Client, reader: Client, address: Address) -> None:
    tab = f'href="{PRIVATE}/team/app/-/events"'
    assert tab in page(ana, f"{PRIVATE}/team/app/-/images")
    assert tab not in page(reader, f"{PRIVATE}/team/app/-/images")
    assert reader.get(f"{PRIVATE}/team/app/-/events").status_code == 403
