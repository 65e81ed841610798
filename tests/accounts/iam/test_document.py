"""Documents: what is wrong with them and where; each condition operator."""

import json
from typing import Any

import pytest

from accounts.iam import document
from accounts.iam.arn import Arn
from accounts.iam.document import Kind, PolicyInvalid
from accounts.iam.evaluation import evaluate
from accounts.iam.request import Request, Rights, Subject, SubjectKind

ALLOW = {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}
OF_REPOSITORY = {"Effect": "Allow", "Action": "ecr:*", "Principal": "*"}


def written(*statements: Any, **more: Any) -> str:
    """A policy's text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)} | more)


def holds(operator: str, have: Any, wanted: Any, key: str = "aws:thing", version: str = "2012-10-17") -> bool:
    """Whether a condition holds for the values of a request; None: the key is absent."""
    text = written({**ALLOW, "Condition": {operator: {key: wanted}}}, Version=version)
    context = {} if have is None else {key.lower(): (have,) if isinstance(have, str) else tuple(have)}
    context["aws:username"] = ("a*a",)
    request = Request(
        Subject(SubjectKind.USER, "1", "arn:aws:iam::1:user/a"), "ecr:PutImage", Arn("ecr", "r", "1", "x"), context
    )
    return evaluate(request, Rights((document.parse(text, Kind.IDENTITY),))).allowed


@pytest.mark.parametrize(
    ("operator", "wanted", "yes", "no"),
    [
        ("StringEquals", "Aa", ["Aa"], ["aa", "Aab", ""]),
        ("StringEquals", "A*", ["A*"], ["Aa"]),
        ("StringNotEquals", "a", ["b", None], ["a"]),
        ("StringEqualsIgnoreCase", "Aa", ["aA"], ["ab"]),
        ("StringNotEqualsIgnoreCase", "Aa", ["ab"], ["aA"]),
        ("StringLike", "r-*-?", ["r-1-2", "r--x", "r-a\nb-c"], ["r-1-", "xr-1-2", None]),
        ("StringLike", "${aws:username}", ["a*a"], ["aba"]),
        ("StringLike", "${aws:username}-*", ["a*a-1"], ["aba-1"]),
        ("StringLike", "${aws:nothing, 'x'}${*}", ["x*"], ["xy", "x"]),
        ("StringLike", "${aws:nothing}*", [], ["", "x"]),
        ("StringNotLike", "a*", ["b"], ["ab"]),
        ("NumericEquals", "10", ["10", "10.0"], ["9", "x"]),
        ("NumericNotEquals", 10, ["9"], ["10"]),
        ("NumericLessThan", "10", ["9.5"], ["10", "x"]),
        ("NumericLessThanEquals", 10, ["10"], ["10.1"]),
        ("NumericGreaterThan", "-1", ["0"], ["-1"]),
        ("NumericGreaterThanEquals", "1e2", ["100"], ["99"]),
        ("DateEquals", "2026-01-31T00:00:00Z", ["2026-01-31T01:00:00+01:00", "1769817600"], ["2026-02-01"]),
        ("DateNotEquals", "2026-01-31", ["2026-02-01"], ["2026-01-31T00:00:00Z"]),
        ("DateLessThan", "2026-01-31", ["2026-01-30T23:59:59Z"], ["2026-01-31"]),
        ("DateLessThanEquals", "2026-01-31", ["2026-01-31"], ["2026-02-01"]),
        ("DateGreaterThan", "2026-01-31", ["2026-02-01"], ["2026-01-31", "never"]),
        ("DateGreaterThanEquals", "1769817600", ["2026-01-31"], ["2026-01-30"]),
        ("Bool", True, ["true", "TRUE"], ["false", "1"]),
        ("Bool", "false", ["false"], ["true", None]),
        ("BinaryEquals", "YQ==", ["YQ=="], ["Yg==", "!"]),
        ("IpAddress", "192.0.2.0/24", ["192.0.2.9", "::ffff:192.0.2.9"], ["192.0.3.1", "2001:db8::1", "x"]),
        ("IpAddress", "2001:db8::/32", ["2001:db8::1"], ["192.0.2.9"]),
        ("IpAddress", ["192.0.2.1", "198.51.100.0/24"], ["192.0.2.1", "198.51.100.7"], ["192.0.2.2"]),
        ("NotIpAddress", "192.0.2.0/24", ["198.51.100.1", None], ["192.0.2.1"]),
        ("ArnEquals", "arn:aws:iam::1:role/*", ["arn:aws:iam::1:role/a/b"], ["arn:aws:iam::2:role/a", "role"]),
        ("ArnLike", "arn:*:iam::1:role/a", ["arn:aws:iam::1:role/a"], ["arn:aws:iam:r:1:role/a"]),
        ("ArnLike", "arn:aws:iam::*:role/a", ["arn:aws:iam::1:role/a"], ["arn:aws:iam::1:2:role/a"]),
        ("ArnNotLike", "arn:aws:iam::1:*", ["arn:aws:iam::2:role/a"], ["arn:aws:iam::1:role/a"]),
        ("ArnNotEquals", "arn:aws:iam::1:user/a", ["arn:aws:iam::1:user/b"], ["arn:aws:iam::1:user/a"]),
        ("Null", "true", [None], ["x"]),
        ("Null", False, ["x"], [None]),
        ("StringEqualsIfExists", "a", ["a", None], ["b"]),
        ("ForAnyValue:StringEquals", ["a", "b"], [["x", "b"]], [["x"], None]),
        ("ForAllValues:StringEquals", ["a", "b"], [["a", "b"], ["a"], None], [["a", "x"]]),
        ("ForAnyValue:StringNotEquals", "a", [["a", "b"]], [["a"], None]),
        ("ForAllValues:StringNotLike", "a*", [["b", "c"], None], [["b", "ab"]]),
        ("stringequals", "a", ["a"], ["b"]),
    ],
)
def test_each_operator(operator: str, wanted: Any, yes: list[Any], no: list[Any]) -> None:
    for have in yes:
        assert holds(operator, have, wanted), have
    for have in no:
        assert not holds(operator, have, wanted), have


def test_variables_are_plain_text_in_the_older_version() -> None:
    assert holds("StringEquals", "${aws:username}", "${aws:username}", version="2008-10-17")
    assert not holds("StringEquals", "${aws:username}", "${aws:username}")


@pytest.mark.parametrize(
    ("kind", "text", "path", "words"),
    [
        (Kind.IDENTITY, "", "", "ends too early"),
        (Kind.IDENTITY, "{", "", "double quotes"),
        (Kind.IDENTITY, '{"Version": NaN}', "", "a value is missing"),
        (Kind.IDENTITY, '{"a": 1} x', "", "after the end"),
        (Kind.IDENTITY, '{"a": "\n"}', "", "not closed"),
        (Kind.IDENTITY, r'{"a": "\u0000"}', "", "no character"),
        (Kind.IDENTITY, r'{"\ud800": 1}', "", "no character"),
        (Kind.IDENTITY, "[" * 100_000, "", "characters"),
        (Kind.IDENTITY, "[" * 100, "", "deeply"),
        (Kind.REPOSITORY, f'{{"Version": {"1" * 5000}}}', "", "too large"),
        (Kind.IDENTITY, f'{{"Version": {"1" * 400}}}', "", "too large"),
        (Kind.IDENTITY, '{"Version": 1e999}', "", "too large"),
        (Kind.IDENTITY, "[]", "", "JSON object"),
        (Kind.IDENTITY, '{"Version": "2012-10-17"}', "Statement", "at least one"),
        (Kind.IDENTITY, written(), "Statement", "at least one"),
        (Kind.IDENTITY, written(ALLOW, Version="2020-01-01"), "Version", "2012-10-17"),
        (Kind.IDENTITY, written(ALLOW, More=1), "More", "not an element"),
        (Kind.IDENTITY, '{"Statement": {"Effect": "Allow", "Effect": "Deny"}}', "Statement.Effect", "twice"),
        (Kind.IDENTITY, written("x"), "Statement[0]", "JSON object"),
        (Kind.IDENTITY, written({**ALLOW, "Effect": "allow"}), "Statement[0].Effect", "Allow or Deny"),
        (Kind.IDENTITY, written({**ALLOW, "NotAction": "a:b"}), "Statement[0]", "both Action and NotAction"),
        (Kind.IDENTITY, written({"Effect": "Allow", "Resource": "*"}), "Statement[0]", "neither Action"),
        (Kind.IDENTITY, written({**ALLOW, "Action": "PutImage"}), "Statement[0].Action", "not an action"),
        (Kind.IDENTITY, written({**ALLOW, "Action": ["ecr:*", 1]}), "Statement[0].Action[1]", "not a text"),
        (Kind.IDENTITY, written({**ALLOW, "Action": []}), "Statement[0].Action", "empty"),
        (Kind.IDENTITY, written({"Effect": "Allow", "Action": "*"}), "Statement[0]", "neither Resource"),
        (Kind.IDENTITY, written({**ALLOW, "Resource": "repository/a"}), "Statement[0].Resource", "not an ARN"),
        (Kind.IDENTITY, written({**ALLOW, "Resource": "arn:aws:ecr:r:1:${"}), "Statement[0].Resource", "not closed"),
        (Kind.IDENTITY, written({**ALLOW, "Principal": "*"}), "Statement[0].Principal", "no place"),
        (Kind.IDENTITY, written({**ALLOW, "Condition": []}), "Statement[0].Condition", "JSON object"),
        (
            Kind.IDENTITY,
            written({**ALLOW, "Condition": {"StringIs": {"a:b": "c"}}}),
            "Statement[0].Condition.StringIs.a:b",
            "not a condition operator",
        ),
        (
            Kind.IDENTITY,
            written({**ALLOW, "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/99"}}}),
            "Statement[0].Condition.IpAddress.aws:SourceIp",
            "not an address",
        ),
        (
            Kind.IDENTITY,
            written({**ALLOW, "Condition": {"DateLessThan": {"aws:CurrentTime": "soon"}}}),
            "Statement[0].Condition.DateLessThan.aws:CurrentTime",
            "not a date",
        ),
        (Kind.IDENTITY, written({**ALLOW, "Sid": "a"}, {**ALLOW, "Sid": "a"}), "Statement[1].Sid", "twice"),
        (Kind.REPOSITORY, written({**OF_REPOSITORY, "Resource": "*"}), "Statement[0].Resource", "no place"),
        (Kind.REPOSITORY, written({"Effect": "Allow", "Action": "*"}), "Statement[0]", "neither Principal"),
        (
            Kind.REPOSITORY,
            written({**OF_REPOSITORY, "Principal": {"AWS": ["111122223333", "ana"]}}),
            "Statement[0].Principal.AWS[1]",
            "not an account",
        ),
        (
            Kind.REPOSITORY,
            written({"Effect": "Allow", "Action": "*", "NotPrincipal": {"AWS": "111122223333"}}),
            "Statement[0].NotPrincipal",
            "only be denied",
        ),
        (Kind.REGISTRY, written(OF_REPOSITORY), "Statement[0]", "neither Resource"),
        (Kind.SESSION, "x" * 3000, "", "2048 are allowed"),
    ],
)
def test_it_names_the_place_of_an_error(kind: Kind, text: str, path: str, words: str) -> None:
    problems = [problem for problem in document.check(text, kind) if not problem.is_warning]
    assert any(problem.path == path and words in problem.message for problem in problems), problems
    with pytest.raises(PolicyInvalid):
        document.parse(text, kind)


def test_line_and_column_count_from_one() -> None:
    text = '{\n  "Statement": [\n    {"Effect": "allow", "Action": "*", "Resource": "*"}\n  ]\n}'
    [problem] = document.check(text, Kind.IDENTITY)
    assert (problem.line, problem.column) == (3, 16)
    assert "line 3, column 16" in str(PolicyInvalid((problem,)))


def test_it_warns_of_what_is_too_wide() -> None:
    [everybody] = document.check(written(OF_REPOSITORY), Kind.REPOSITORY)
    assert everybody.is_warning and everybody.path == "Statement[0].Principal"
    provider = {"Federated": "arn:aws:iam::111122223333:oidc-provider/ci.example.com"}
    wide = {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": provider}
    [any_job] = document.check(written(wide), Kind.TRUST)
    assert any_job.is_warning
    narrow = wide | {"Condition": {"StringEquals": {"ci.example.com:aud": "a", "ci.example.com:sub": "b"}}}
    assert document.check(written(narrow), Kind.TRUST) == ()


def test_sids_may_repeat_in_repository_policies() -> None:
    one = {**OF_REPOSITORY, "Principal": {"AWS": "111122223333"}, "Sid": "Same"}
    assert document.check(written(one, one), Kind.REPOSITORY) == ()


def test_a_parsed_policy_is_remembered() -> None:
    assert document.parse(written(ALLOW), Kind.IDENTITY) is document.parse(written(ALLOW), Kind.IDENTITY)
