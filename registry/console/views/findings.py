"""Findings as files: of one image, and of all images of a repository; with the filters of the page."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from registry.console import places
from registry.console.membership import console_page, visitor_of
from registry.image_pages.vulnerabilities import Filters
from registry.scanning import findings, tables
from registry.scanning.findings import FindingFilter
from registry.values import Digest

if TYPE_CHECKING:
    from registry.models import Finding

TYPES: Final = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@console_page
@require_safe
def of_image(request: HttpRequest, account_id: str, region: str, name: str, digest: str, form: str) -> HttpResponseBase:
    """What the scan of an image has found, sent while it is read."""
    visitor, address = visitor_of(request, account_id, region), places.address_of(account_id, region, name)
    scan = findings.get(visitor.caller, address, Digest.parse(digest), None).scan
    if (only := _filter(request)) is None:
        return _wrong()
    if not scan.is_complete:
        raise Http404
    return _file(findings.every(scan, only), f"{name.rpartition('/')[2]}-{digest[7:19]}", form)


@console_page
@require_safe
def of_repository(request: HttpRequest, account_id: str, region: str, name: str, form: str) -> HttpResponseBase:
    """What the scans of all images of a repository have found."""
    visitor, address = visitor_of(request, account_id, region), places.address_of(account_id, region, name)
    only = _filter(request)
    found = findings.of_repository(visitor.caller, address, only or findings.ALL)
    return _wrong() if only is None else _file(found, name.rpartition("/")[2], form)


def _filter(request: HttpRequest) -> FindingFilter | None:
    """What is wanted; None if the address says it wrongly."""
    form = Filters(request.GET)
    return form.wanted if form.is_valid() else None


def _wrong() -> HttpResponse:
    text = "severity, ignored and the other filters take the values of the page's form\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8", status=400)


def _file(found: "Iterator[Finding]", name: str, form: str) -> StreamingHttpResponse:
    pieces = tables.as_csv(found) if form == "csv" else tables.as_json(found)
    headers = {"Content-Disposition": f'attachment; filename="{name}-findings.{form}"'}
    return StreamingHttpResponse(pieces, content_type=TYPES[form], headers=headers)
