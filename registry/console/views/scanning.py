"""Scans of an image by hand, and the list of its packages as a file."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from registry.console import places
from registry.console.membership import console_page, visitor_of
from registry.errors import ImageArchived, ImageTypeUnsupported, InvalidValue, LimitExceeded
from registry.image_pages.answers import sbom_file
from registry.scanning import scans
from registry.values import Digest


@console_page
@require_POST
def scan(request: HttpRequest, account_id: str, region: str, name: str, digest: str) -> HttpResponse:
    """Ask for a scan, and go back to the page that shows how far it is."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    if address.is_public:
        raise Http404
    try:
        scans.start(visitor.caller, address, Digest.parse(digest), None)
    except LimitExceeded:
        messages.error(request, _("This image was scanned within the last 24 hours. Try again later."))
    except (ImageTypeUnsupported, ImageArchived):
        messages.error(request, _("This image can't be scanned: it is an index or another artifact, or archived."))
    except InvalidValue:
        messages.error(request, _("Enhanced scanning scans by itself; nobody has to ask for it."))
    else:
        messages.success(request, _("The scan is queued."))
    place = {"account_id": account_id, "region": region, "name": name, "reference": digest}
    return redirect(reverse("console_image", kwargs=place | {"section": "vulnerabilities"}))


@console_page
@require_safe
def sbom(request: HttpRequest, account_id: str, region: str, name: str, digest: str, form: str) -> HttpResponseBase:
    """The packages of an image that was scanned, as CycloneDX or SPDX."""
    visitor = visitor_of(request, account_id, region)
    return sbom_file(visitor.caller, places.address_of(account_id, region, name), Digest.parse(digest), form)
