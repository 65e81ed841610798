"""Who is at the console: a person, acting on one account with the rights of a membership's role."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts import gate
from accounts.authn import callers
from accounts.caller import Caller
from accounts.console.asking import signed_in, wants_part
from accounts.directory import people
from accounts.errors import AccessDenied, CredentialsMissing, NotFound
from accounts.iam.arn import Arn
from accounts.models import Membership, Person
from registry.console import places
from registry.core import repositories
from registry.errors import ImageNotFound, InvalidValue, RepositoryNotFound

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class Visitor:
    """The person, the membership by which they are here, their others, and the caller that the core sees."""

    def __init__(self, membership: Membership, caller: Caller, others: Sequence[Membership] = ()) -> None:
        self.membership = membership
        self.others = others
        self.account = membership.account
        self.caller = caller

    def may(self, action: str, resource: Arn) -> bool:
        """Whether to show a button: the gate's answer to, for example, `iam:CreateUser`."""
        return gate.decide(self.caller, action, resource).allowed


def visitor_of(request: HttpRequest, account_id: str, region: str = "") -> Visitor:
    """Return who is at the console of an account; Http404 for an account that is not theirs, as for none."""
    if not isinstance(request.user, Person):
        raise Http404
    memberships = people.memberships_of(request.user)
    for membership in memberships:
        if membership.account_id == account_id:
            membership.person = request.user
            caller = callers.from_membership(
                membership,
                region=region,
                source_ip=request.META.get("REMOTE_ADDR", ""),
                user_agent=request.META.get("HTTP_USER_AGENT", ""),
                request_id=request.META.get("kho.request_id", ""),
            )
            return Visitor(membership, caller, [each for each in memberships if each is not membership])
    raise Http404


def console_page(view: View[P]) -> View[P]:
    """Ask for sign-in, keep the page out of caches, and answer what may not be seen like what is not there.

    Members of the account who may see a thing, but may not do what they asked for, are told what they need.
    """

    @never_cache
    @signed_in
    @wraps(view)
    def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except AccessDenied as error:
            if _is_hidden(request, error):
                raise Http404 from error
            return _refused(request, error)
        except (CredentialsMissing, RepositoryNotFound, ImageNotFound, InvalidValue, NotFound) as error:
            raise Http404 from error

    checked: Any = answer
    return checked  # type: ignore[no-any-return]  # decorators of Django lose the signature


def _is_hidden(request: HttpRequest, error: AccessDenied) -> bool:
    """Whether a refusal would tell that a repository exists which the visitor may not even see in the list."""
    if request.method == "POST" or ":repository/" not in error.resource or error.resource.endswith(":repository/*"):
        return False
    match = request.resolver_match
    if match is None or "name" not in match.kwargs:
        return False
    place = {key: match.kwargs[key] for key in ("account_id", "region", "name")}
    try:
        visitor = visitor_of(request, place["account_id"], place["region"])
        repositories.get(visitor.caller, places.address_of(**place))
    except (AccessDenied, RepositoryNotFound, InvalidValue):
        return True
    return False


def _refused(request: HttpRequest, error: AccessDenied) -> HttpResponse:
    """The page that says which action is missing, on what."""
    match = request.resolver_match
    visitor = visitor_of(request, match.kwargs["account_id"] if match else "")
    context = places.of_account(request, visitor) | {
        "layout": "problems/part.html" if wants_part(request) else "console/problem.html",
        "error": error,
        "person": request.user,
        "request_id": visitor.caller.request_id,
    }
    template = "console/_denied.html" if wants_part(request) else "console/denied.html"
    return render(request, template, context, status=403)
