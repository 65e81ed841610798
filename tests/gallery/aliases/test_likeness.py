"""Which names people take for one another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.aliases import likeness

NAMES = st.from_regex(r"[a-z][a-z0-9]{1,12}([._-][a-z0-9]{1,8}){0,2}", fullmatch=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("amaz0n", "amazon"),
        ("ama-zon", "amazon"),
        ("examp1e", "example"),
        ("m1crosoft", "microsoft"),
        ("goog1e", "google"),
        ("rnicrosoft", "microsoft"),
        ("vvordpress", "wordpress"),
        ("d4t4d0g", "datadog"),
        ("s.3", "s3"),
    ],
)
def test_names_that_look_alike(one: str, other: str) -> None:
    assert likeness.alike(one, other) and likeness.alike(other, one)


@pytest.mark.parametrize(("one", "other"), [("acme", "example"), ("se", "s3"), ("mail", "mall"), ("app", "apps")])
def test_names_that_do_not(one: str, other: str) -> None:
    assert not likeness.alike(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("acme", "acne"), ("acme", "acmee"), ("exmaple", "example"), ("kubernetes", "kubermetis"), ("a-cme", "ac-mes")],
)
def test_names_that_are_a_slip_away(one: str, other: str) -> None:
    assert likeness.near(one, other) and likeness.near(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("ecs", "eks"), ("acme", "example"), ("redis", "radish"), ("acme", "acmes1")]
)
def test_names_that_are_far(one: str, other: str) -> None:
    assert not likeness.near(one, other)


@pytest.mark.parametrize(
    ("name", "start"),
    [("ama.zon-linux", "amazon"), ("g.o-tools", "go-"), ("go.tools", "go-"), ("sitemaps", "sitemap-")],
)
def test_names_that_begin_like_others(name: str, start: str) -> None:
    assert likeness.begins(name, start)


@pytest.mark.parametrize(("name", "start"), [("golang", "go-"), ("go", "go-"), ("gopher-go", "go-"), ("acme", "aws")])
def test_names_that_do_not_begin_like_others(name: str, start: str) -> None:
    assert not likeness.begins(name, start)


@given(NAMES, NAMES)
def test_likeness_is_mutual_and_sees_no_separators(one: str, other: str) -> None:
    assert likeness.alike(one, likeness.joined(one))
    assert likeness.alike(one, other) == likeness.alike(other, one)
    assert likeness.near(one, other) == likeness.near(other, one)
