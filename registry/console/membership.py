"""Who is at the console: a person, acting on one account with the rights of a membership's role."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from accounts.authn import callers
from accounts.caller import Caller
from accounts.directory import people
from accounts.errors import AccessDenied, CredentialsMissing
from accounts.models import Membership, Person
from registry.errors import ImageNotFound, InvalidValue, RepositoryNotFound

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


class Visitor:
    """The person, the membership by which they are here, and the caller that the core sees."""

    def __init__(self, membership: Membership, caller: Caller) -> None:
        self.membership = membership
        self.account = membership.account
        self.caller = caller


def visitor_of(request: HttpRequest, account_id: str, region: str = "") -> Visitor:
    """Return who is at the console of an account; Http404 for an account that is not theirs, as for none."""
    if not isinstance(request.user, Person):
        raise Http404
    for membership in people.memberships_of(request.user):
        if membership.account_id == account_id:
            membership.person = request.user
            caller = callers.from_membership(
                membership,
                region=region,
                source_ip=request.META.get("REMOTE_ADDR", ""),
                user_agent=request.META.get("HTTP_USER_AGENT", ""),
                request_id=request.META.get("kho.request_id", ""),
            )
            return Visitor(membership, caller)
    raise Http404


def console_page(view: View[P]) -> View[P]:
    """Ask for sign-in, keep the page out of caches, and answer what may not be seen like what is not there."""

    @never_cache
    @login_required
    @wraps(view)
    def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (AccessDenied, CredentialsMissing, RepositoryNotFound, ImageNotFound, InvalidValue) as error:
            raise Http404 from error

    checked: Any = answer
    return checked  # type: ignore[no-any-return]  # decorators of Django lose the signature
