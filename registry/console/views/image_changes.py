"""What is done to images: delete some or all that match, give one another tag, take a tag away."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from registry.console import commands, lists, places
from registry.console.forms import Typed
from registry.console.membership import Visitor, console_page, visitor_of
from registry.console.repository_forms import ImageFilters
from registry.core import deletions, image_details, image_pages, images, retagging, work
from registry.errors import (
    CountLimitExceeded,
    ImageIsReferenced,
    ImageNotFound,
    ImageTagAlreadyExists,
    InvalidDigest,
    InvalidImageTag,
)
from registry.values import Address, Digest, ImageTag

TYPED_ABOVE: Final = 10
MOST_AT_ONCE: Final = 100
MOST_SHOWN: Final = 100


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, account_id: str, region: str, name: str) -> HttpResponse:
    """Show what is lost, then delete. The list names the images, or sends its filters for all that match."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    back = redirect("console_images", account_id=account_id, region=region, name=name)
    if request.method == "POST" and "all" in request.POST:
        return _delete_all(request, visitor, address) or back
    given = (request.POST if request.method == "POST" else request.GET).getlist("digest")
    try:
        digests = [str(Digest.parse(text)) for text in dict.fromkeys(given)][:MOST_AT_ONCE]
        lost = deletions.effects(visitor.caller, address, digests)
    except (ImageNotFound, InvalidDigest):
        messages.error(request, _("One of the images is gone already. Nothing was deleted."))
        return back
    if not lost.chosen:
        messages.error(request, _("Choose at least one image."))
        return back
    form = _typed(request, lost.count)
    context = _context(request, visitor, address) | {"lost": lost, "form": form, "count": lost.count}
    if form.is_bound and form.is_valid():
        try:
            count = deletions.delete(visitor.caller, address, digests)
        except ImageIsReferenced as error:
            return render(request, "console/delete_images.html", context | {"referenced": error.reference}, status=409)
        done = ngettext("%(count)s image is deleted.", "%(count)s images are deleted.", count)
        messages.success(request, done % {"count": count})
        return back
    ids = [{"imageDigest": digest} for digest in digests]
    parameters = {"repositoryName": name, "imageIds": ids}
    context["command"] = commands.equivalent(request, address.registry, "BatchDeleteImage", parameters)
    return render(request, "console/delete_images.html", context, status=422 if form.errors else 200)


def _typed(request: HttpRequest, count: int) -> Typed:
    """The confirmation; many images want their number typed."""
    confirmed = request.method == "POST" and "confirmed" in request.POST
    return Typed(str(count) if count > TYPED_ABOVE else "", request.POST if confirmed else None)


def _delete_all(request: HttpRequest, visitor: Visitor, address: Address) -> HttpResponse | None:
    """Ask about all images that match now, then begin; None if there are none."""
    membership = visitor.membership
    filters = lists.filters_of(ImageFilters, request)
    digests = image_pages.digests(visitor.caller, address, filters.chosen()) if filters.is_valid() else []
    if not digests:
        messages.error(request, _("No image matches any more."))
        return None
    form = _typed(request, len(digests))
    if form.is_bound and form.is_valid():
        item = work.start(
            visitor.caller,
            membership,
            address.registry,
            "delete-images",
            digests,
            subject=str(address.name),
        )
        return redirect("console_work_item", account_id=visitor.account.id, item_id=item.id)
    context = _context(request, visitor, address)
    context |= {"form": form, "count": len(digests), "is_all": True, "filter": request.POST.get("filter", "")[:4000]}
    return render(request, "console/delete_images.html", context, status=422 if form.errors else 200)


def _context(request: HttpRequest, visitor: Visitor, address: Address) -> dict[str, Any]:
    context = places.of_repository(request, visitor, address, "images")
    return context | {"deeper": _("Delete images"), "typed_above": TYPED_ABOVE}


class NewTag(forms.Form):
    """A tag for an image."""

    tag = forms.CharField(label=gettext_lazy("Tag"), max_length=300)

    def clean_tag(self) -> ImageTag:
        """Check the grammar."""
        try:
            return ImageTag.parse(self.cleaned_data["tag"])
        except InvalidImageTag as error:
            raise forms.ValidationError(
                _("Use 1 to 128 letters, digits and . _ - beginning with a letter, a digit or _.")
            ) from error


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def retag(request: HttpRequest, account_id: str, region: str, name: str, digest: str) -> HttpResponse:
    """Let another tag name an image; one that names another image is moved, if it may be."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    found = image_details.get(visitor.caller, address, Digest.parse(digest))
    form = NewTag(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        tag = form.cleaned_data["tag"]
        try:
            changed = retagging.retag(visitor.caller, address, Digest.parse(digest), tag).changed
        except ImageTagAlreadyExists:
            form.add_error(
                "tag", _("%(tag)s is immutable here and names another image. Choose another tag.") % {"tag": tag}
            )
        except CountLimitExceeded:
            form.add_error("tag", _("This image has as many tags as it may have."))
        else:
            words = _("%(tag)s names this image now.") if changed else _("%(tag)s named this image already.")
            messages.success(request, words % {"tag": tag})
            return redirect("console_images", account_id=account_id, region=region, name=name)
    context = places.of_repository(request, visitor, address, "images")
    image, tag = found.image, str(form.data.get("tag") or "stable")
    context |= {
        "form": form,
        "detail": found,
        "deeper": _("Add a tag"),
        "command": commands.tagging(request, address, image.digest, image.media_type, tag),
    }
    return render(request, "console/retag.html", context, status=422 if form.errors else 200)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def untag(request: HttpRequest, account_id: str, region: str, name: str, tag: str) -> HttpResponse:
    """Show what a tag names and what stays, then take it away; the image stays even without one."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    try:
        wanted = ImageTag.parse(tag)
        found = image_details.get(visitor.caller, address, wanted)
    except InvalidImageTag as error:
        raise Http404 from error
    if request.method == "POST":
        if request.POST.get("digest") != found.image.digest:
            messages.error(request, _("%(tag)s names another image by now. Nothing was changed.") % {"tag": tag})
            return redirect(request.path)
        images.untag(visitor.caller, address, wanted)
        messages.success(request, _("The tag %(tag)s is taken away. History can bring it back.") % {"tag": tag})
        return redirect("console_images", account_id=account_id, region=region, name=name)
    context = places.of_repository(request, visitor, address, "images")
    stay = [each for each in found.tags if each != tag]
    parameters = {"repositoryName": name, "imageIds": [{"imageTag": tag}]}
    context |= {
        "tag": tag,
        "detail": found,
        "stay": stay,
        "deeper": _("Remove a tag"),
        # The call that removes the last tag deletes the image, which this page does not.
        "command": stay and commands.equivalent(request, address.registry, "BatchDeleteImage", parameters),
    }
    return render(request, "console/untag.html", context)
