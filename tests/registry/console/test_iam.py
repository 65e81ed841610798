"""Pages of users, groups, roles, policies and identity providers: what a person does there is done, and refused."""

import html
import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django.utils.translation import gettext
from pytest_django import DjangoAssertNumQueries

from accounts.caller import Caller, operator
from accounts.directory import access_keys, accounts, groups, people, policies, principals, roles, users
from accounts.models import (
    AccessKey,
    Account,
    AuditEvent,
    Group,
    ManagedPolicy,
    OpenIDConnectProvider,
    Principal,
    Session,
)
from accounts.sessions import temporary
from registry.console.views.iam.roles import trust_start
from registry.core import policies as repository_policies
from registry.values import Address
from tests.registry.console.test_console import BASE, PASSWORD, PRIVATE, ana, chi, page

__all__ = ["ana", "chi"]
IAM = f"{BASE}/iam"
TEXT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}]})


@pytest.fixture
def reader(client: Client, alice: Caller) -> Client:
    """The browser of a colleague who may look at everything and change nothing."""
    account = Account.objects.get(id=alice.account_id)
    role = roles.create(operator(account.id), account.id, "Readers", json.dumps(json.loads(TRUST)))
    text = {"Effect": "Allow", "Action": ["iam:Get*", "iam:List*", "ecr:Describe*", "ecr:GetRepositoryPolicy"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [text | {"Resource": "*"}]})
    policies.put_inline(operator(account.id), role, "look", policy)
    person = people.create("rui@example.com", PASSWORD)
    people.add_to_account(person, account, "Readers")
    browser = Client()
    browser.force_login(person)
    return browser


TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}],
    }
)


def user_of(alice: Caller, name: str = "bo") -> Principal:
    return users.create(operator(alice.account_id), alice.account_id, name)


def test_a_user_from_making_to_deleting(ana: Client, alice: Caller) -> None:
    assert "Create user" in page(ana, f"{IAM}/users")
    bad = ana.post(f"{IAM}/users/-/new", {"name": "bo the great"})
    assert (
        bad.status_code == 422 and "without spaces" in bad.content.decode() and "bo the great" in bad.content.decode()
    )
    answer = ana.post(f"{IAM}/users/-/new", {"name": "bo"})
    assert answer.headers["Location"] == f"{IAM}/users/bo"
    assert "it may do nothing" in page(ana, f"{IAM}/users/bo")
    assert ana.post(f"{IAM}/users/-/new", {"name": "bo"}).status_code == 422
    user = Principal.objects.get(account_id=alice.account_id, kind="user", name="bo")
    read_only = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
    ana.post(f"{IAM}/users/bo/-/policies", {"policy": read_only, "step": "attach"})
    assert policies.attached_to(operator(alice.account_id), user) == [read_only]
    assert "AmazonEC2ContainerRegistryReadOnly" in page(ana, f"{IAM}/users/bo")
    stuck = ana.post(f"{IAM}/users/bo/-/delete", {"typed": "bo"})
    assert stuck.status_code == 422 and "still in use" in stuck.content.decode()
    ana.post(f"{IAM}/users/bo/-/policies", {"policy": read_only, "step": "detach"})
    assert ana.post(f"{IAM}/users/bo/-/delete", {"typed": "boo"}).status_code == 422
    assert ana.post(f"{IAM}/users/bo/-/delete", {"typed": "bo"}).status_code == 302
    assert not Principal.objects.filter(id=user.id).exists()
    who = set(
        AuditEvent.objects.filter(event_name__in=["CreateUser", "DeleteUser"]).values_list("principal_arn", flat=True)
    )
    assert who == {"arn:aws:sts::111122223333:assumed-role/Administrator/ana@example.com"}


def test_keys_are_shown_once_and_there_are_two(ana: Client, alice: Caller) -> None:
    user = user_of(alice)
    path = f"{IAM}/users/bo/keys"
    shown = ana.post(path, {"step": "create"}, follow=True)
    made = AccessKey.objects.get(principal=user)
    text = shown.content.decode()
    assert made.id in text and access_keys.secret_of(made) in text
    assert "no-store" in shown.headers["Cache-Control"]
    assert access_keys.secret_of(made) not in page(ana, path)
    assert ana.post(path, {"step": "create"}).status_code == 303
    third = ana.post(path, {"step": "create"})
    assert third.status_code == 422 and AccessKey.objects.filter(principal=user).count() == 2
    assert "at most two keys" in page(ana, path)
    ana.post(path, {"step": "deactivate", "key": made.id})
    made.refresh_from_db()
    assert made.status == AccessKey.Status.INACTIVE
    ana.post(path, {"step": "activate", "key": made.id})
    made.refresh_from_db()
    assert made.status == AccessKey.Status.ACTIVE
    assert ana.post(f"{path}/{made.id}/-/delete", {"typed": ""}).status_code == 422
    assert ana.post(f"{path}/{made.id}/-/delete", {"typed": made.id}).headers["Location"] == path
    assert not AccessKey.objects.filter(id=made.id).exists()


def test_keys_of_somebody_else_are_not_here(ana: Client, alice: Caller, charlie: Caller) -> None:
    user_of(alice)
    foreign = access_keys.create(principals.create_user(accounts.get(charlie.account_id), "chi"))
    answer = ana.post(f"{IAM}/users/bo/keys", {"step": "deactivate", "key": foreign.id})
    assert answer.status_code == 404
    assert AccessKey.objects.get(id=foreign.id).status == AccessKey.Status.ACTIVE
    assert ana.post(f"{IAM}/users/bo/keys/{foreign.id}/-/delete", {"typed": foreign.id}).status_code == 404


def test_a_group_has_users_and_policies(ana: Client, alice: Caller) -> None:
    user = user_of(alice)
    assert ana.post(f"{IAM}/groups/-/new", {"name": "builders"}).headers["Location"] == f"{IAM}/groups/builders"
    assert ana.post(f"{IAM}/groups/-/new", {"name": "builders"}).status_code == 422
    ana.post(f"{IAM}/groups/builders", {"user": "bo", "step": "add"})
    group = Group.objects.get(name="builders")
    assert groups.members(group) == [user]
    assert "builders" in page(ana, f"{IAM}/users/bo") and "bo" in page(ana, f"{IAM}/groups/builders")
    ana.post(f"{IAM}/groups/builders/-/inline", {"name": "all", "text": TEXT, "step": "save"})
    assert policies.get_inline(operator(alice.account_id), group, "all") == TEXT
    assert "1" in page(ana, f"{IAM}/groups")
    assert ana.post(f"{IAM}/groups/builders/-/delete", {"typed": "builders"}).status_code == 422
    ana.post(f"{IAM}/groups/builders/-/inline/all", {"text": TEXT, "step": "remove"})
    ana.post(f"{IAM}/users/bo", {"group": "builders", "step": "remove"})
    assert ana.post(f"{IAM}/groups/builders/-/delete", {"typed": "builders"}).status_code == 302
    assert not Group.objects.filter(name="builders").exists()


def test_inline_policies_are_checked_with_places(ana: Client, alice: Caller) -> None:
    user_of(alice)
    path = f"{IAM}/users/bo/-/inline"
    wrong = ana.post(path, {"name": "own", "text": '{\n  "Statement": [{"Effect": "allow"}]}', "step": "save"})
    assert wrong.status_code == 422 and "Line 2" in wrong.content.decode()
    nameless = ana.post(path, {"name": "", "text": TEXT, "step": "save"})
    assert nameless.status_code == 422 and "#id_name" in nameless.content.decode()
    assert ana.post(path, {"name": "own", "text": TEXT, "step": "check"}).status_code == 200
    assert ana.post(path, {"name": "own", "text": TEXT, "step": "save"}).status_code == 302
    again = ana.post(path, {"name": "own", "text": TEXT.replace("ecr:*", "ecr:Get*"), "step": "save"})
    assert again.status_code == 422 and "of this name already" in again.content.decode()
    changed = ana.post(f"{path}/own", {"text": TEXT.replace("ecr:*", "ecr:Get*"), "step": "check"}).content.decode()
    assert "What saving would change" in changed and 'class="removed"' in changed and "ecr:Get*" in changed
    page(ana, f"{path}/none", 404)


@pytest.mark.parametrize("start", ["own", "account", "github", "gitlab", "oidc", "nonsense"])
def test_each_start_of_a_role_is_a_trust_policy(ana: Client, start: str) -> None:
    name = f"role-{start}"
    shown = page(ana, f"{IAM}/roles/-/new?start={start}")
    assert "summary-of-errors" not in shown
    text = trust_start(start, "111122223333")
    answer = ana.post(f"{IAM}/roles/-/new", {"name": name, "text": text, "step": "save"})
    assert answer.headers["Location"] == f"{IAM}/roles/{name}"
    assert name in page(ana, f"{IAM}/roles")
    assert ("sts assume-role" in page(ana, f"{IAM}/roles/{name}")) == (start not in {"github", "gitlab", "oidc"})


def test_a_trust_policy_that_is_too_wide_is_warned_of(ana: Client, alice: Caller) -> None:
    roles.create(operator(alice.account_id), alice.account_id, "deploy", TRUST)
    wide = TRUST.replace('{"AWS": "111122223333"}', '"*"')
    checked = ana.post(f"{IAM}/roles/deploy/-/trust", {"text": wide, "step": "check"})
    assert checked.status_code == 200 and "lets everybody in" in checked.content.decode()
    provider = "arn:aws:iam::111122223333:oidc-provider/ci.example.com"
    open_to_all = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [open_to_all]})
    assert (
        "every identity of the provider"
        in ana.post(f"{IAM}/roles/deploy/-/trust", {"text": text, "step": "check"}).content.decode()
    )
    saved = ana.post(f"{IAM}/roles/deploy/-/trust", {"text": wide, "step": "save"})
    assert saved.status_code == 302
    assert roles.get(operator(alice.account_id), alice.account_id, "deploy").trust_policy == wide
    assert ana.post(f"{IAM}/roles/deploy/-/trust", {"text": "{}", "step": "save"}).status_code == 422
    assert ana.post(f"{IAM}/roles/deploy/-/delete", {"typed": "deploy"}).status_code == 302


def test_a_role_says_in_words_whom_it_trusts(ana: Client, alice: Caller) -> None:
    named = {
        "444455556666": "account 444455556666",
        "arn:aws:iam::444455556666:user/eve": "user eve of account 444455556666",
        "arn:aws:iam::444455556666:role/ci/deploy": "role ci/deploy of account 444455556666",
    }
    provider = {"Federated": "arn:aws:iam::111122223333:oidc-provider/ci.example.com"}
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": [*named]}, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": provider, "Action": "sts:AssumeRoleWithWebIdentity"},
    ]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    roles.create(operator(alice.account_id), alice.account_id, "deploy", text)
    for path in (f"{IAM}/roles", f"{IAM}/roles/deploy"):
        shown = page(ana, path)
        for words in (*named.values(), "identity provider ci.example.com"):
            assert words in shown, (path, words)


def test_lists_are_filtered_by_name(ana: Client, alice: Caller) -> None:
    caller = operator(alice.account_id)
    roles.create(caller, alice.account_id, "deploy", TRUST)
    groups.create(caller, alice.account_id, "builders")
    policies.create(caller, alice.account_id, "own", TEXT)
    for section, count, one in (("roles", "2 roles<", "deploy"), ("groups", "1 group<", "builders")):
        path = f"{IAM}/{section}"
        assert count in page(ana, path) and f">{one}</a>" in page(ana, f"{path}?contains={one[1:4].upper()}")
        assert "No name has “zzz” in it." in page(ana, f"{path}?contains=zzz")
        assert f">{one}</a>" not in page(ana, f"{path}?contains=zzz")
    shown = page(ana, f"{IAM}/policies?contains=PublicRead")
    assert "1 policy<" in shown and "AmazonElasticContainerRegistryPublicReadOnly" in shown and ">own</a>" not in shown
    assert ">own</a>" in page(ana, f"{IAM}/policies?contains=own")


def test_roles_that_people_act_with_stay(ana: Client) -> None:
    role = Principal.objects.get(name="Administrator")
    answer = ana.post(f"{IAM}/roles/Administrator/-/delete", {"typed": "Administrator"})
    assert answer.status_code == 422 and Principal.objects.filter(id=role.id).exists()


def test_a_policy_and_its_versions(ana: Client, alice: Caller) -> None:
    assert ana.post(f"{IAM}/policies/-/new", {"name": "own", "text": TEXT, "step": "save"}).status_code == 302
    second = TEXT.replace("ecr:*", "ecr:Get*")
    assert ana.post(f"{IAM}/policies/own/-/edit", {"text": second, "step": "save"}).status_code == 302
    policy = ManagedPolicy.objects.get(name="own")
    assert policies.documents([policy.arn]) == {policy.arn: second}
    old = page(ana, f"{IAM}/policies/own?version=v1")
    assert "not in force" in old and 'class="removed"' not in page(ana, f"{IAM}/policies/own")
    ana.post(f"{IAM}/policies/own", {"version": "1", "step": "default"})
    assert policies.documents([policy.arn]) == {policy.arn: TEXT}
    text = page(ana, f"{IAM}/policies/own")
    assert 'value="ask"' in text and 'value="remove"' not in text, "one click would lose the text for ever"
    question = ana.post(f"{IAM}/policies/own", {"version": "2", "step": "ask"}).content.decode()
    assert "Remove v2?" in question and 'value="remove"' in question and "ecr:Get*" in question
    assert "delete-policy-version" in question and len(policies.versions(operator(alice.account_id), policy.arn)) == 2
    for other in ("1", "7", "x"):
        answer = ana.post(f"{IAM}/policies/own", {"version": other, "step": "ask"})
        assert answer.status_code == 200 and 'value="remove"' not in answer.content.decode()
    ana.post(f"{IAM}/policies/own", {"version": "2", "step": "remove"})
    assert [each.number for each in policies.versions(operator(alice.account_id), policy.arn)] == [1]
    page_after = ana.post(f"{IAM}/policies/own", {"version": "x" * 30, "step": "default"})
    assert page_after.status_code == 404
    assert "own" in page(ana, f"{IAM}/policies")
    assert "ecr:*" in page(ana, f"{IAM}/policies/aws/AmazonEC2ContainerRegistryFullAccess")
    page(ana, f"{IAM}/policies/aws/Nothing", 404)
    page(ana, f"{IAM}/policies/nothing", 404)
    assert ana.post(f"{IAM}/policies/own/-/delete", {"typed": "own"}).status_code == 302
    assert not ManagedPolicy.objects.exists()


def test_identity_providers(ana: Client) -> None:
    bad = ana.post(f"{IAM}/providers/-/new", {"url": "ftp://x", "audiences": "a"})
    assert bad.status_code == 422 and "https://ci.example.com" in bad.content.decode()
    made = ana.post(f"{IAM}/providers/-/new", {"url": "https://ci.example.com/group/one", "audiences": "kho, other"})
    path = f"{IAM}/providers/ci.example.com/group/one"
    assert made.headers["Location"] == path
    provider = OpenIDConnectProvider.objects.get()
    assert provider.client_ids == ["kho", "other"]
    ana.post(path, {"audience": "third", "step": "add"})
    ana.post(path, {"audience": "kho", "step": "remove"})
    provider.refresh_from_db()
    assert provider.client_ids == ["other", "third"]
    assert "ci.example.com/group/one" in page(ana, f"{IAM}/providers") and "third" in page(ana, path)
    assert ana.post(f"{path}/-/delete", {"typed": "ci.example.com/group/one"}).status_code == 302
    page(ana, path, 404)


def test_readers_see_no_buttons_and_are_told_what_they_lack(reader: Client, alice: Caller, address: Address) -> None:
    user_of(alice)
    text = page(reader, f"{IAM}/users/bo")
    assert "Delete user" not in text and "Attach policy" not in text and "inline policy" not in text
    assert "Create user" not in page(reader, f"{IAM}/users")
    refused = reader.post(f"{IAM}/users/-/new", {"name": "eve"})
    shown = refused.content.decode()
    assert refused.status_code == 403 and "iam:CreateUser" in shown and "rui@example.com" in shown
    assert not Principal.objects.filter(name="eve").exists()
    permissions = page(reader, f"{PRIVATE}/team/app/-/permissions")
    assert "To change it you need" in permissions and "Save policy" not in permissions
    tried = reader.post(f"{PRIVATE}/team/app/-/permissions", {"text": TEXT, "step": "save"})
    assert tried.status_code == 403 and "ecr:SetRepositoryPolicy" in tried.content.decode()
    text = page(reader, f"{PRIVATE}/team/app/-/images")
    assert "Delete…" not in text and "Delete selected" not in text
    unread = reader.get(f"{PRIVATE}/team/app/-/delete")
    assert unread.status_code == 403 and "ecr:DeleteRepository" in unread.content.decode()


def test_who_may_not_see_a_repository_learns_nothing(reader: Client, alice: Caller, address: Address) -> None:
    role = Principal.objects.get(name="Readers")
    policies.put_inline(operator(alice.account_id), role, "look", TEXT.replace("ecr:*", "iam:*"))
    page(reader, f"{PRIVATE}/team/app/-/images", 404)
    page(reader, f"{PRIVATE}/team/absent/-/images", 404)


def test_other_accounts_are_not_there(chi: Client, alice: Caller) -> None:
    user_of(alice)
    for path in ("users", "users/bo", "users/bo/keys", "groups", "roles", "policies", "providers", "simulator"):
        page(chi, f"{IAM}/{path}", 404)


def test_the_permissions_tab_tells_who_can(ana: Client, alice: Caller, address: Address) -> None:
    user = user_of(alice)
    policies.attach(operator(alice.account_id), user, "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly")
    text = page(ana, f"{PRIVATE}/team/app/-/permissions")
    row = text[text.index('<span class="mono">bo</span>') :].partition("</tr>")[0]
    assert row.count(">yes<") == 1 and row.count(">no<") == 3
    assert "AmazonEC2ContainerRegistryReadOnly" in row


def test_earlier_policies_come_back_into_the_editor(ana: Client, alice: Caller, address: Address) -> None:
    for account in ("444455556666", "777788889999"):
        lets = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "ecr:BatchGetImage"}
        repository_policies.put(alice, address, json.dumps({"Version": "2012-10-17", "Statement": [lets]}))
    text = page(ana, f"{PRIVATE}/team/app/-/permissions")
    assert "Earlier policies" in text and text.count("444455556666") == 2


def test_who_can_costs_the_same_however_many(
    ana: Client, alice: Caller, address: Address, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    path = f"{PRIVATE}/team/app/-/permissions"
    for number in range(3):
        user_of(alice, f"user-{number}")
    page(ana, path)
    with django_assert_max_num_queries(100) as few:
        page(ana, path)
    for number in range(3, 12):
        user = user_of(alice, f"user-{number}")
        policies.put_inline(operator(alice.account_id), user, "own", TEXT)
    with CaptureQueriesContext(connection) as many:
        page(ana, path)
    # The registry's policy is remembered for some seconds, but not in tests: a query for each of four answers.
    assert len(many) - len(few) <= 9 * 4


def test_a_user_page_says_what_counts_and_what_works(
    ana: Client, reader: Client, alice: Caller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    boss, user = operator(alice.account_id), user_of(alice)
    policies.attach(boss, user, "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly")
    policies.put_inline(boss, user, "mine", TEXT)
    group = groups.create(boss, alice.account_id, "builders")
    groups.add_user(boss, alice.account_id, "builders", "bo")
    policies.put_inline(boss, group, "ours", TEXT)
    shown = page(ana, f"{IAM}/users/bo")
    part = shown[shown.index('id="in-force"') : shown.index('id="sessions"')]
    assert re.findall(r'<a class="mono" href="([^"]+)"', part) == [
        f"{IAM}/policies/aws/AmazonEC2ContainerRegistryReadOnly",
        f"{IAM}/users/bo/-/inline/mine",
        f"{IAM}/groups/builders/-/inline/ours",
    ]
    assert "the group builders" in part and part.count("the user itself") == 2
    assert "No temporary credentials of this user work now." in shown
    link = re.search(r'href="([^"]+/audit[?]who=[^"]+)"', shown)
    assert link and page(ana, html.unescape(link[1]))
    temporary.issue(user, kind=Session.Kind.TOKEN, seconds=900, name="")
    ended = temporary.issue(user, kind=Session.Kind.TOKEN, seconds=900, name="").session
    Session.objects.filter(id=ended.id).update(revoked_at=ended.issued_at)
    shown = page(ana, f"{IAM}/users/bo")
    assert shown.count("Session token of a user") == 1
    with django_assert_max_num_queries(30):
        page(ana, f"{IAM}/users/bo")
    assert "Permissions in force" in page(reader, f"{IAM}/users/bo")


def test_one_word_for_a_time_and_for_a_kind_of_change_is_two_in_vietnamese(ana: Client, alice: Caller) -> None:
    policies.create(alice, alice.account_id, "look", TEXT)
    assert "Thay đổi lúc" in page(ana, f"{IAM}/policies?lang=vi")
    with translation.override("vi"):
        assert gettext("Changed") == "Đã thay đổi", "of the changelog of a chart"


def test_a_policy_leads_to_what_it_is_attached_to(ana: Client, alice: Caller) -> None:
    policy = policies.create(alice, alice.account_id, "look", TEXT)
    policies.attach(alice, users.create(alice, alice.account_id, "bo"), policy.arn)
    policies.attach(alice, groups.create(alice, alice.account_id, "builders"), policy.arn)
    text = page(ana, f"{IAM}/policies/look")
    assert f'href="{IAM}/users/bo"' in text and f'href="{IAM}/groups/builders"' in text
