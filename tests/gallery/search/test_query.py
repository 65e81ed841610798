"""What a query finds, in which order, with which facets."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.caller import Caller
from gallery.models import FacetSet, Listing, Term
from gallery.search import facets, index, matching, publishers, query
from gallery.search.facets import Question
from gallery.search.folding import fold
from gallery.search.spelling import distance
from tests.factories.registry import make_public_repository


def make(caller: Caller, name: str, **fields: Any) -> Listing:
    """A listing as the index would make it."""
    known: dict[str, Any] = {"alias": "shop", "publisher": "Shop", "newest_tag": "1", "description": ""} | fields
    for column in ("operating_systems", "architectures", "categories"):
        known[column] = list(known.get(column, ()))
    known["search_text"] = fold(f"{known['alias']}/{name} {known['publisher']} {known['description']}")
    known["publisher_folded"] = fold(known["publisher"])
    row = Listing(repository=make_public_repository(caller, name), name=name, **known)
    row.facet_bits = facets.bits(vars(row))
    row.save()
    matching.keep(row)
    FacetSet.objects.bulk_create([FacetSet(bits=row.facet_bits)], ignore_conflicts=True)
    Term.objects.bulk_create([Term(word=word) for word in index._words(row)], ignore_conflicts=True)
    return row


@pytest.fixture
def listings(alice: Caller) -> None:
    """Names, pulls, kinds and words that differ."""
    long_ago = timezone.now() - timedelta(days=90)
    make(alice, "nginx", recent_pull_count=5, description="Máy chủ web", architectures=("x86-64", "ARM 64"))
    make(alice, "nginx-unit", recent_pull_count=50, architectures=("x86-64",), licence="MIT")
    make(alice, "tools/my-nginx", recent_pull_count=99, is_verified=True, updated_at=long_ago)
    make(alice, "charts/web", recent_pull_count=7, kind="chart", description="A chart for nginx", is_signed=True)
    make(alice, "redis", recent_pull_count=1000, operating_systems=("Linux",))
    make(alice, "old", recent_pull_count=2000, is_deprecated=True)
    index.count_all()


def names(
    q: str = "", *, sort: str = "", page: int = 1, deprecated: bool = False, **chosen: str | tuple[str, ...]
) -> list[str]:
    """The names in the order found."""
    picked = {name: values if isinstance(values, tuple) else (values,) for name, values in chosen.items()}
    return [row.name for row in query.find(Question(q, picked, deprecated, sort, page)).rows]


def test_it_works(listings: None) -> None:
    """Exact name first, then its last part, its beginning, anywhere, other words; within each by pulls."""
    assert names("nginx") == ["nginx", "nginx-unit", "tools/my-nginx", "charts/web"]
    assert names("my-nginx") == ["tools/my-nginx"]


def test_half_a_word_and_folded_words_find(listings: None) -> None:
    assert names("MAY chu") == ["nginx"]
    assert names("char gin") == ["charts/web"]
    assert names("Máy redis") == []


def test_two_letters_are_a_beginning(listings: None) -> None:
    assert names("ng") == ["nginx-unit", "nginx"]
    assert names("sh") == ["redis", "tools/my-nginx", "nginx-unit", "charts/web", "nginx"]
    assert names("gi") == []


@pytest.mark.parametrize("most", [0, 5000], ids=lambda most: f"counted up to {most}")
def test_short_words_beside_others_stand_anywhere(alice: Caller, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Most words of Vietnamese have two or three letters: a phrase of them is found where it stands."""
    make(alice, "tach-tu", description="Tách từ tiếng Việt cho cơ sở dữ liệu", recent_pull_count=2)
    make(alice, "tach-anh", description="Tách ảnh; so sánh với bản cũ", recent_pull_count=1)
    monkeypatch.setattr(query, "MOST_COUNTED", most)
    assert names("tách từ", sort="pulls") == ["tach-tu"]
    assert names("từ tiếng Việt", sort="pulls") == ["tach-tu"]
    assert names("cơ sở dữ liệu", sort="pulls", kind="image") == ["tach-tu"]
    assert names("cơ sở", sort="pulls") == ["tach-tu"], "without a longer word they stand together"
    assert names("tách zz", sort="pulls") == []
    assert [row.name for row in query.window("tách từ", sort="pulls", first=0, limit=9)[0]] == ["tach-tu"]


def test_facets_are_or_inside_and_across(listings: None) -> None:
    assert names(kind="chart") == ["charts/web"]
    assert names(arch=("ARM 64", "x86-64")) == ["nginx-unit", "nginx"]
    assert names(arch="ARM 64", licence="MIT") == []
    assert names("nginx", verified="yes") == ["tools/my-nginx"]
    assert names(os="Linux") == ["redis"]
    assert names(updated="month", kind="image") == ["redis", "nginx-unit", "nginx"]
    assert names(signed="yes") == ["charts/web"]
    assert names(publisher="nobody") == []


def test_deprecated_ones_are_left_out_unless_asked(listings: None) -> None:
    assert "old" not in names() and names("old") == []
    assert names("old", deprecated=True) == ["old"] and names(deprecated=True, kind="image")[0] == "old"


@pytest.mark.parametrize("q", ["", "nginx"])
def test_counts_leave_out_their_own_facet(listings: None, q: str) -> None:
    results = query.find(Question(q, {"kind": ("chart",)}))
    assert results.total == 1
    assert results.counts["kind"] == ({"image": 4, "chart": 1} if not q else {"image": 3, "chart": 1})
    assert results.counts["signed"] == {"yes": 1} and results.counts["licence"] == {}


def test_everything_is_counted_beforehand(
    listings: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(2):
        results = query.find(Question())
    assert (results.total, results.counts["kind"]) == (5, {"image": 4, "chart": 1})
    assert query.figures().examples[0] == "redis"


def test_deprecated_ones_count_with_everything_if_asked(listings: None) -> None:
    results = query.find(Question(deprecated=True))
    assert (results.rows[0].name, results.total, results.is_many) == ("old", 6, False)
    assert results.counts["kind"] == {"image": 5, "chart": 1}


def test_sorts(listings: None) -> None:
    assert names()[0] == "redis"
    assert names("nginx", sort="pulls")[0] == "tools/my-nginx"
    assert names(sort="name")[0] == "charts/web"
    assert names(sort="updated")[-1] == "tools/my-nginx"
    assert names("nginx", sort="updated")[-1] == "tools/my-nginx"


@pytest.mark.parametrize("q", ["", "nginx", "shop"])
@pytest.mark.parametrize("sort", ["", "pulls", "updated", "name"])
def test_many_matches_give_the_same_rows(listings: None, monkeypatch: pytest.MonkeyPatch, q: str, sort: str) -> None:
    """Above the count that is read, the database filters and orders; totals and counts are left open."""
    chosen = {"kind": ("image",)}
    few = query.find(Question(q, chosen, sort=sort))
    monkeypatch.setattr(query, "MOST_COUNTED", 1)
    many = query.find(Question(q, chosen, sort=sort))
    assert {row.id for row in many.rows} == {row.id for row in few.rows}
    if sort or q != "nginx":
        assert [row.id for row in many.rows] == [row.id for row in few.rows]
    else:
        assert many.rows[0].name == "nginx"
    assert many.is_many and many.is_cut and many.counts["os"] is None


def test_pages(listings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "PAGE", 2)
    results = query.find(Question(page=2))
    assert (results.total, results.page, results.pages, len(results.rows)) == (5, 2, 3, 2)
    assert query.find(Question(page=99)).page == 3
    everything = [name for page in (1, 2, 3) for name in names("shop", page=page)]
    assert len(everything) == len(set(everything)) == 5


def test_pages_of_many_matches_show_each_once(listings: None, alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exact name comes first, wherever it would stand by pulls, and nothing is left out for it."""
    make(alice, "nginx-0", alias="other", recent_pull_count=1)
    monkeypatch.setattr(query, "PAGE", 2)
    monkeypatch.setattr(query, "MOST_COUNTED", 1)
    pages = [names("nginx", page=page) for page in (1, 2, 3)]
    assert pages == [["nginx", "tools/my-nginx"], ["nginx-unit", "charts/web"], ["nginx-0"]]


def test_what_is_typed_wrong_is_corrected(listings: None) -> None:
    for wrong in ("ngnix", "ngnx", "nginxx", "gninx"):
        results = query.find(Question(wrong))
        assert (results.corrected, results.rows[0].name) == ("nginx", "nginx"), wrong
    assert query.find(Question("nginx")).corrected == ""
    assert query.find(Question("zzzzzz")).total == 0 and query.find(Question("zz")).total == 0


@pytest.mark.parametrize(
    ("one", "two", "expected"), [("nginx", "nginx", 0), ("ngnix", "nginx", 1), ("ngix", "nginx", 1), ("abc", "xyz", 2)]
)
def test_distances_count_swapped_neighbours_once(one: str, two: str, expected: int) -> None:
    assert distance(one, two, 1) == expected


@pytest.mark.parametrize(
    "q",
    [
        "%",
        "_",
        "'",
        "\\",
        '"',
        "a" * 10_000,
        "“”",
        "😀",
        "a AND b",
        "NEAR(a b)",
        "text:abc",
        "*",
        "-x",
        "(((",
        "a\x00b",
        'ab"cd',
    ],
)
def test_odd_queries_are_no_errors(listings: None, q: str) -> None:
    assert query.find(Question(q)).total == 0
    assert query.suggestions(q) == []


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        ("nginx-proxy", ["nginx"], [("nginx", True), ("-proxy", False)]),
        ("shop/shop", ["shop"], [("shop", True), ("/", False), ("shop", True)]),
        ("ab/ab", ["ab"], [("ab", True), ("/ab", False)]),
        ("a+b", ["a+b", ""], [("a+b", True)]),
        ("app", [], [("app", False)]),
    ],
)
def test_names_are_marked_where_they_hold_the_words(
    name: str, words: list[str], expected: list[tuple[str, bool]]
) -> None:
    assert matching.pieces(name, words) == expected


def test_suggestions(listings: None) -> None:
    assert [each.path for each in query.suggestions("ngi")] == [
        "/shop/nginx-unit",
        "/shop/nginx",
        "/shop/tools/my-nginx",
        "/shop/charts/web",
    ]
    assert query.suggestions("sho")[0].path == "/shop"
    assert query.suggestions("n") == []
    assert len(query.suggestions("shop", limit=2)) == 2


def test_publishers_are_suggested_by_the_name_that_they_show(alice: Caller) -> None:
    make(alice, "app", alias="dnt", publisher="Đà Nẵng Tools")
    make(alice, "web", alias="dnt", publisher="Đà Nẵng Tools")
    make(alice, "job", alias="da", publisher="Dashboards")
    make(alice, "old", alias="gone", publisher="Da Vinci", is_deprecated=True)
    assert [(each.path, each.text) for each in query.suggestions("DA N")] == [("/dnt", "Đà Nẵng Tools")]
    assert [each.path for each in query.suggestions("da")] == ["/da", "/dnt"]
    assert query.suggestions("nang")[0].path == "/dnt/app" and query.suggestions("da v") == []
    for number in range(3):
        make(alice, f"more-{number}", alias=f"da{number}", publisher="Many")
    assert [each.path for each in query.suggestions("da")][:4] == ["/da", "/da0", "/da1"]


def test_lists_of_the_gallery(listings: None) -> None:
    assert [row.name for row in query.popular(2)] == ["redis", "tools/my-nginx"]
    assert len(query.newest()) == 5
    assert query.get("shop", "redis") is not None and query.get("shop", "absent") is None
    rows, total = query.window("nginx", sort="relevance", first=1, limit=2)
    assert (len(rows), total) == (2, 4)
    results = query.of_publisher("shop", q="nginx", kind="image", sort="name")
    assert [row.name for row in results.rows] == ["nginx", "nginx-unit", "tools/my-nginx"]


def test_publishers_page_by_page_in_both_directions(alice: Caller) -> None:
    for number in range(5):
        for name in ("app", "web"):
            make(alice, f"{name}-{number}", alias=f"p{number}", publisher=f"P {number}", is_verified=number > 0)
    first = publishers.listed(limit=2)
    assert [row.alias for row in first.rows] == ["p0", "p1"] and (first.next, first.previous) == ("p1", "")
    second = publishers.listed(after=first.next, limit=2)
    assert [(row.alias, row.repositories) for row in second.rows] == [("p2", 2), ("p3", 2)]
    assert publishers.listed(before=second.previous, limit=2) == first
    third = publishers.listed(after=second.next, limit=2)
    assert [row.alias for row in third.rows] == ["p4"] and not third.next
    assert publishers.listed(before=third.previous, limit=2) == second
    assert [row.alias for row in publishers.listed(verified=True, contains="p", before="p3", limit=1).rows] == ["p2"]
    end = publishers.listed(after="zz", limit=2)
    assert (end.rows, end.previous) == ([], "~")
