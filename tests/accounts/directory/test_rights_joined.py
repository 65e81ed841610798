"""Rights that are read with a membership are those that are read by themselves."""

import json

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.caller import operator
from accounts.directory import accounts, people, policies, rights, roles
from accounts.iam.request import Rights
from accounts.models import Account, PolicyVersion, Principal, Session
from accounts.sessions import temporary

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}],
    }
)


def text(action: str) -> str:
    """A policy that allows an action."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})


@pytest.fixture
def account(db: None) -> Account:
    """An account."""
    return accounts.create("Warehouse", "111122223333")


@pytest.fixture
def role(account: Account) -> Principal:
    """A role without policies."""
    return roles.create(operator(account.id), account.id, "reader", TRUST)


def give(role: Principal, which: str) -> None:
    """Policies of each kind, several of them with versions."""
    caller = operator(role.account_id)
    if which in {"inline", "all"}:
        policies.put_inline(caller, role, "b", text("ecr:PutImage"))
        policies.put_inline(caller, role, "a", text("ecr:ListImages"))
    if which in {"own", "all"}:
        made = policies.create(caller, role.account_id, "own", text("ecr:BatchGetImage"))
        policies.attach(caller, role, made.arn)
        policies.create_version(caller, made.arn, text("ecr:DescribeImages"), set_default=True)
    if which in {"aws", "all"}:
        policies.attach(caller, role, policies.ADMINISTRATOR_ACCESS)


@pytest.mark.parametrize("which", ["none", "inline", "own", "aws", "all"])
def test_they_are_the_same(
    account: Account, role: Principal, which: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    give(role, which)
    ana = people.create("ana@example.com", "a shelf of long words")
    people.add_to_account(ana, account, "reader")
    people.add_to_account(ana, accounts.create("Other", "444455556666"))
    with django_assert_num_queries(1):
        found = {each.account_id: each for each in people.memberships_of(ana, rights_in=account.id)}
        joined = rights.of_joined(found[account.id])
    assert joined == rights.of(role)
    assert (joined == Rights()) is (which == "none")
    other = found["444455556666"]
    assert rights.of_joined(other) == rights.of(other.role) != Rights()


def test_one_that_cannot_be_read_leaves_none(account: Account, role: Principal) -> None:
    give(role, "all")
    PolicyVersion.objects.update(document="{")
    ana = people.create("ana@example.com", "a shelf of long words")
    people.add_to_account(ana, account, "reader")
    (membership,) = people.memberships_of(ana, rights_in=account.id)
    assert rights.of_joined(membership) == Rights()


@pytest.mark.parametrize("which", ["none", "all"])
def test_those_of_an_assumed_role_are_the_same(
    account: Account, role: Principal, which: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    give(role, which)
    ana = people.create("ana@example.com", "a shelf of long words")
    people.add_to_account(ana, accounts.create("Other", "444455556666"))
    mine = people.add_to_account(ana, account, "reader")
    ended = people.add_to_account(ana, accounts.create("Ended", "777788889999"))
    Account.objects.filter(id=ended.account_id).update(is_active=False)
    made = temporary.issue(role, kind=Session.Kind.ASSUMED, seconds=900, name="x", issued_by=mine.acts_as)
    with django_assert_num_queries(1):
        found = temporary.last_of([made.session.id], ana)
        assert found is not None
        assert rights.read(found[0]).session is None
    assert rights.read(found[0]) == rights.of(role)
    known = people.memberships_of(ana)
    assert [(each.account_id, each.account.name, each.acts_as) for each in found[1]] == [
        (each.account_id, each.account.name, each.acts_as) for each in known
    ]
    assert len(known) == 2
