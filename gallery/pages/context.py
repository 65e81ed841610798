"""What every page of a public repository shows: who publishes it, its listing, and where it is."""

import re
from collections.abc import Callable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.console.problems import Gone
from accounts.errors import AccessDenied, CredentialsMissing
from gallery.models import Listing
from gallery.pages import commands
from gallery.search import index, query
from registry.console.membership import visitor_of
from registry.core import addresses, aliases, removed, repositories, seen, showcase
from registry.core.showcase import Showcase
from registry.errors import InvalidValue, RepositoryNotFound
from registry.values import ALIAS, NAME, Address

if TYPE_CHECKING:
    from registry.models import Repository

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, str, str, P], HttpResponseBase]

CLIENT_COOKIE: Final = "kho_client"
PATH: Final = re.compile(rf"{ALIAS.pattern}/{NAME.pattern}")
"""A publisher's repository, as it may be named in a text."""


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
    """Answer what a policy of the repository keeps from the reader like what is not there; remember their client.

    Pages under another alias than the primary one lead there, so that there is one address of each.
    """

    @wraps(view)
    def answer(request: HttpRequest, alias: str, name: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            with seen.remembering(when=request.method in {"GET", "HEAD"}):
                answer = view(request, alias, name, *args, **kwargs)
        except (CredentialsMissing, AccessDenied) as error:
            raise NoRepository(f"{alias}/{name}") from error
        except RepositoryNotFound as error:
            raise missing(address_of(alias, name), f"{alias}/{name}") from error
        except SecondaryAlias as found:
            return redirect(found.primary + request.get_full_path().removeprefix(f"/{alias}"))
        client = request.GET.get("client", "")
        if client in commands.NAMES:
            answer.set_cookie(CLIENT_COOKIE, client, max_age=365 * 24 * 3600, samesite="Lax", httponly=True)
        return answer

    checked: Any = answer
    return checked  # type: ignore[no-any-return]  # `wraps` forgets the names of the arguments


class SecondaryAlias(Exception):
    """The alias is the account's, and not the one that it goes by; `primary` is the path of that one."""

    def __init__(self, alias: str) -> None:
        super().__init__(alias)
        self.primary = f"/{alias}"


class NoRepository(Http404):
    """No public repository is at the path; carries names that are near, and the way `up` to its publisher's."""

    def __init__(self, path: str, *, has_publisher: bool = False) -> None:
        super().__init__(path)
        self.said = _("There is no public repository %(path)s.") % {"path": path}
        alias, _slash, _name = path.partition("/")
        named = _("All repositories of %(alias)s") % {"alias": alias}
        self.up = {"url": f"/{alias}", "name": named} if has_publisher else None
        words = path.rpartition("/")[2]
        self.near = [
            {"url": f"/{row.alias}/{row.name}", "name": f"{row.alias}/{row.name}"} for row in query.near(words)
        ]


class NoImage(Http404):
    """The repository has no such image; carries tags that are near, and the way `up` to all of them."""

    def __init__(self, alias: str, name: str, reference: str, near: list[str]) -> None:
        super().__init__(f"{alias}/{name}")
        words = {"reference": reference, "path": f"{alias}/{name}"}
        if ":" in reference:
            self.said = _("There is no image with the digest %(reference)s in %(path)s.") % words
        else:
            self.said = _("There is no image with the tag %(reference)s in %(path)s.") % words
        self.up = {"url": f"/{alias}/{name}/-/tags", "name": _("All tags of %(path)s") % words}
        self.near = [{"url": f"/{alias}/{name}/-/tags/{tag}", "name": tag} for tag in near]


def address_of(alias: str, name: str) -> Address:
    """Where a public page leads. NoRepository, SecondaryAlias."""
    found = aliases.find_with_primary(alias)
    if found is None:
        raise NoRepository(f"{alias}/{name}")
    account_id, primary = found
    try:
        address = addresses.public(account_id, name)
    except InvalidValue as error:
        raise NoRepository(f"{alias}/{name}") from error
    if primary != alias:
        raise SecondaryAlias(primary)
    return address


def repository_of(request: HttpRequest, address: Address, path: str) -> "Repository":
    """The repository itself, without what pages show of it. NoRepository."""
    try:
        return repositories.get(reader(request), address)
    except RepositoryNotFound as error:
        raise missing(address, path) from error


def missing(address: Address, path: str) -> Http404:
    """What to raise for a repository that is not there: Gone if staff took it down, else NoRepository."""
    takedown = removed.standing(address)
    return Gone(path, takedown.reason) if takedown else NoRepository(path, has_publisher=True)


def of_repository(
    request: HttpRequest, alias: str, name: str, address: Address, tab: str, *, with_facts: bool = True
) -> dict[str, Any]:
    """The context of one of a repository's pages: what stands at its top. NoRepository."""
    path = f"{alias}/{name}"
    try:
        case = showcase.of(reader(request), address, tag=request.GET.get("pull", ""), with_facts=with_facts)
    except RepositoryNotFound as error:
        raise missing(address, path) from error
    return (
        {
            "alias": alias,
            "name": name,
            "path": path,
            "tab": tab,
            "host": host(request),
            "case": case,
            "repository": case.repository,
            "publisher": case.publisher,
            "tag_total": case.tag_total,
            "kind": _kind(case.image.kind) if case.image else None,
            "source_link": link(case.source),
            "replacement_link": f"/{case.catalog.replacement}" if PATH.fullmatch(case.catalog.replacement) else "",
        }
        | (pull_line(request, path, case.image.kind, case.tag) if case.image else {})
        | _rights(request, address, case)
    )


def _kind(kind: str) -> Listing.Kind:
    """What lists call a kind of image."""
    return next((listed for known, listed in index.KINDS.items() if known == kind), Listing.Kind.ARTIFACT)


def pull_line(request: HttpRequest, path: str, kind: str, reference: str) -> dict[str, Any]:
    """The command that pulls a tag or digest of an image of this kind, and the clients to choose from."""
    client = client_of(request, kind)
    place = f"{host(request)}/{path}"
    return {
        "client": client,
        "clients": [(name, each.label) for name, each in commands.clients(kind).items()],
        "pull": commands.pull(kind, place, reference, client, is_plain=not request.is_secure()),
        "kept": [
            (key, value)
            for key, values in request.GET.lists()
            if key not in {"pull", "client"}
            for value in values
            if value
        ],
    }


def client_of(request: HttpRequest, kind: str) -> str:
    """The reader's client for a kind of image: chosen now or before, else the usual one."""
    return commands.chosen(kind, request.GET.get("client") or request.COOKIES.get(CLIENT_COOKIE, ""))


def _rights(request: HttpRequest, address: Address, case: Showcase) -> dict[str, Any]:
    """Where to manage the repository and write its listing, if who is signed in may."""
    if not request.user.is_authenticated:
        return {}
    registry = address.registry
    try:
        caller = visitor_of(request, registry.account_id, registry.region).caller
    except Http404:
        return {}
    place = f"/console/{registry.account_id}/{registry.region}/repositories/{address.name}/-"
    may = partial(repositories.may, caller, address, case.repository)
    return {
        "manage_url": f"{place}/images" if may(Action.DESCRIBE_IMAGES) else "",
        "listing_url": f"{place}/listing" if may(Action.PUT_REPOSITORY_CATALOG_DATA) else "",
    }


def link(text: str) -> str:
    """A link that a browser may follow, or nothing."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in {"http", "https"} and parts.netloc else ""


def host(request: HttpRequest) -> str:
    """The host that clients pull from, as it stands in commands."""
    return addresses.public_host(addresses.client_host(request.get_host()))
