"""Company sign-in: which providers there are, whom they vouch for, and what their claims grant."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts import outbound
from accounts.directory import claims
from accounts.models import Person

if TYPE_CHECKING:
    import requests
    from allauth.socialaccount.models import SocialApp, SocialLogin

log = structlog.get_logger(__name__)


class Unusable(Exception):
    """What a provider says of itself can't be had or understood; the message is for the operator, by the log."""


def provider_of(provider_id: str) -> Any:
    """What KHO_SSO_FILE says of a provider; None if it does not name it any more."""
    return next((each for each in settings.SSO_PROVIDERS if each.id == provider_id), None)


def vouches(provider_id: str, email: str) -> bool:
    """Whether a provider is believed about an address: the operator has named its domain."""
    provider = provider_of(provider_id)
    return provider is not None and email.rpartition("@")[2].lower() in provider.mail_domains


def claims_of(extra_data: Mapping[str, Any]) -> dict[str, Any]:
    """The claims by name: of OpenID Connect those of the ID token and of userinfo, of SAML the attributes."""
    parts = [extra_data.get("id_token"), extra_data.get("userinfo")]
    found = {key: value for part in parts if isinstance(part, Mapping) for key, value in part.items()}
    return found or dict(extra_data)


def take_in(request: HttpRequest, person: Person, login: "SocialLogin") -> None:
    """Change the person's memberships to what the claims say; the browser session ends soon, so that they are fresh."""
    provider = provider_of(login.account.provider)
    if provider is not None:
        claims.apply(person, provider.id, provider.rules, claims_of(login.account.extra_data))
    request.session.set_expiry(timezone.now() + timedelta(seconds=settings.SSO_SESSION_SECONDS))


class Companies(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """People whom an identity provider of the operator's choice knows."""

    error_messages = {
        **DefaultSocialAccountAdapter.error_messages,
        "no_password": gettext_lazy("Set a password first: without one you could not sign in any more."),
        "no_verified_email": gettext_lazy("Confirm your mail address first."),
        "disconnect_last": gettext_lazy("This is your only way to sign in."),
        "connected_other": gettext_lazy("This company sign-in belongs to another person here."),
    }

    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> "list[SocialApp]":
        """Return the providers of the settings; the database is not asked for others."""
        from allauth.socialaccount.models import SocialApp

        found = []
        for kind, values in settings.SOCIALACCOUNT_PROVIDERS.items():
            for app in values["APPS"]:
                matches = provider in (None, kind, app["provider_id"]) and client_id in (None, app["client_id"])
                if matches:
                    found.append(SocialApp(provider=kind, **app))
        return found

    def is_email_verified(self, provider: Any, email: str) -> bool:
        """Whether an address needs no mail."""
        return vouches(provider.app.provider_id, email)

    def can_authenticate_by_email(self, login: "SocialLogin", email: str) -> bool:
        """Whether who comes with an address is the person here who has it."""
        return vouches(login.account.provider, email)

    def pre_social_login(self, request: HttpRequest, sociallogin: "SocialLogin") -> None:
        """Refuse addresses of foreign domains, and believe no other ones than those that the provider stands for."""
        if isinstance(request.user, Person) and request.user.is_iam_user:
            raise PermissionDenied("an IAM user has no company sign-in")
        provider = provider_of(sociallogin.account.provider)
        for address in sociallogin.email_addresses:
            address.verified = vouches(sociallogin.account.provider, address.email)
        if sociallogin.is_existing or not provider or not provider.mail_domains:
            return
        if not sociallogin.email_addresses or not all(each.verified for each in sociallogin.email_addresses):
            log.warning("a company sign-in came with a foreign address", provider=provider.id)
            page = render(request, "socialaccount/foreign_address.html", {"provider": provider}, status=403)
            raise ImmediateHttpResponse(page)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: "SocialLogin") -> bool:
        """Whoever a provider lets in may have a person here: it decides who that is."""
        return True

    def populate_user(self, request: HttpRequest, sociallogin: "SocialLogin", data: dict[str, Any]) -> Person:
        """Take over the name."""
        person: Person = super().populate_user(request, sociallogin, data)
        parts = (data.get("first_name"), data.get("last_name"))
        person.name = str(data.get("name") or " ".join(str(each) for each in parts if each))[:100]
        return person

    def on_authentication_error(self, request: HttpRequest, provider: Any, **facts: Any) -> None:
        """Log why it failed; the page does not tell."""
        log.warning("company sign-in failed", provider=str(provider), error=repr(facts.get("exception")))

    def get_requests_session(self) -> "requests.Session":
        """Ask providers only where requests of Kho may go."""
        return outbound.session()
