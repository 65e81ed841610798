"""What every page of a public repository shows: who publishes it, its listing, and where it is."""

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest

from accounts.caller import Caller
from gallery.models import Listing
from gallery.search import query
from registry.core import addresses, aliases, browsing, repositories
from registry.errors import InvalidValue, RepositoryNotFound
from registry.values import Address

if TYPE_CHECKING:
    from registry.models import Repository

ANYONE = Caller()


class NoRepository(Http404):
    """No public repository is at the path; carries names that are near."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        words = path.rpartition("/")[2]
        self.near = [
            {"url": f"/{row.alias}/{row.name}", "name": f"{row.alias}/{row.name}"} for row in query.find(words).rows[:5]
        ]


class NoImage(Http404):
    """The repository has no such image; carries tags that are near."""

    def __init__(self, alias: str, name: str, near: list[str]) -> None:
        super().__init__(f"{alias}/{name}")
        self.near = [{"url": f"/{alias}/{name}/-/tags/{tag}", "name": tag} for tag in near]


def address_of(alias: str, name: str) -> Address:
    """Where a public page leads. NoRepository."""
    account_id = aliases.find(alias)
    if account_id is None:
        raise NoRepository(f"{alias}/{name}")
    try:
        return addresses.public(account_id, name)
    except InvalidValue as error:
        raise NoRepository(f"{alias}/{name}") from error


def repository_of(address: Address, path: str) -> "Repository":
    """The repository itself. NoRepository."""
    try:
        return repositories.get(ANYONE, address)
    except RepositoryNotFound as error:
        raise NoRepository(path) from error


def of_repository(request: HttpRequest, alias: str, name: str, address: Address, tab: str) -> dict[str, Any]:
    """The context of one of a repository's pages."""
    path = f"{alias}/{name}"
    repository = repository_of(address, path)
    listing: Listing | None = query.get(alias, name)
    return {
        "alias": alias,
        "name": name,
        "path": path,
        "tab": tab,
        "host": host(request),
        "repository": repository,
        "listing": listing,
        "publisher": listing.publisher if listing else alias,
        "tag_total": listing.tag_count if listing else browsing.tag_page(ANYONE, address, limit=1).total,
    }


def host(request: HttpRequest) -> str:
    """The host that clients pull from, as it stands in commands."""
    return addresses.client_host(request.get_host())
