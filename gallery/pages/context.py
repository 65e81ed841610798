"""What every page of a public repository shows: who publishes it, its listing, and where it is."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from gallery.models import Listing
from gallery.search import query
from registry.core import addresses, aliases, browsing, repositories
from registry.errors import InvalidValue, RepositoryNotFound
from registry.values import Address

if TYPE_CHECKING:
    from registry.models import Repository

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, str, str, P], HttpResponse]


def reader(request: HttpRequest) -> Caller:
    """Who reads the gallery: nobody that is known, from an address."""
    return Caller(
        region=settings.HOME_REGION,
        source_ip=request.META.get("REMOTE_ADDR", ""),
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        request_id=request.META.get("kho.request_id", ""),
        is_secure=request.is_secure(),
    )


def repository_page(view: View[P]) -> View[P]:
    """Answer what a policy of the repository keeps from the reader like what is not there."""

    @wraps(view)
    def answer(request: HttpRequest, alias: str, name: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, alias, name, *args, **kwargs)
        except (CredentialsMissing, AccessDenied) as error:
            raise NoRepository(f"{alias}/{name}") from error

    checked: Any = answer
    return checked  # type: ignore[no-any-return]  # `wraps` forgets the names of the arguments


class NoRepository(Http404):
    """No public repository is at the path; carries names that are near."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        words = path.rpartition("/")[2]
        self.near = [
            {"url": f"/{row.alias}/{row.name}", "name": f"{row.alias}/{row.name}"} for row in query.near(words)
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


def repository_of(request: HttpRequest, address: Address, path: str) -> "Repository":
    """The repository itself. NoRepository."""
    try:
        return repositories.get(reader(request), address)
    except RepositoryNotFound as error:
        raise NoRepository(path) from error


def of_repository(request: HttpRequest, alias: str, name: str, address: Address, tab: str) -> dict[str, Any]:
    """The context of one of a repository's pages."""
    path = f"{alias}/{name}"
    repository = repository_of(request, address, path)
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
        "tag_total": listing.tag_count if listing else browsing.tag_page(reader(request), address, limit=1).total,
    }


def host(request: HttpRequest) -> str:
    """The host that clients pull from, as it stands in commands."""
    return addresses.public_host(addresses.client_host(request.get_host()))
