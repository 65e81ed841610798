"""The page of docs says what the code serves."""

from pathlib import Path

from registry.aws import compatibility, dispatch
from tests.accounts.test_commands import run

PAGE = Path(__file__).parents[3] / "docs" / "aws-compatibility.md"


def test_the_page_is_of_this_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == compatibility.page(), "run make docs"
    assert run("aws_compatibility") == compatibility.page().strip()


def test_differences_are_of_operations_that_are_served() -> None:
    for service, names in compatibility.DIFFERENCES.items():
        assert set(names) <= dispatch.served(service)
