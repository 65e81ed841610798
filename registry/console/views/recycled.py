"""What was deleted and can be put back: images of a repository, repositories of a registry; and the archive."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from registry.console import commands, places
from registry.console.membership import Visitor, console_page, visitor_of
from registry.core import archive, image_details, recycling
from registry.errors import (
    CountLimitExceeded,
    ImageAlreadyExists,
    ImageNotFound,
    InvalidDigest,
    InvalidRepositoryName,
    LayersNotFound,
    ReferencedImagesNotFound,
    RegistryError,
    RepositoryAlreadyExists,
    RepositoryNotFound,
    StorageClassUpdateNotSupported,
    TakenDown,
)
from registry.values import PUBLIC, Address, Digest, RepositoryName

REFUSALS: Final[dict[type[RegistryError], Any]] = {
    ImageAlreadyExists: gettext_lazy("The image is there already."),
    ImageNotFound: gettext_lazy("The image can't be put back any more."),
    InvalidDigest: gettext_lazy("The image can't be put back any more."),
    ReferencedImagesNotFound: gettext_lazy("An image that it names is gone for ever. Nothing was put back."),
    LayersNotFound: gettext_lazy("A layer of it is gone for ever. Nothing was put back."),
    CountLimitExceeded: gettext_lazy("There are as many as there may be. Nothing was put back."),
    TakenDown: gettext_lazy("It was taken down by the staff."),
    RepositoryNotFound: gettext_lazy("The repository can't be put back any more."),
    RepositoryAlreadyExists: gettext_lazy("The name is taken. Choose another one."),
    InvalidRepositoryName: gettext_lazy("This is not a name of a repository."),
}


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def images(request: HttpRequest, account_id: str, region: str, name: str) -> HttpResponse:
    """The deleted images; one of them is put back by its digest."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    if request.method == "POST":
        _restore(request, visitor, address)
        return redirect(request.path)
    page = recycling.deleted(visitor.caller, address, after=request.GET.get("after", "")[:20])
    context = places.of_repository(request, visitor, address, "images") | {
        "page": page,
        "rows": [{"image": row, "until": recycling.until(row)} for row in page.rows],
        "days": recycling.days(),
        "deeper": _("Deleted images"),
    }
    return render(request, "console/deleted_images.html", context)


def _restore(request: HttpRequest, visitor: Visitor, address: Address) -> None:
    """Put an image back, and say what came with it and what did not."""
    try:
        done = recycling.restore(visitor.caller, address, Digest.parse(request.POST.get("digest", "")))
    except tuple(REFUSALS) as error:
        messages.error(request, REFUSALS[type(error)])
        return
    count = len(done.digests)
    said = ngettext("%(count)s image is back.", "%(count)s images are back.", count) % {"count": count}
    if done.tags:
        said = f"{said} {_('Tags: %(tags)s.') % {'tags': ', '.join(done.tags)}}"
    messages.success(request, said)
    if done.elsewhere:
        tags = ", ".join(tag for tag, _digest in done.elsewhere)
        messages.warning(request, _("These tags name other images by now and stay there: %(tags)s.") % {"tags": tags})


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def repositories(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """The deleted repositories of a registry; one of them is put back, under another name if its own is taken."""
    visitor = visitor_of(request, account_id, region)
    registry = places.registry_of(account_id, region)
    if request.method == "POST":
        number = request.POST.get("repository", "")
        try:
            address = Address(registry, RepositoryName.parse(request.POST.get("name", "").strip()))
            wanted = int(number) if number.isdecimal() and len(number) < 19 else 0
            recycling.restore_repository(visitor.caller, address, wanted)
        except tuple(REFUSALS) as error:
            messages.error(request, REFUSALS[type(error)])
            return redirect(request.path)
        messages.success(request, _("The repository %(name)s is back with all its images.") % {"name": address.name})
        return redirect("console_images", account_id=account_id, region=region, name=str(address.name))
    context = places.of_registry(request, visitor, registry) | {
        "rows": recycling.deleted_repositories(visitor.caller, registry),
        "days": recycling.days(),
    }
    return render(request, "console/deleted_repositories.html", context)


class StorageClass(forms.Form):
    """Where an image goes."""

    to = forms.ChoiceField(choices=[(name, name) for name in archive.CLASSES])


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def storage_class(request: HttpRequest, account_id: str, region: str, name: str, digest: str) -> HttpResponse:
    """Say what the archive means, and move an image into it or out of it."""
    if region == PUBLIC:
        raise Http404
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    found = image_details.get(visitor.caller, address, Digest.parse(digest))
    is_archived = found.image.image_status == found.image.Status.ARCHIVED
    context = places.of_repository(request, visitor, address, "images") | {
        "detail": found,
        "is_archived": is_archived,
        "target": archive.STANDARD if is_archived else archive.ARCHIVE,
        "deeper": _("Restore from the archive") if is_archived else _("Archive"),
    }
    form = StorageClass(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            archive.update(visitor.caller, address, Digest.parse(digest), None, form.cleaned_data["to"])
        except StorageClassUpdateNotSupported:
            return render(request, "console/storage_class.html", context | {"is_named": True}, status=409)
        done = form.cleaned_data["to"] == archive.ARCHIVE
        messages.success(request, _("The image is in the archive.") if done else _("The image can be pulled again."))
        return redirect("console_image", account_id=account_id, region=region, name=name, reference=digest)
    parameters = {
        "repositoryName": name,
        "imageId": {"imageDigest": digest},
        "targetStorageClass": context["target"],
    }
    context["command"] = commands.equivalent(request, address.registry, "UpdateImageStorageClass", parameters)
    return render(request, "console/storage_class.html", context, status=422 if form.errors else 200)
