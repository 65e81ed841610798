"""ARNs, and the decision: own account, statements, deny wins, silence denies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.iam import arn
from accounts.iam.arn import Arn
from accounts.iam.evaluate import Effect, Statement, evaluate

RESOURCE = Arn("ecr", "us-east-1", "111122223333", "repository/app")
ALICE = "arn:aws:iam::111122223333:user/alice"
CHARLIE = "arn:aws:iam::444455556666:user/charlie"
PART = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", max_size=12)
STATEMENTS = st.lists(
    st.builds(
        Statement,
        st.sampled_from(Effect),
        st.frozensets(st.sampled_from(["*", ALICE, CHARLIE, "111122223333", "444455556666"]), max_size=3),
        st.frozensets(st.sampled_from(["*", "ecr:*", "ecr:PutImage", "ecr:Batch*", "ECR:putimage"]), max_size=3),
    ),
    max_size=6,
)


@given(PART.filter(bool), PART, PART, st.text(min_size=1, max_size=30))
def test_arns_are_read_as_they_are_written(service: str, region: str, account: str, resource: str) -> None:
    made = Arn(service, region, account, resource)
    assert Arn.parse(str(made)) == made


@pytest.mark.parametrize(
    "text", ["", "arn", "arn:aws:ecr:us-east-1:1", "urn:a:b:c:d:e", "arn:aws::r:a:b", "arn:aws:s:r:a:", "arn::s:r:a:b"]
)
def test_it_refuses_what_is_no_arn(text: str) -> None:
    with pytest.raises(ValueError, match="not an ARN"):
        Arn.parse(text)


def test_principals_are_named_as_iam_names_them() -> None:
    assert str(arn.root("111122223333")) == "arn:aws:iam::111122223333:root"
    assert str(arn.user("111122223333", "a")) == "arn:aws:iam::111122223333:user/a"
    assert str(arn.role("111122223333", "r")) == "arn:aws:iam::111122223333:role/r"
    assert str(arn.assumed_role("111122223333", "r", "a@b")) == "arn:aws:sts::111122223333:assumed-role/r/a@b"


def test_the_owning_account_may_and_others_may_not() -> None:
    assert evaluate("111122223333", ALICE, "ecr:PutImage", RESOURCE, ()).allowed
    assert not evaluate("444455556666", CHARLIE, "ecr:PutImage", RESOURCE, ()).allowed
    assert not evaluate("", "", "ecr:PutImage", RESOURCE, ()).allowed


def test_a_statement_lets_others_in() -> None:
    pull = Statement(Effect.ALLOW, frozenset({"444455556666"}), frozenset({"ecr:BatchGet*"}), "Pull")
    decision = evaluate("444455556666", CHARLIE, "ecr:BatchGetImage", RESOURCE, [pull])
    assert decision.allowed and "Pull" in decision.reason
    assert not evaluate("444455556666", CHARLIE, "ecr:PutImage", RESOURCE, [pull]).allowed
    everyone = Statement(Effect.ALLOW, frozenset({"*"}), frozenset({"ecr:PutImage"}))
    assert evaluate("", "", "ecr:putimage", RESOURCE, [everyone]).allowed


def test_only_stars_and_question_marks_are_patterns() -> None:
    for pattern, matches in (("ecr:Put?mage", True), ("ecr:*", True), ("ecr:[Pp]utImage", False), ("ecr:[", False)):
        statement = Statement(Effect.ALLOW, frozenset({"*"}), frozenset({pattern}))
        assert statement.matches("", "", "ecr:PutImage") is matches, pattern


@given(STATEMENTS, st.sampled_from([("111122223333", ALICE), ("444455556666", CHARLIE), ("", "")]))
def test_an_explicit_deny_always_wins(statements: list[Statement], who: tuple[str, str]) -> None:
    denied = any(each.effect is Effect.DENY and each.matches(*who, "ecr:PutImage") for each in statements)
    decision = evaluate(*who, "ecr:PutImage", RESOURCE, statements)
    if denied:
        assert not decision.allowed and "explicit deny" in decision.reason
    else:
        allowed = any(each.matches(*who, "ecr:PutImage") for each in statements)
        assert decision.allowed == (allowed or who[0] == "111122223333")
