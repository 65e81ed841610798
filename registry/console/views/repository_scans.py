"""A repository's scans: how its images are scanned, what was found in each, and what is ignored."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from registry.console import commands, lists, places
from registry.console.membership import console_page, visitor_of
from registry.console.scan_words import FREQUENCIES
from registry.core import registries
from registry.scanning import of_repository


@console_page
@require_safe
def index(request: HttpRequest, account_id: str, region: str, name: str) -> HttpResponse:
    """The setting in force, the images, newest first, and what is left aside."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    opened = of_repository.open_page(visitor.caller, address, **lists.cut_of(request))
    context = places.of_repository(request, visitor, address, "scanning") | {
        "page": opened.page,
        "ignored": opened.ignored,
        "how": opened.how,
        "how_words": FREQUENCIES[opened.how.frequency],
        "is_enhanced": opened.how.scan_type == registries.ENHANCED,
        "now": timezone.now(),
    }
    if not address.is_public:
        context["command"] = commands.equivalent(
            request, address.registry, "BatchGetRepositoryScanningConfiguration", {"repositoryNames": [name]}
        )
    return render(request, "console/repository_scans.html", context)
