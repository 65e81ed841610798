"""Who is at the console: a person, acting on one account with a membership's role or one that they have assumed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts import gate
from accounts.authn import callers
from accounts.caller import Caller
from accounts.console import assumed
from accounts.console.asking import signed_in, wants_part
from accounts.console.assumed import Assumed
from accounts.directory import people
from accounts.errors import AccessDenied, CredentialsMissing, NotFound
from accounts.iam.arn import Arn
from accounts.models import Account, Membership, Person, Principal, Session
from registry.console import places
from registry.core import repositories, seen
from registry.errors import ImageNotFound, InvalidValue, RepositoryNotFound, ScanNotFound

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class AssumptionEnded(Http404):
    """The role that a form was meant for is not assumed any more: it must not act with other rights instead."""


class OnlyAsOneself(Exception):
    """What was asked for outlives a session of a role, so that nobody can do it who acts as one."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person, what they act by on the account (a membership or a session of a role), and the caller for the core.

    `others` are their memberships in other accounts; `assumed` is the role that they have assumed, here or elsewhere.
    """

    person: Person
    caller: Caller
    by: Membership | Session
    others: Sequence[Membership] = ()
    assumed: Assumed | None = None

    @property
    def account(self) -> Account:
        """The account that they act on."""
        return self.by.account if isinstance(self.by, Membership) else self.by.principal.account

    @property
    def acts_as(self) -> Principal:
        """The role; an IAM user who acts as itself."""
        return self.by.role if isinstance(self.by, Membership) else self.by.principal

    @property
    def session(self) -> Session | None:
        """The session of the role that they have assumed on this account."""
        return self.by if isinstance(self.by, Session) else None

    @property
    def elsewhere(self) -> Assumed | None:
        """The role that they have assumed on another account."""
        return None if self.session else self.assumed

    @property
    def membership(self) -> Membership:
        """The membership by which they are here. OnlyAsOneself."""
        if not isinstance(self.by, Membership):
            raise OnlyAsOneself
        return self.by

    def may(self, action: str, resource: Arn) -> bool:
        """Whether to show a button: the gate's answer to, for example, `iam:CreateUser`."""
        return gate.decide(self.caller, action, resource).allowed


def visitor_of(request: HttpRequest, account_id: str, region: str = "") -> Visitor:
    """Return who is at the console of an account; Http404 for an account that is not theirs, as for none.

    A role that they have assumed there goes before their membership. AssumptionEnded for a form after its end.
    """
    if not isinstance(request.user, Person):
        raise Http404
    role = assumed.held(request)
    if role is not None and role.account_id == account_id:
        found = assumed.in_force(role, request.user)
        if found is not None:
            session, memberships = found
            others = [each for each in memberships if each.account_id != account_id]
            return Visitor(request.user, assumed.caller_of(request, session, region), session, others, role)
        _forget(request, role)
        role = None
    memberships = people.memberships_of(request.user, rights_in=account_id)
    for membership in memberships:
        if membership.account_id == account_id:
            membership.person = request.user
            caller = callers.from_membership(
                membership,
                region=region,
                source_ip=request.META.get("REMOTE_ADDR", ""),
                user_agent=request.META.get("HTTP_USER_AGENT", ""),
                request_id=request.META.get("kho.request_id", ""),
                is_secure=request.is_secure(),
            )
            others = [each for each in memberships if each is not membership]
            return Visitor(request.user, caller, membership, others, role)
    raise Http404


def _forget(request: HttpRequest, role: Assumed) -> None:
    """Let somebody act as themselves again, and say so; a form is not sent on with these other rights."""
    assumed.drop(request)
    said = _("You don't act as %(role)s in %(account)s any more: that has ended.")
    messages.warning(request, said % {"role": role.role_name, "account": role.account_id})
    if request.method not in {"GET", "HEAD"}:
        raise AssumptionEnded


def console_page(view: View[P]) -> View[P]:
    """Ask for sign-in, keep the page out of caches, and answer what may not be seen like what is not there.

    Members of the account who may see a thing, but may not do what they asked for, are told what they need.
    """

    @never_cache
    @signed_in
    @wraps(view)
    def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            with seen.remembering(when=request.method in {"GET", "HEAD"}):
                return view(request, *args, **kwargs)
        except AccessDenied as error:
            if _is_hidden(request, error):
                raise Http404 from error
            return _refused(request, error)
        except AssumptionEnded:
            return HttpResponse(status=409, headers={"HX-Redirect": "/console"}) if wants_part(request) else _home()
        except OnlyAsOneself:
            return _as_oneself(request)
        except (CredentialsMissing, RepositoryNotFound, ImageNotFound, ScanNotFound, InvalidValue, NotFound) as error:
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


def _home() -> HttpResponse:
    return redirect("console")


def _as_oneself(request: HttpRequest) -> HttpResponse:
    """The page that says to stop acting as a role first."""
    match = request.resolver_match
    visitor = visitor_of(request, match.kwargs["account_id"] if match else "")
    return render(request, "console/as_oneself.html", places.of_account(request, visitor), status=403)


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
