"""A publisher's profile: the name, text, address and logo that the gallery shows."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.audit.actions import Action
from gallery.pages.forms import Profile
from registry.console import places
from registry.console.membership import console_page, visitor_of
from registry.core import aliases, catalog
from registry.core.catalog import PROFILE
from registry.errors import InvalidValue
from registry.values import PUBLIC


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest, account_id: str) -> HttpResponse:
    """Show and save what the publisher is shown as."""
    visitor = visitor_of(request, account_id, PUBLIC)
    found = catalog.profile(visitor.caller, account_id)
    if request.method == "POST":
        form = Profile(request.POST, request.FILES)
        if form.is_valid():
            try:
                catalog.put_profile(visitor.caller, account_id, form.chosen())
            except InvalidValue as error:
                form.refused(error)
            else:
                messages.success(request, _("The profile is saved."))
                return redirect(request.path)
    else:
        form = Profile(initial={name: getattr(found, name) for name in PROFILE})
    context = places.of_registry(request, visitor, places.registry_of(account_id, PUBLIC))
    context |= {
        "current": "profile",
        "form": form,
        "profile": found,
        "alias": aliases.primary(account_id),
        "is_read_only": not context["can"][Action.PUT_REGISTRY_CATALOG_DATA],
    }
    return render(request, "gallery/publishing/profile.html", context, status=422 if form.errors else 200)
