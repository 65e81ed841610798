"""One public image."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gallery.pages import commands, context
from gallery.pages.context import reader, repository_page
from registry.core import browsing
from registry.errors import ImageNotFound, InvalidValue
from registry.values import parse_reference


@require_safe
@repository_page
def image(request: HttpRequest, alias: str, name: str, reference: str) -> HttpResponse:
    """One image, by tag or digest."""
    address = context.address_of(alias, name)
    values = context.of_repository(request, alias, name, address, "tags")
    try:
        parsed = parse_reference(reference)
        detail = browsing.image_detail(reader(request), address, parsed)
    except InvalidValue as error:
        raise Http404(reference) from error
    except ImageNotFound as error:
        near = browsing.nearest_tags(reader(request), address, reference)
        raise context.NoImage(alias, name, near) from error
    is_tag = ":" not in reference
    place = f"{values['host']}/{alias}/{name}"
    kind = detail.image.kind
    values |= {
        "detail": detail,
        "image": detail.image,
        "images_url": f"/{alias}/{name}/-/images",
        "manifest": detail.content.decode("utf-8", "replace"),
        "tag": reference if is_tag else "",
        "deeper": f":{reference}" if is_tag else f"@{reference[:19]}",
        "pull_by_tag": commands.pull(kind, place, reference) if is_tag else "",
        "pull_by_digest": commands.pull(kind, place, detail.image.digest),
    }
    return render(request, "gallery/image.html", values)
