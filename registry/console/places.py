"""What the console's pages know of the place that they are about."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest

from registry.console.membership import Visitor
from registry.core import addresses
from registry.values import PUBLIC, Address, RegistryId


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


def of_account(request: HttpRequest, visitor: Visitor, current: str = "") -> dict[str, Any]:
    """Context of every page of an account; `current` is the entry of the side navigation."""
    account_id = visitor.account.id
    return {
        "visitor": visitor,
        "account": visitor.account,
        "regions": settings.REGIONS,
        "home_region": settings.HOME_REGION,
        "current": current,
        "base": f"/console/{account_id}",
        "host": addresses.client_host(request.get_host()),
    }


def of_registry(request: HttpRequest, visitor: Visitor, registry: RegistryId) -> dict[str, Any]:
    """Context of a list of repositories."""
    prefix = addresses.prefix(registry)
    host = addresses.client_host(request.get_host())
    return of_account(request, visitor, registry.region) | {
        "region": registry.region,
        "is_public": registry.is_public,
        "prefix": prefix,
        "repositories_url": f"/console/{registry.account_id}/{registry.region}/repositories",
        "place": f"{host}/{prefix}/" if prefix else f"{host}/…/",
    }


def of_repository(request: HttpRequest, visitor: Visitor, address: Address, tab: str) -> dict[str, Any]:
    """Context of a repository's pages."""
    context = of_registry(request, visitor, address.registry)
    return context | {
        "tab": tab,
        "address": address,
        "name": str(address.name),
        "uri": addresses.uri(address, context["host"]),
        "path": addresses.path(address),
        "repository_url": f"{context['repositories_url']}/{address.name}",
    }
