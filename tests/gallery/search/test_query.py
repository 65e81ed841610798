"""What a query finds, and in which order."""

import pytest

from accounts.caller import Caller
from gallery.models import Listing
from gallery.search import query
from gallery.search.folding import fold
from tests.factories.registry import make_public_repository


@pytest.fixture
def listings(alice: Caller) -> None:
    """Names, pulls, kinds and words that differ."""
    rows = (
        ("nginx", 5, "image", "Máy chủ web"),
        ("nginx-unit", 50, "image", ""),
        ("tools/my-nginx", 99, "image", ""),
        ("charts/web", 7, "chart", "A chart for nginx"),
        ("redis", 1000, "image", ""),
    )
    for name, pulls, kind, description in rows:
        Listing.objects.create(
            repository=make_public_repository(alice, name),
            alias="shop",
            name=name,
            publisher="Shop",
            kind=kind,
            description=description,
            newest_tag="1",
            recent_pull_count=pulls,
            search_text=fold(f"shop/{name} Shop {description}"),
        )


def names(results: query.Results) -> list[str]:
    """The names in the order found."""
    return [row.name for row in results.rows]


def test_it_works(listings: None) -> None:
    """Exact name first, then its beginning, then anywhere, then other words; within each by pulls."""
    assert names(query.find("nginx")) == ["nginx", "nginx-unit", "tools/my-nginx", "charts/web"]


def test_words_are_folded_and_all_needed(listings: None) -> None:
    assert names(query.find("MAY chu")) == ["nginx"]
    assert names(query.find("Máy redis")) == []


def test_filters_and_sorts(listings: None) -> None:
    assert names(query.find(kind="chart")) == ["charts/web"]
    assert names(query.find())[0] == "redis"
    assert names(query.find("nginx", sort="pulls"))[0] == "tools/my-nginx"
    assert names(query.find(sort="name"))[0] == "charts/web"
    assert query.find(alias="nobody").total == 0
    assert names(query.Results(query.popular(2), 2, 1, 1)) == ["redis", "tools/my-nginx"]
    assert len(query.newest()) == 5
    assert query.get("shop", "redis") is not None and query.get("shop", "absent") is None


def test_pages(listings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "PAGE", 2)
    results = query.find(page=2)
    assert (results.total, results.page, results.pages, len(results.rows)) == (5, 2, 3, 2)
    assert query.find(page=99).page == 3
    assert query.find(page=-1).page == 1


@pytest.mark.parametrize("q", ["%", "_", "'", "\\", "a" * 5000, "“”", "😀"])
def test_odd_queries_are_no_errors(listings: None, q: str) -> None:
    assert query.find(q).total >= 0
