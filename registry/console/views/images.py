"""Images of a repository: list, delete."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from registry.console import places
from registry.console.forms import Typed
from registry.console.membership import console_page, visitor_of
from registry.core import browsing, image_details, images
from registry.errors import ImageIsReferenced, ImageNotFound, InvalidDigest
from registry.values import Digest

TYPED_ABOVE = 10
MOST_AT_ONCE = 100


@console_page
@require_safe
def index(request: HttpRequest, account_id: str, region: str, name: str) -> HttpResponse:
    """A repository's images, newest first, and how to push one."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    contains = request.GET.get("contains", "").strip()[:140]
    page = browsing.image_page(visitor.caller, address, contains=contains, after=request.GET.get("after", "")[:140])
    context = places.of_repository(request, visitor, address, "images")
    return render(request, "console/images.html", context | {"page": page, "contains": contains})


@console_page
@require_http_methods(["POST"])
def delete(request: HttpRequest, account_id: str, region: str, name: str) -> HttpResponse:
    """Show what is lost, then delete: a first POST names the images, a second one confirms."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    back = redirect("console_images", account_id=account_id, region=region, name=name)
    try:
        digests = [Digest.parse(text) for text in dict.fromkeys(request.POST.getlist("digest"))][:MOST_AT_ONCE]
        chosen = [image_details.get(visitor.caller, address, digest) for digest in digests]
    except (ImageNotFound, InvalidDigest):
        messages.error(request, _("One of the images is gone already. Nothing was deleted."))
        return back
    if not chosen:
        messages.error(request, _("Choose at least one image."))
        return back
    needs_typing = len(chosen) > TYPED_ABOVE
    confirmed = "confirmed" in request.POST
    form = Typed(str(len(chosen)) if needs_typing else "", request.POST if confirmed else None)
    context = places.of_repository(request, visitor, address, "images")
    context |= {"chosen": chosen, "form": form, "needs_typing": needs_typing, "show_form": True}
    if confirmed and form.is_valid():
        try:
            images.delete_many(visitor.caller, address, digests)
        except ImageIsReferenced as error:
            return render(request, "console/delete_images.html", context | {"referenced": error.reference}, status=409)
        done = ngettext("%(count)s image is deleted.", "%(count)s images are deleted.", len(chosen))
        messages.success(request, done % {"count": len(chosen)})
        return back
    return render(request, "console/delete_images.html", context, status=422 if form.errors else 200)
