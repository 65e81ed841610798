"""One public image: its overview, layers, config, manifest and attachments; one public chart; two of them compared."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.caller import Caller
from gallery.pages import commands, context
from gallery.pages.context import reader, repository_page
from registry.core import browsing
from registry.errors import ImageNotFound, InvalidValue, RepositoryNotFound, ScanNotFound
from registry.image_pages import charts, comparison, images
from registry.image_pages.answers import manifest_file, sbom_file
from registry.scanning import named
from registry.values import Address, Digest, parse_reference

if TYPE_CHECKING:
    from registry.models import Image

Build = Callable[[Caller, Address, str], dict[str, Any]]


@require_safe
@repository_page
def image(request: HttpRequest, alias: str, name: str, reference: str, section: str = "overview") -> HttpResponse:
    """A page of one image, by tag or digest; for a chart's tag, the chart's first page."""

    def build(caller: Caller, address: Address, root: str) -> dict[str, Any]:
        return images.context(caller, address, parse_reference(reference), section, request.GET, root)

    values = _values(request, alias, name, reference, build)
    if section == "manifest" and "download" in request.GET:
        return manifest_file(values)
    return render(request, "gallery/chart.html" if "chart" in values else "gallery/image.html", values)


@require_safe
@repository_page
def sbom(request: HttpRequest, alias: str, name: str, reference: str, form: str) -> HttpResponseBase:
    """The packages of an image that was scanned, as CycloneDX or SPDX."""
    try:
        return sbom_file(reader(request), context.address_of(alias, name), Digest.parse(reference), form)
    except (RepositoryNotFound, ImageNotFound, ScanNotFound, InvalidValue) as error:
        raise Http404(reference) from error


@require_safe
@repository_page
def chart(request: HttpRequest, alias: str, name: str, reference: str, section: str = "") -> HttpResponse:
    """A page of one chart's version; the first one has the tag's address."""
    if not section:
        return redirect(charts.url(f"/{alias}/{name}/-", reference, request.GET.get("section", "")))

    def build(caller: Caller, address: Address, root: str) -> dict[str, Any]:
        return charts.context(caller, address, parse_reference(reference), section, request.GET, root)

    values = _values(request, alias, name, reference, build)
    if "named" in values:
        references = (each.reference for each in values["named"])
        values["found"] = named.of_references(reader(request), context.host(request), references)
    return render(request, "gallery/chart.html", values)


@require_safe
@repository_page
def compare(request: HttpRequest, alias: str, name: str, before: str = "", after: str = "") -> HttpResponse:
    """Two tags or digests beside each other; without them, a form that asks for two."""
    if not before:
        return _asked(request, alias, name)

    def build(caller: Caller, address: Address, root: str) -> dict[str, Any]:
        return comparison.context(caller, address, before, after, request.GET, root)

    values = _values(request, alias, name, before, build)
    return render(request, "gallery/compare.html", values)


def _asked(request: HttpRequest, alias: str, name: str) -> HttpResponse:
    """The form, or the way to what it asked for."""
    address = context.address_of(alias, name)
    question = comparison.question(request.GET)
    if question.is_answered:
        return redirect(f"/{alias}/{name}/-/compare/{question.before}...{question.after}")
    values = context.of_repository(request, alias, name, address, "tags", with_facts=False)
    values |= comparison.form(reader(request), address, question, f"/{alias}/{name}/-")
    return render(request, "gallery/compare.html", values, status=400 if question.error else 200)


def _values(request: HttpRequest, alias: str, name: str, reference: str, build: Build) -> dict[str, Any]:
    """The context of a page about an image, with the commands that pull it. Http404 with near tags."""
    address = context.address_of(alias, name)
    values = context.of_repository(request, alias, name, address, "tags", with_facts=False)
    try:
        values |= build(reader(request), address, f"/{alias}/{name}/-")
    except InvalidValue as error:
        raise Http404(reference) from error
    except ImageNotFound as error:
        near = browsing.nearest_tags(reader(request), address, error.reference)
        raise context.NoImage(alias, name, str(error.reference), near) from error
    if "image" in values:
        values |= _pulled(request, f"{alias}/{name}", values["image"], reference)
    return values


def _pulled(request: HttpRequest, path: str, image: "Image", reference: str) -> dict[str, Any]:
    """The commands that pull the image that a page is about: its tag or digest at the top, the other one below."""
    is_tag, kind = ":" not in reference, image.kind
    line = context.pull_line(request, path, kind, reference if is_tag else image.digest)
    place, is_plain = f"{context.host(request)}/{path}", not request.is_secure()
    by_digest = commands.pull(kind, place, image.digest, line["client"], is_plain=is_plain)
    if kind == "chart" and not is_tag:
        line["clients"] = []  # a chart is only pulled by its digest, and not installed
    return line | {
        "is_one_image": True,
        "shows_scans": kind in {"image", "index"},
        "tag": reference if is_tag else "",
        "deeper": f":{reference}" if is_tag else f"@{reference[:19]}",
        "pull_by_digest": by_digest if is_tag else "",
    }
