"""Switching to another account or region: to the same kind of page there, as near as there is one."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, Resolver404, ResolverMatch, resolve, reverse
from django.views.decorators.http import require_safe

from registry.console.membership import console_page, visitor_of
from registry.values import PUBLIC

PARENTS: Final = (
    ("users", "console_users"),
    ("groups", "console_groups"),
    ("roles", "console_roles"),
    ("policies", "console_policies"),
    ("people", "console_people"),
    ("providers", "console_providers"),
)
"""Part of the path -> the list that stands for pages of one thing, which the other account does not have."""
OVERVIEW: Final = "console_account"
REPOSITORIES: Final = "console_repositories"


@console_page
@require_safe
def switch(request: HttpRequest) -> HttpResponse:
    """Lead to an account (`to`) and a region (`region`), from a page (`from`)."""
    account_id, region = request.GET.get("to", ""), request.GET.get("region", "")
    visitor_of(request, account_id)
    if region not in (*settings.REGIONS, PUBLIC):
        region = ""
    return HttpResponseRedirect(target(request.GET.get("from", ""), account_id, region))


def target(path: str, account_id: str, region: str = "") -> str:
    """The page of the other account that is of the same kind, else its overview."""
    overview = reverse(OVERVIEW, args=[account_id])
    try:
        match = resolve(path)
    except Resolver404:
        return overview
    place = {"account_id": account_id}
    if "region" in match.kwargs:
        place["region"] = region or str(match.kwargs["region"])
    name = _kind(path, match, place)
    if name in ("", OVERVIEW) and region:
        name, place = REPOSITORIES, place | {"region": region}
    try:
        return reverse(name, kwargs=place) if name else overview
    except NoReverseMatch:
        return overview


def _kind(path: str, match: ResolverMatch, place: dict[str, str]) -> str:
    """The name of the page that is the same without a thing's name; empty if there is none."""
    if "account_id" not in match.kwargs:
        return ""
    if match.kwargs.keys() == place.keys():
        return match.url_name or ""
    if "region" in place:
        return REPOSITORIES
    parts = path.split("/")
    return next((name for part, name in PARENTS if part in parts), "")
