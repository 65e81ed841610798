"""What the console's pages know of the place that they are about."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import Http404, HttpRequest

from accounts.audit.actions import Action
from registry.core import addresses, audit_pages, permissions, recycling, repositories
from registry.values import PUBLIC, Address, RegistryId

if TYPE_CHECKING:
    from registry.console.membership import Visitor


class Can(dict[str, bool]):
    """Answers of the gate by action, asked when a template wants to show a button: `can.PutImage`."""

    def __init__(self, ask: Callable[[str], bool]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, action: str) -> bool:
        answer = self[action] = self._ask(action)
        return answer


def registry_of(account_id: str, region: str) -> RegistryId:
    """The registry that the URL names; Http404 for a region that is not served."""
    if region != PUBLIC and region not in settings.REGIONS:
        raise Http404
    return RegistryId(account_id, region)


def address_of(account_id: str, region: str, name: str) -> Address:
    """The repository that the URL names."""
    registry_of(account_id, region)
    if region == PUBLIC:
        return addresses.public(account_id, name)
    return addresses.private(account_id, name, region)


def of_account(request: HttpRequest, visitor: "Visitor", current: str = "") -> dict[str, Any]:
    """Context of every page of an account; `current` is the entry of the side navigation."""
    account_id = visitor.account.id
    return {
        "visitor": visitor,
        "account": visitor.account,
        "regions": settings.REGIONS,
        "home_region": settings.HOME_REGION,
        "current": current,
        "base": f"/console/{account_id}",
        "origin": origin(request),
        "host": addresses.registry_host(
            RegistryId(account_id, settings.HOME_REGION), addresses.client_host(request.get_host())
        ),
    }


def of_registry(request: HttpRequest, visitor: "Visitor", registry: RegistryId) -> dict[str, Any]:
    """Context of a list of repositories."""
    prefix = addresses.prefix(registry)
    host = addresses.registry_host(registry, addresses.client_host(request.get_host()))
    is_ecr_shaped = settings.AWS_HOST_NAMES and not registry.is_public
    return of_account(request, visitor, registry.region) | {
        "host": host,
        "region": registry.region,
        "can": Can(lambda action: permissions.may(visitor.caller, registry, Action(action))),
        "is_public": registry.is_public,
        "undelete_days": recycling.days(),
        "service": "ecr-public" if registry.is_public else "ecr",
        "repositories_url": f"/console/{registry.account_id}/{registry.region}/repositories",
        "place": f"{host}/" if is_ecr_shaped else f"{host}/{prefix or '…'}/",
    }


def of_repository(request: HttpRequest, visitor: "Visitor", address: Address, tab: str) -> dict[str, Any]:
    """Context of a repository's pages; `find` reads its row once, for the first button that asks or the view."""
    context = of_registry(request, visitor, address.registry)
    find = cache(lambda: repositories.find(address))
    return context | {
        "can": Can(lambda action: repositories.may(visitor.caller, address, find(), Action(action))),
        "find": find,
        "may_look": cache(lambda: audit_pages.may_look(visitor.caller)),
        "tab": tab,
        "address": address,
        "name": str(address.name),
        "uri": addresses.uri(address, context["host"]),
        "pull": f"docker pull {addresses.uri(address, context['host'])}",
        "login_command": login_command(request, address.registry, context["host"]),
        "path": addresses.path(address),
        "repository_url": f"{context['repositories_url']}/{address.name}",
    }


def origin(request: HttpRequest) -> str:
    """Where clients reach this deployment: KHO_URL if it is set, else where the request came to."""
    return settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"


def login_command(request: HttpRequest, registry: RegistryId, host: str) -> str:
    """The line that logs docker in through the AWS CLI; the password is never on the screen."""
    service = "ecr-public" if registry.is_public else "ecr"
    region = settings.HOME_REGION if registry.is_public else registry.region
    get = f"aws {service} get-login-password --region {region} --endpoint-url {origin(request)}"
    return f"{get} | docker login --username AWS --password-stdin {host}"
