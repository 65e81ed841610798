"""`/token/`: bearer tokens for docker, containerd and others; anonymous ones too.

Docker Registry v2 authentication: "Token Authentication Specification" (GET) and "OAuth2 Token Authentication" (POST).
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from rest_framework.request import Request

from accounts.authn import basic
from accounts.authn.basic import Identified
from accounts.caller import Caller
from accounts.errors import CredentialsExpired, CredentialsInvalid, NotAuthenticated
from accounts.sessions import bearer
from registry.core import addresses
from registry.core.addresses import HostKind
from registry.errors import RegistryError
from registry.oci import challenges, errors
from registry.oci.views.base import RegistryView


class Tokens(RegistryView):
    """Issues a token that says who; what it may do is decided at each request, whatever scope was asked for."""

    def identify(self) -> Caller:
        """The credentials are for the token, not for this request."""
        return Caller()

    def scope(self, request: HttpRequest) -> str:
        """None: this is where tokens come from."""
        return ""

    def get(self, request: Request) -> HttpResponse:
        """Credentials by Basic, or none for an anonymous token."""
        raw = self.context.request
        return self._answer(self._identified(raw, QueryDict()), raw.GET)

    def post(self, request: Request) -> HttpResponse:
        """Credentials in the form (`grant_type=password`), as containerd sends them, or by Basic."""
        raw = self.context.request
        return self._answer(self._identified(raw, raw.POST), raw.POST)

    def handle_exception(self, exc: Exception) -> Any:
        """A 401 here asks for the credentials themselves."""
        answer = super().handle_exception(exc)
        if isinstance(exc, NotAuthenticated):
            answer = errors.envelope(401, "UNAUTHORIZED", errors.TABLE[type(exc)].words(exc))
            answer["WWW-Authenticate"] = f'Basic realm="{challenges.origin(self.context.request)}/token/"'
        return answer

    def _identified(self, raw: HttpRequest, form: QueryDict) -> Identified | None:
        """Return who asks; None for nobody, or for an expired login that only wants to pull what is public."""
        user_and_password = self._credentials(raw, form)
        if user_and_password is None:
            return None
        try:
            return basic.identify(*user_and_password)
        except CredentialsExpired:
            if self._wants_only_public_pulls(form.getlist("scope") or raw.GET.getlist("scope")):
                return None
            raise

    @staticmethod
    def _credentials(raw: HttpRequest, form: QueryDict) -> tuple[str, str] | None:
        """Read user and password from the form or the header; CredentialsInvalid if they are of another kind."""
        scheme, _, encoded = raw.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if form.get("grant_type") == "refresh_token":  # none are issued
            raise CredentialsInvalid
        if form.get("username") or form.get("password"):
            return form.get("username", ""), form.get("password", "")
        if not scheme:
            return None
        if scheme.lower() != "basic":
            raise CredentialsInvalid
        return basic.decode(encoded)

    def _wants_only_public_pulls(self, scopes: list[str]) -> bool:
        """Whether every scope is a pull from a public repository, and there is one at all."""
        wanted = [scope for each in scopes for scope in each.split()]
        return bool(wanted) and all(self._is_public_pull(scope) for scope in wanted)

    def _is_public_pull(self, scope: str) -> bool:
        """Whether `repository:<name>:pull` names a public place; so does the scope that the public host asks for."""
        if self.host.kind is HostKind.PUBLIC and scope == challenges.ECR_PUBLIC_SCOPE:
            return True
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        if kind != "repository" or actions != "pull":
            return False
        try:
            return addresses.resolve(self.host, name).is_public
        except RegistryError:
            return False

    @staticmethod
    def _answer(identified: Identified | None, asked: QueryDict) -> HttpResponse:
        """Send the token under both names that clients look for."""
        token = bearer.issue(identified.principal, identified.session) if identified else bearer.issue(None)
        return JsonResponse(
            {
                "token": token.value,
                "access_token": token.value,
                "expires_in": token.expires_in,
                "issued_at": token.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "scope": " ".join(asked.getlist("scope")),
            }
        )
