"""What the JSON APIs share: who reads what, small JSON bodies whatever their type is said to be, errors as JSON."""

import json
import re
from collections.abc import Mapping
from typing import IO, Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import override
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authn import callers
from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from registry.core import addresses, aliases, removed, seen
from registry.errors import ImageNotFound, InvalidValue, RepositoryNotFound
from registry.values import Address

LARGEST: Final = 64 * 1024
CACHE: Final = "public, max-age=5"
"""No longer than other early answers: what staff take down is gone within seconds."""

HIDDEN: Final = (RepositoryNotFound, ImageNotFound, InvalidValue, AccessDenied, CredentialsMissing)


class TakenDown(APIException):
    """Staff removed what was there."""

    status_code = status.HTTP_410_GONE

    def __init__(self, reason: str) -> None:
        super().__init__(f"This was taken down: {reason}" if reason else "This was taken down.")


class SecondaryAlias(Exception):
    """The alias is the account's, and not the one that it goes by."""

    def __init__(self, alias: str, primary: str) -> None:
        super().__init__(alias)
        self.alias = alias
        self.primary = primary


class AnyJson(BaseParser):
    """Reads JSON from a body of at most LARGEST bytes, also from clients that say it is something else."""

    media_type = "*/*"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the object that the body holds. ParseError."""
        content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ParseError(f"The body is larger than {LARGEST} bytes.")
        try:
            value = json.loads(content or b"{}")
        except (ValueError, RecursionError) as error:
            raise ParseError("The body is not JSON.") from error
        if not isinstance(value, dict):
            raise ParseError("The body is not a JSON object.")
        return value


class Escaped(JSONRenderer):
    """Writes JSON in ASCII."""

    ensure_ascii = True


class Json(JSONRenderer):
    """Writes JSON; halves of characters, which manifests may hold and UTF-8 has no bytes for, as escapes."""

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the bytes of an answer."""
        try:
            return super().render(data, accepted_media_type, renderer_context)
        except UnicodeEncodeError:
            return Escaped().render(data, accepted_media_type, renderer_context)


class GalleryView(APIView):
    """An endpoint that anybody may read, from any origin."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    renderer_classes = (Json,)
    parser_classes = (AnyJson,)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer in English; what was read for it is not read twice."""
        with seen.remembering(when=request.method in {"GET", "HEAD"}), override("en"):
            return super().dispatch(request, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer 404 for what is not there and, the same, for what may not be seen; lead to the primary alias."""
        if isinstance(exc, SecondaryAlias):
            part = re.compile(rf"(?<=/publishers/){re.escape(exc.alias)}|(?<=/repositories/){re.escape(exc.alias)}")
            where = part.sub(exc.primary, self.request.get_full_path(), count=1)
            return Response({"detail": "It is there under its primary alias."}, 302, headers={"Location": where})
        if isinstance(exc, HIDDEN):
            exc = NotFound("There is nothing of that name.")
        return super().handle_exception(exc)

    def finalize_response(self, request: Any, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Add what every answer says of itself."""
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Access-Control-Allow-Origin", "*")
        if request.method in {"GET", "HEAD"} and answer.status_code == 200:
            answer.headers.setdefault("Cache-Control", CACHE)
        return answer


class RepositoryView(GalleryView):
    """An endpoint of one public repository."""

    address: Address | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find out where the repository is. RepositoryNotFound, SecondaryAlias."""
        super().initial(request, *args, **kwargs)
        alias, name = kwargs["alias"], kwargs["name"]
        account_id = account_of(alias)
        if account_id is None:
            raise RepositoryNotFound(name, alias)
        self.address = addresses.public(account_id, name)

    @property
    def place(self) -> Address:
        """Where it is."""
        if self.address is None:
            raise RuntimeError("nothing was asked yet")
        return self.address

    def handle_exception(self, exc: Exception) -> Response:
        """Answer 410 for what staff took down."""
        if self.address is not None and isinstance(exc, RepositoryNotFound | ImageNotFound):
            digest = str(exc.reference) if isinstance(exc, ImageNotFound) else ""
            takedown = removed.standing(self.address, digest)
            exc = TakenDown(takedown.reason) if takedown else exc
        return super().handle_exception(exc)


def account_of(alias: str) -> str | None:
    """The account that goes by an alias. SecondaryAlias for another one of its names."""
    found = aliases.find_with_primary(alias)
    if found is None:
        return None
    account_id, primary = found
    if primary != alias:
        raise SecondaryAlias(alias, primary)
    return account_id


def reader(request: HttpRequest | Request) -> Caller:
    """Who reads: nobody that is known, from an address."""
    meta = request.META
    return callers.of(
        None,
        region=settings.HOME_REGION,
        source_ip=meta.get("REMOTE_ADDR", ""),
        user_agent=meta.get("HTTP_USER_AGENT", ""),
        request_id=meta.get("kho.request_id", ""),
        is_secure=request.is_secure(),
    )


def origin_of(request: HttpRequest | Request) -> str:
    """Where links lead: scheme and host of the request."""
    return request.build_absolute_uri("/").removesuffix("/")
