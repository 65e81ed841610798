"""What search finds is what looking at every listing finds, whichever way the database takes."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.caller import Caller
from gallery.models import Listing
from gallery.search import facets, index, matching, query
from gallery.search.facets import Question
from tests.gallery.search.test_query import make

WORDS = ("nginx", "redis", "proxy", "cache", "worker")
CHOICES = {
    "kind": ("image", "chart"),
    "arch": ("x86-64", "ARM 64"),
    "os": ("Linux", "Windows"),
    "verified": ("yes",),
    "category": ("databases", "other"),
    "licence": ("MIT", "Apache-2.0"),
    "publisher": ("shop", "store"),
    "updated": ("week", "month", "year"),
    "signed": ("yes",),
    "sbom": ("yes",),
}


@pytest.fixture
def listings(alice: Caller) -> None:
    """Sixty, always the same."""
    chance = random.Random(11)
    for number in range(60):
        make(
            alice,
            f"{chance.choice(WORDS)}-{number}",
            description=" ".join(chance.choices(WORDS, k=2)),
            kind=chance.choice(("image", "image", "chart")),
            architectures=chance.choice((("x86-64",), ("x86-64", "ARM 64"), ())),
            operating_systems=chance.choice((("Linux",), ("Linux", "Windows"))),
            licence=chance.choice(("MIT", "Apache-2.0", "")),
            categories=chance.choice(((), ("databases",), ("databases", "other"))),
            alias=chance.choice(("shop", "store")),
            updated_at=timezone.now() - timedelta(days=chance.choice((1, 20, 200, 900))),
            is_verified=chance.random() < 0.4,
            is_signed=chance.random() < 0.5,
            has_sbom=chance.random() < 0.5,
            is_deprecated=chance.random() < 0.1,
            recent_pull_count=number,
        )
    index.count_all()


def values(listing: Listing, facet: str) -> list[str]:
    """What a listing has in a facet, by the columns that the index writes."""
    flags = {"verified": listing.is_verified, "signed": listing.is_signed, "sbom": listing.has_sbom}
    if facet in flags:
        return ["yes"] if flags[facet] else []
    if facet == "updated":
        age = timezone.now() - listing.updated_at
        return [name for name, length in facets.UPDATED.items() if age <= length]
    lists = {"os": listing.operating_systems, "arch": listing.architectures, "category": listing.categories}
    single = {"kind": listing.kind, "publisher": listing.alias, "licence": listing.licence}
    return lists[facet] if facet in lists else [single[facet]] if single[facet] else []


def looked_at(question: Question, *, but: str = "") -> list[Listing]:
    """The listings that answer, by pulls: each is looked at by itself."""
    words = matching.words_of(question.q)
    return [
        listing
        for listing in Listing.objects.order_by("-recent_pull_count", "-pull_count", "id")
        if (question.deprecated or not listing.is_deprecated)
        and all(word in listing.search_text for word in words)
        and all(name == but or set(values(listing, name)) & set(asked) for name, asked in question.chosen.items())
    ]


@pytest.mark.parametrize("is_common", [False, True], ids=["words as they are", "words guessed to be common"])
@pytest.mark.parametrize("most", [4, 15, 5000], ids=lambda most: f"counted up to {most}")
def test_it_finds_what_looking_at_each_finds(
    listings: None, monkeypatch: pytest.MonkeyPatch, most: int, is_common: bool
) -> None:
    if is_common:
        monkeypatch.setattr(matching, "are_common", lambda words, most: True)
    monkeypatch.setattr(query, "MOST_COUNTED", most)
    chance = random.Random(most)
    for _ in range(40):
        names = chance.sample(list(CHOICES), k=chance.randrange(4))
        chosen = {
            name: tuple(chance.sample(CHOICES[name], k=chance.randrange(len(CHOICES[name])) + 1)) for name in names
        }
        words = " ".join(chance.sample(WORDS, k=chance.randrange(3)))
        question = Question(words, chosen, chance.random() < 0.2, "pulls")
        expected, found = looked_at(question), query.find(question)
        if question.deprecated and not words and not names and len(expected) > most:
            continue  # so many listings together are counted beforehand, without deprecated ones
        assert [row.id for row in found.rows] == [row.id for row in expected][: query.PAGE], question
        assert found.is_many or found.total == len(expected), question
        assert not found.is_many or not question.active or len(expected) > most, question
        for name, counts in found.counts.items():
            if counts is not None and not (found.is_many and not question.active):
                among = looked_at(question, but=name)
                held = Counter(value for row in among for value in values(row, name))
                assert counts == dict(held), (question, name)


def test_each_facet_left_open_has_its_total(listings: None) -> None:
    question = Question("nginx", {"kind": ("chart",), "arch": ("ARM 64",), "licence": ("MIT",)}, False, "")
    totals = query.totals_without(question)
    assert totals == {name: len(looked_at(question, but=name)) for name in question.active}
    assert max(totals.values()) > 0
