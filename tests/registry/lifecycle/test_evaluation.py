"""What a policy does to images: ECR's rules one by one, and on generated repositories against a plain reference."""

import random
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.lifecycle.evaluation import Decision, ImageFacts, Why, evaluate, in_order
from registry.lifecycle.grammar import Rule
from tests.registry.lifecycle import reference

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def ago(days: float) -> datetime:
    """So many days before now."""
    return NOW - timedelta(days=days)


def image(digest: str, days: float = 1, *tags: str, **more: Any) -> ImageFacts:
    """An image that was pushed so many days ago."""
    return ImageFacts(digest, ago(days), tags, **more)


def rule(priority: int, status: str = "any", **more: Any) -> Rule:
    """A rule; by itself it lets images go that are older than 10 days."""
    known = {
        "description": "",
        "tag_status": status,
        "prefixes": (),
        "patterns": (),
        "storage_class": "standard",
        "count_type": "sinceImagePushed",
        "count": 10,
        "action": "expire",
    }
    return Rule(priority=priority, **(known | more))  # type: ignore[arg-type]  # fields by name


def newest(priority: int, count: int, status: str = "any", **more: Any) -> Rule:
    """A rule that keeps the newest."""
    return rule(priority, status, count_type="imageCountMoreThan", count=count, **more)


def decided(images: list[ImageFacts], *rules: Rule, now: datetime = NOW) -> dict[str, Decision]:
    """Decisions by digest."""
    return {each.digest: each for each in evaluate(images, rules, now)}


def going(images: list[ImageFacts], *rules: Rule) -> set[str]:
    """The digests of those that expire or are archived."""
    return {each.digest for each in evaluate(images, rules, NOW) if each.action}


def test_it_works_with_the_guides_own_example() -> None:
    """Rule 1 lets A go; rule 2 would let B go, which rule 1 keeps, and counts A all the same."""
    images = [image("a", 3, "beta-1", "prod-1"), image("b", 2, "beta-2", "prod-2"), image("c", 1, "beta-3")]
    first = newest(1, 1, "tagged", prefixes=("prod",))
    second = newest(2, 1, "tagged", prefixes=("beta",))
    found = decided(images, first, second)
    assert found["a"] == Decision("a", "expire", 1, Why.BY_RULE, rank=2)
    assert found["b"] == Decision("b", "", 1, Why.NEWEST, shielded_from=2, rank=1)
    assert found["c"] == Decision("c", "", 2, Why.NEWEST, rank=1)


def test_every_text_of_a_list_has_to_match_some_tag() -> None:
    images = [image("a", 20, "alpha-1", "beta-1"), image("b", 20, "alpha-2"), image("c", 20, "x-alpha-beta-1")]
    assert going(images, rule(1, "tagged", prefixes=("alpha", "beta"))) == {"a"}
    assert going(images, rule(1, "tagged", patterns=("*alpha*", "*beta*"))) == {"a", "c"}


@pytest.mark.parametrize(
    ("pattern", "tag", "fits"),
    [
        ("v1", "v1", True),
        ("v1", "v11", False),
        ("*", "x", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("*a*b*", "xbxa", False),
        ("*ab*ab", "abab", True),
        ("*ab*ab", "ab-aab", True),
        ("v?", "v1", False),
        ("v.*", "v1x", False),
    ],
)
def test_a_star_stands_for_anything_and_nothing_else_does(pattern: str, tag: str, fits: bool) -> None:
    assert bool(going([image("a", 20, tag)], rule(1, "tagged", patterns=(pattern,)))) is fits


def test_untagged_and_any() -> None:
    images = [image("a", 20), image("b", 20, "1"), image("c", 5)]
    found = decided(images, rule(1, "untagged"), rule(2, "any", count=1))
    assert [found[each].action for each in "abc"] == ["expire", "expire", ""]
    assert (found["c"].shielded_from, found["c"].due) == (2, ago(5) + timedelta(days=10))
    assert decided([image("a", 20, "1")], rule(1, "untagged"))["a"].why is Why.NO_RULE


def test_ages_count_from_what_the_rule_says() -> None:
    pulled = image("a", 50, pulled_at=ago(5))
    assert not going([pulled], rule(1, count_type="sinceImagePulled"))
    assert going([image("a", 50)], rule(1, count_type="sinceImagePulled")) == {"a"}
    tagged = image("a", 50, "1", tagged_at=ago(5))
    assert going([tagged], rule(1)) and not going([tagged], rule(1, count_type="sinceImageTagged"))
    archived = image("a", 50, storage_class="archive", transitioned_at=ago(95))
    gone = rule(1, storage_class="archive", count_type="sinceImageTransitioned", count=90)
    assert going([archived], gone) == {"a"} and not going([archived], rule(2))
    assert not going([image("a", 500, storage_class="archive", transitioned_at=ago(89))], gone)
    assert not going([image("a", 500, storage_class="archive")], gone)


def test_a_restored_image_counts_from_its_restoration() -> None:
    restored = image("a", 50, activated_at=ago(2), pulled_at=ago(40))
    assert not going([restored], rule(1)) and not going([restored], rule(1, count_type="sinceImagePulled"))
    assert going([restored, image("b", 4)], newest(1, 1)) == {"b"}


def test_exactly_so_old_is_not_older() -> None:
    assert not going([image("a", 10)], rule(1)) and going([image("a", 10.00002)], rule(1)) == {"a"}


def test_what_is_retained_stays_and_is_counted() -> None:
    images = [image("a", 30, "prod"), image("b", 20, "x"), image("c", 10, "y")]
    found = decided(
        images, rule(1, "tagged", prefixes=("prod",), action="retain", count_type="", count=0), newest(2, 2)
    )
    assert [found[each].action for each in "abc"] == ["", "", ""]
    assert (found["a"].why, found["a"].shielded_from) == (Why.RETAINED, 2)


def test_an_index_holds_what_it_names() -> None:
    """With #2613 the rule for untagged images broke images of several platforms."""
    images = [
        image("amd", 20),
        image("arm", 20),
        image("index", 20, "1", children=("amd", "arm", "absent")),
        image("x", 20),
    ]
    found = decided(images, rule(1, "untagged"))
    assert going(images, rule(1, "untagged")) == {"x"}
    assert (found["amd"].why, found["amd"].other, found["amd"].rule) == (Why.NAMED, "index", 1)
    both = evaluate(images, [rule(1, "untagged"), rule(2, "tagged", prefixes=("1",))], NOW)
    assert {each.digest for each in both if each.action} == {"amd", "arm", "index", "x"}
    order = [each.digest for each in in_order(images, both)]
    assert order.index("index") < min(order.index("amd"), order.index("arm"))


def test_when_an_index_is_gone_its_images_go_by_their_own_rule_only() -> None:
    """They are untagged images like others then: from their own push, by a rule for untagged images, or never."""
    children = [image("amd", 20), image("arm", 5)]
    index = image("index", 20, "1", children=("amd", "arm"))
    tagged = rule(1, "tagged", patterns=("*",))
    assert going([index, *children], tagged) == {"index"}
    assert going(children, tagged) == set(), "no rule is for them"
    untagged = rule(2, "untagged")
    assert going([index, *children], tagged, untagged) == {"index", "amd"}, "arm is too young, as in the next run"
    assert going(children, tagged, untagged) == {"amd"}
    assert going([index, image("amd", 20, "amd"), image("arm", 20)], rule(1, "tagged", patterns=("1",)), untagged) == {
        "index",
        "arm",
    }, "one with a tag of its own is no untagged image"


def test_an_archived_index_lets_its_images_be_archived_but_not_expire() -> None:
    index = image("index", 20, "1", children=("a",), storage_class="archive")
    archive = rule(1, "untagged", action="transition")
    assert going([index, image("a", 20)], archive) == {"a"}
    assert going([index, image("a", 20)], rule(1, "untagged")) == set()


def test_what_is_attached_goes_with_its_subject_and_is_never_counted() -> None:
    images = [
        image("old", 20, "1"),
        image("sig", 19, subject="old"),
        image("sig-of-sig", 18, "kept", subject="sig"),
        image("new", 5, "2"),
        image("sig-of-new", 30, subject="new"),
        image("stray", 30, subject="absent"),
    ]
    found = decided(images, rule(1, "untagged", count=1), rule(2, "any"))
    assert {each for each, what in found.items() if what.action} == {"old", "sig", "sig-of-sig", "stray"}
    assert (found["sig"].why, found["sig"].other, found["sig"].rule) == (Why.WITH_SUBJECT, "old", 2)
    assert (found["sig-of-new"].why, found["sig-of-new"].other) == (Why.ATTACHED, "new")
    assert going([image("a", 2), image("s", 1, subject="a"), image("b", 3)], newest(1, 2)) == set()


def test_what_is_attached_stays_if_an_index_holds_its_subject() -> None:
    images = [image("a", 20), image("s", 20, subject="a"), image("index", 1, "1", children=("a",))]
    found = decided(images, rule(1, "untagged"))
    assert not found["s"].action and found["s"].why is Why.ATTACHED


def test_of_several_indexes_the_first_by_digest_is_named_whatever_the_order() -> None:
    images = [image("a", 20), image("y", 1, "1", children=("a",)), image("x", 1, "2", children=("a",))]
    for order in (images, images[::-1]):
        assert decided(order, rule(1, "untagged"))["a"].other == "x"


def test_deep_nests_rings_and_gaps_end() -> None:
    deep = [image(str(each), 20, children=(str(each + 1),)) for each in range(5000)]
    chain = [image(f"s{each}", 20, subject=f"s{each - 1}") for each in range(5000)]
    ring = [image("r1", 20, children=("r2",)), image("r2", 20, children=("r1", "r2")), image("q1", 20, subject="q2")]
    ring += [image("q2", 20, subject="q1"), image("q3", 20, subject="q1"), image("self", 20, subject="self")]
    everything = [*deep, *chain, *ring]
    decisions = evaluate(everything, [rule(1)], NOW)
    assert all(each.action == "expire" for each in decisions)
    order = [each.digest for each in in_order(everything, decisions)]
    assert (
        len(order) == len(everything)
        and order.index("0") < order.index("4999")
        and order.index("s0") < order.index("s9")
    )
    held = [image("top", 1, "1", children=("0",)), *deep]
    assert going(held, rule(1, "untagged")) == set()


def test_what_no_calendar_holds_is_never_due() -> None:
    found = decided([image("a", 20)], rule(1, count=2**31 - 1))["a"]
    assert (found.action, found.due) == ("", None)


def test_a_clock_that_went_back_lets_nothing_go_too_early() -> None:
    images = [image("a", -5, "1"), image("b", -6, "2")]
    assert not going(images, rule(1, count=1)) and going(images, newest(1, 1)) == {"a"}


TAGS = ("a1", "a2", "b1", "b2", "ab")
DAYS = st.integers(0, 40)


@st.composite
def repositories(draw: st.DrawFn) -> list[ImageFacts]:
    """Some images that name each other in any way, also in ways that real digests can't."""
    names = [f"d{number}" for number in range(draw(st.integers(1, 9)))]
    links = st.sampled_from([*names, "absent"])
    made = []
    for name in names:
        is_archived = draw(st.booleans()) and draw(st.booleans())
        maybe = st.none() | DAYS.map(ago)
        made.append(
            ImageFacts(
                name,
                ago(draw(DAYS)),
                tuple(sorted(draw(st.sets(st.sampled_from(TAGS), max_size=2)))),
                "archive" if is_archived else "standard",
                draw(maybe),
                draw(maybe),
                ago(draw(st.integers(0, 200))) if is_archived else None,
                draw(maybe),
                tuple(draw(st.lists(links, max_size=2))) if draw(st.booleans()) else (),
                draw(links) if draw(st.integers(0, 3)) == 0 else "",
            )
        )
    return made


@st.composite
def policies(draw: st.DrawFn) -> list[Rule]:
    """Rules as the grammar lets them through."""
    rules = []
    for priority in range(1, draw(st.integers(1, 4)) + 1):
        status = draw(st.sampled_from(["tagged", "untagged", "any"]))
        action = draw(st.sampled_from(["expire", "expire", "transition", "retain"]))
        archived = action != "transition" and draw(st.integers(0, 3)) == 0
        kinds = ["imageCountMoreThan", "sinceImagePushed", "sinceImagePulled", "sinceImageTagged"]
        if archived and action == "expire":
            kinds.append("sinceImageTransitioned")
        kind = "" if action == "retain" else draw(st.sampled_from(kinds))
        count = 90 if kind == "sinceImageTransitioned" else draw(st.integers(1, 4 if "More" in kind else 40))
        texts = tuple(draw(st.lists(st.sampled_from(["a", "b", "a1"]), min_size=1, max_size=2, unique=True)))
        by_pattern = draw(st.booleans())
        rules.append(
            Rule(
                priority,
                "",
                status,
                texts if status == "tagged" and not by_pattern else (),
                tuple(f"*{text}*" for text in texts) if status == "tagged" and by_pattern else (),
                "archive" if archived else "standard",
                kind,
                0 if action == "retain" else count,
                action,
            )
        )
    return rules


@given(repositories(), policies(), st.randoms(use_true_random=False))
def test_it_does_what_the_plain_reference_does(
    images: list[ImageFacts], rules: list[Rule], order: random.Random
) -> None:
    """In any order of the images and rules."""
    expected = reference.actions(images, rules, NOW)
    mixed, mixed_rules = order.sample(images, len(images)), order.sample(rules, len(rules))
    found = evaluate(mixed, mixed_rules, NOW)
    assert [each.digest for each in found] == [each.digest for each in mixed]
    assert {each.digest: (each.action, each.rule) for each in found if each.action} == expected
    assert sorted(found, key=str) == sorted(evaluate(images, rules, NOW), key=str)


@given(repositories(), policies())
def test_what_acts_is_the_first_rule_that_is_for_the_image(images: list[ImageFacts], rules: list[Rule]) -> None:
    """At most one rule acts, no rule behind it, and no image goes before the index that names it."""
    found = decided(images, *rules)
    by_digest = {each.digest: each for each in images}
    for digest, decision in found.items():
        first = next((each.priority for each in rules if reference._matches(each, by_digest[digest])), 0)
        if decision.why in {Why.BY_RULE, Why.NEWEST, Why.RECENT, Why.RETAINED}:
            assert decision.rule == first
        assert not decision.shielded_from or decision.shielded_from > first
        for index in images:
            if digest in index.children and digest != index.digest and decision.action == "expire":
                assert found[index.digest].action == "expire"


def test_the_work_grows_with_the_images_and_no_faster() -> None:
    """Four times as many images take about four times as many calls."""
    rules = [newest(number, 10, "tagged", prefixes=(f"v{number}",)) for number in range(1, 10)]
    rules += [rule(10, "untagged"), newest(11, 1000)]

    def calls(count: int) -> int:
        images = [
            image(f"{number:06}", number % 300, *([f"v{number % 11}.{number}"] if number % 3 else []))
            for number in range(count)
        ]
        seen = 0

        def note(_frame: object, event: str, _argument: object) -> None:
            nonlocal seen
            seen += event in {"call", "c_call"}

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            assert len(evaluate(images, rules, NOW)) == count
        finally:
            sys.setprofile(before)
        return seen

    assert calls(8_000) < 5 * calls(2_000)
