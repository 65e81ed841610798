"""The history of a repository's tags: what happened, by whom; and putting a tag back to where it was."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.audit.actions import Action
from registry.console import commands, lists, places
from registry.console.forms import HistoryFilter
from registry.console.membership import console_page, visitor_of
from registry.core import image_tags, tag_history
from registry.errors import CountLimitExceeded, ImageNotFound, ImageTagAlreadyExists
from registry.values import Digest, ImageTag


@console_page
@require_safe
def history(request: HttpRequest, account_id: str, region: str, name: str) -> HttpResponse:
    """The events, newest first."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    form = HistoryFilter(request.GET)
    page = tag_history.tag_history(visitor.caller, address, **form.chosen(), **lists.cut_of(request))
    context = places.of_repository(request, visitor, address, "history")
    context |= {
        "page": page,
        "form": form,
        "images_url": f"{context['repository_url']}/-/images",
        "show_people": True,
        "may_revert": context["can"][Action.PUT_IMAGE],
    }
    return render(request, "console/history.html", context, status=400 if form.errors else 200)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def revert(request: HttpRequest, account_id: str, region: str, name: str) -> HttpResponse:
    """Show which tag would go from where to where, then do it."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    asked = request.POST if request.method == "POST" else request.GET
    tag, digest = ImageTag.parse(asked.get("tag", "")), Digest.parse(asked.get("digest", ""))
    status = 200
    if request.method == "POST":
        back = redirect("console_history", account_id=account_id, region=region, name=name)
        try:
            image_tags.revert(visitor.caller, address, tag, digest)
        except ImageNotFound:
            messages.error(request, _("That image is gone, or the tag never named it. Nothing was changed."))
            return back
        except CountLimitExceeded:
            messages.error(request, _("There are as many as there may be. Nothing was put back."))
            return back
        except ImageTagAlreadyExists:
            status = 409
        else:
            messages.success(request, _("The tag %(tag)s is put back.") % {"tag": tag})
            return back
    plan = tag_history.reversion(visitor.caller, address, tag, digest)
    context = places.of_repository(request, visitor, address, "history")
    context |= {"plan": plan, "is_refused": status == 409}
    if not address.is_public and not plan.is_immutable:
        image = plan.then
        context["command"] = commands.tagging(request, address, image.digest, image.media_type, str(tag))
    return render(request, "console/revert.html", context, status=status)
