"""What all tests share."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import translation
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = "/usr/bin/chromium"
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")

# What pages ask is asked on PostgreSQL too by the test that goes through all of them, and by the tests of the core.
PAGES = ("tests/accounts/console/", "tests/gallery/pages/", "tests/registry/console/")

# A busy machine is no failure: examples are counted, not timed.
settings.register_profile("kho", deadline=None)
settings.load_profile("kho")


@pytest.fixture(scope="session", autouse=True)
def nothing_waits_for_the_disk() -> Iterator[None]:
    """What a test writes need not outlive the machine; tests of durability see what was asked for all the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    """Limits count in the cache, by address: whoever is fast enough would otherwise be refused for the tests before."""
    cache.clear()


@pytest.fixture(autouse=True)
def no_language() -> Iterator[None]:
    """A page that was asked for in another language leaves it active in the thread: the next test begins without."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """One browser for all tests of a process, in which Playwright can be started only once."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With PostgreSQL, run only what asks the database much: the rest ran with SQLite, and would do the same again."""
    if connection.vendor == "sqlite":
        return
    config.hook.pytest_deselected(items=[item for item in items if not _asks_the_database(item)])
    items[:] = filter(_asks_the_database, items)


def _asks_the_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("any_database") or item.nodeid.startswith(PAGES):
        return False
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or not fixtures.isdisjoint({"db", "transactional_db"})
