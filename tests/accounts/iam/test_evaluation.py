"""The engine against a slow reference, and the rules one by one."""

import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.iam import document, managed
from accounts.iam.arn import Arn
from accounts.iam.document import Kind, Policy
from accounts.iam.evaluation import evaluate, explain
from accounts.iam.request import EVERYTHING, Request, Rights, Source, Subject, SubjectKind
from tests.accounts.iam import reference

CASES = int(os.environ.get("KHO_CASES", "400"))
ACCOUNT, OTHER = "111122223333", "444455556666"
USER = f"arn:aws:iam::{ACCOUNT}:user/ana"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ci"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/job"
WHO = [(USER, "", ACCOUNT), (SESSION, ROLE, ACCOUNT)]

ACTIONS = st.sampled_from(["ecr:PutImage", "ecr:BatchGetImage", "ecr:*", "*", "ecr:Put*", "ecr:?utImage", "iam:*"])
RESOURCES = st.sampled_from(
    ["*", f"arn:aws:ecr:*:{ACCOUNT}:repository/*", f"arn:aws:ecr:r:{ACCOUNT}:repository/a/b", "arn:aws:ecr:*:*:*/a/*"]
)
OPERATORS = st.sampled_from(["StringEquals", "StringLike", "StringNotEquals", "Null"])
SETS = st.sampled_from(["", "ForAnyValue:", "ForAllValues:"])
VALUES = ["1.0", "1.*", "ci", "${aws:username}", "*"]
KEYS = st.sampled_from(["ecr:ImageTag", "aws:username"])


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    """One condition."""
    operator = draw(OPERATORS)
    if operator == "Null":
        return {"Null": {draw(KEYS): draw(st.sampled_from(["true", "false"]))}}
    operator = draw(SETS) + operator + draw(st.sampled_from(["", "IfExists"]))
    return {operator: {draw(KEYS): draw(st.lists(st.sampled_from(VALUES), min_size=1, max_size=3))}}


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One or a few."""
    return st.one_of(values, st.lists(values, min_size=1, max_size=3))


@st.composite
def statements(draw: st.DrawFn, *, of_resource: bool) -> dict[str, Any]:
    """A statement of an identity's policy, or of a resource's."""
    effect = draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"]))
    made: dict[str, Any] = {
        "Effect": effect,
        draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(some(ACTIONS)),
    }
    if of_resource:
        names = st.sampled_from([ACCOUNT, OTHER, USER, ROLE, SESSION, "*", f"arn:aws:iam::{ACCOUNT}:root"])
        key = draw(st.sampled_from(["Principal", "NotPrincipal"])) if effect == "Deny" else "Principal"
        made[key] = draw(st.one_of(st.just("*"), st.builds(lambda each: {"AWS": each}, some(names))))
    else:
        made[draw(st.sampled_from(["Resource", "Resource", "NotResource"]))] = draw(some(RESOURCES))
    if draw(st.booleans()):
        made["Condition"] = draw(conditions())
    return made


def policy(kind: Kind, made: list[dict[str, Any]]) -> Policy:
    """Compiled."""
    return document.parse(json.dumps({"Version": "2012-10-17", "Statement": made}), kind)


def policies(kind: Kind, made: list[dict[str, Any]]) -> tuple[Policy, ...]:
    """Compiled, or none."""
    return (policy(kind, made),) if made else ()


def subject(who: tuple[str, str, str]) -> Subject:
    """The subject of a case."""
    return Subject(SubjectKind.SESSION if who[1] else SubjectKind.USER, who[2], who[0], who[1])


@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    identity=st.lists(statements(of_resource=False), max_size=3),
    session=st.one_of(st.none(), st.lists(statements(of_resource=False), min_size=1, max_size=2)),
    resource=st.lists(statements(of_resource=True), max_size=3),
    owner=st.sampled_from([ACCOUNT, OTHER]),
    action=st.sampled_from(["ecr:PutImage", "ecr:BatchGetImage"]),
    who=st.sampled_from(WHO),
    tags=st.sampled_from([None, ("1.0",), ("1.0", "ci"), ("other",)]),
    name=st.sampled_from([None, ("ci",)]),
)
def test_it_decides_as_the_reference_does(
    identity: list[dict[str, Any]],
    session: list[dict[str, Any]] | None,
    resource: list[dict[str, Any]],
    owner: str,
    action: str,
    who: tuple[str, str, str],
    tags: tuple[str, ...] | None,
    name: tuple[str, ...] | None,
) -> None:
    target = Arn("ecr", "r", owner, "repository/a/b")
    given_keys = {"ecr:imagetag": tags, "aws:username": name}
    context = {key: values for key, values in given_keys.items() if values is not None}
    limits = policies(Kind.SESSION, session) if session is not None else None
    rights = Rights(policies(Kind.IDENTITY, identity), limits)
    request = Request(subject(who), action, target, context)
    found = explain(request, rights, policies(Kind.REPOSITORY, resource))
    wanted = reference.decide(identity, session, resource, (action, str(target), owner), who, context)
    assert found.decision.allowed == wanted, found
    if found.decision.explicit:
        assert any(step.matched and step.effect == "Deny" for step in found.steps)


def ask(who: Subject, rights: Rights, *of_resource: dict[str, Any], kind: Kind = Kind.REPOSITORY, **more: Any) -> Any:
    """Decide about one push."""
    request = Request(who, more.pop("action", "ecr:PutImage"), Arn("ecr", "r", ACCOUNT, "repository/a"), {})
    return evaluate(request, rights, policies(kind, list(of_resource)), **more)


def let_in(principal: Any, effect: str = "Allow", action: str = "ecr:*") -> dict[str, Any]:
    """A statement of a resource."""
    return {"Sid": "In", "Effect": effect, "Principal": principal, "Action": action}


ANA = Subject(SubjectKind.USER, ACCOUNT, USER)
ROOT = Subject(SubjectKind.ROOT, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root")
NOBODY = Subject(SubjectKind.ANONYMOUS)


def test_it_says_which_statement_decided() -> None:
    rights = Rights((policy(Kind.IDENTITY, [{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}]).named("hers"),))
    allowed = ask(ANA, rights)
    assert (allowed.allowed, allowed.source, allowed.policy, allowed.statement) == (
        True,
        Source.IDENTITY,
        "hers",
        "Statement[0]",
    )
    denied = ask(ANA, rights, let_in("*", "Deny"))
    assert (denied.allowed, denied.explicit, denied.statement) == (False, True, "In")
    assert denied.reason == "an explicit deny in a resource-based policy"
    assert not ask(ANA, Rights()).allowed


def test_root_may_do_everything_unless_denied() -> None:
    assert ask(ROOT, EVERYTHING).source is Source.ROOT
    assert not ask(ROOT, EVERYTHING, let_in("*", "Deny")).allowed


def test_nobody_gets_in_by_a_star_but_by_what_is_public() -> None:
    assert not ask(NOBODY, Rights(), let_in("*")).allowed
    assert ask(NOBODY, Rights(), public=policies(Kind.REPOSITORY, [let_in("*")])).source is Source.PUBLIC
    public = policies(Kind.REPOSITORY, [let_in("*")])
    assert not ask(NOBODY, Rights(), let_in("*", "Deny"), public=public).allowed


@pytest.mark.parametrize(
    ("names", "excepted"),
    [
        ([USER], {USER}),
        ([USER, f"arn:aws:iam::{ACCOUNT}:root"], {USER}),
        ([ROLE, ACCOUNT, OTHER], {SESSION}),
        ([SESSION, ACCOUNT], {SESSION}),
        ([ACCOUNT], {USER, SESSION}),
        ([OTHER], set()),
    ],
)
def test_an_account_beside_its_principal_excepts_that_one_alone(names: list[str], excepted: set[str]) -> None:
    """IAM wants the account named, too, for the one to get in at all; it does not let in the others."""
    rights = Rights((policy(Kind.IDENTITY, [{"Effect": "Allow", "Action": "*", "Resource": "*"}]),))
    denying = (policy(Kind.REPOSITORY, [{"Effect": "Deny", "Action": "*", "NotPrincipal": {"AWS": names}}]),)
    target = Arn("ecr", "r", ACCOUNT, "repository/a/b")
    allowed = {
        who[0] for who in WHO if evaluate(Request(subject(who), "ecr:PutImage", target), rights, denying).allowed
    }
    assert allowed == excepted


def test_trust_has_to_be_given_even_at_home() -> None:
    own = Rights((policy(Kind.IDENTITY, [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}]),))
    trusting: dict[str, Any] = {"kind": Kind.TRUST, "is_trust": True, "action": "sts:AssumeRole"}
    account, herself = let_in({"AWS": ACCOUNT}, action="sts:AssumeRole"), let_in({"AWS": USER}, action="sts:AssumeRole")
    assert not ask(ANA, own, **trusting).allowed
    assert not ask(ANA, Rights(), account, **trusting).allowed
    assert ask(ANA, own, account, **trusting).allowed
    assert ask(ANA, Rights(), herself, **trusting).allowed
    assert ask(ROOT, EVERYTHING, account, **trusting).allowed
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/ci.example.com"
    job = Subject(SubjectKind.FEDERATED, ACCOUNT, provider)
    web: dict[str, Any] = {"kind": Kind.TRUST, "is_trust": True, "action": "sts:AssumeRoleWithWebIdentity"}
    trusted = let_in({"Federated": provider}, action="sts:AssumeRoleWithWebIdentity")
    assert ask(job, Rights(), trusted, **web).allowed
    assert not ask(job, Rights(), account, **web).allowed


def test_every_managed_policy_is_one() -> None:
    for each in managed.all_policies():
        assert policy(Kind.IDENTITY, managed.DOCUMENTS[each.name]["Statement"]).statements
        assert len(each.document) < document.MANAGED_LIMIT
    assert managed.get("arn:aws:iam::aws:policy/Nonsense") is None
    assert managed.get("arn:aws:iam::111122223333:policy/AdministratorAccess") is None


@pytest.mark.parametrize("stars", [1, 20, 400])
def test_hostile_patterns_cost_no_more_than_their_length(stars: int) -> None:
    pattern = "arn:aws:ecr:r:1:" + "a*" * stars + "b"
    made = [{"Effect": "Allow", "Action": "*", "Resource": pattern}]
    target = Arn("ecr", "r", "1", "a" * 2000)
    request = Request(ANA, "ecr:PutImage", target, {})
    assert not evaluate(request, Rights(policies(Kind.IDENTITY, made))).allowed
