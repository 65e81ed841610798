"""How long a browser session still lasts, how it is made to last longer, and the form that came after its end."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.console import held
from accounts.console.asking import signed_in
from accounts.console.browser_sessions import SessionStore
from accounts.console.links import is_ours
from accounts.console.own import person_of
from accounts.models import Person


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def state(request: HttpRequest) -> HttpResponse:
    """Seconds until the end, for the script of pages; a POST makes the session last anew. Forms are led back."""
    is_script = "application/json" in request.headers.get("Accept", "")
    if not isinstance(request.user, Person):
        return JsonResponse({"left": 0}, status=401) if is_script else redirect("account_login")
    session = request.session
    if request.method == "POST" and isinstance(session, SessionStore) and not session.is_fixed:
        session.save()
        # The cookie lasts anew too.
        session.modified = True
    if is_script:
        left = session.seconds_left if isinstance(session, SessionStore) else 0
        return JsonResponse({"left": left, "person": request.user.pk, "token": get_token(request)})
    if request.method == "POST":
        messages.success(request, _("You stay signed in."))
    target = request.POST.get("next", "")
    return redirect(target if is_ours(request, target) else "usersessions_list")


@never_cache
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def held_form(request: HttpRequest) -> HttpResponse:
    """What was sent after the end, to be sent by whoever typed it; a POST drops it."""
    found = held.held(request, person_of(request))
    if request.method == "POST":
        held.let_go(request)
        return redirect(found["page"] if found and is_ours(request, found["page"]) else "/console")
    return render(request, "account/held.html", {"held": found}, status=200 if found else 410)
