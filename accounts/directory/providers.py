"""Issuers of OpenID Connect tokens that an account trusts."""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction

from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.directory import asking
from accounts.errors import AlreadyExists, InvalidInput, LimitReached, NotFound
from accounts.iam.arn import Arn
from accounts.models import OpenIDConnectProvider

MOST_CLIENTS: Final = 100
MOST_PROVIDERS: Final = 100
HOST: Final = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")
CLIENT: Final = re.compile(r"[\x21-\x7e]{1,255}")


def create(
    caller: Caller,
    account_id: str,
    url: str,
    client_ids: Sequence[str] = (),
    thumbprints: Sequence[str] = (),
    *,
    tags: Mapping[str, str] | None = None,
) -> OpenIDConnectProvider:
    """Trust an issuer. AlreadyExists, LimitReached."""
    name = _name(url)
    resource = asking.arn_of(account_id, f"oidc-provider/{name}")
    asking.allow(caller, Action.CREATE_OPEN_ID_CONNECT_PROVIDER, resource, asking.requested(tags or {}))
    _check(client_ids)
    asking.check_tags(tags or {})
    try:
        with transaction.atomic():
            if OpenIDConnectProvider.objects.filter(account_id=account_id).count() >= MOST_PROVIDERS:
                raise LimitReached(f"an account may have {MOST_PROVIDERS} identity providers")
            made = OpenIDConnectProvider.objects.create(
                account_id=account_id,
                url=name,
                client_ids=list(client_ids),
                thumbprints=list(thumbprints),
                tags=dict(tags or {}),
            )
            asking.record(caller, Action.CREATE_OPEN_ID_CONNECT_PROVIDER, resource, clientIDList=list(client_ids))
    except IntegrityError as error:
        raise AlreadyExists(f"identity provider {name}") from error
    return made


def get(caller: Caller, account_id: str, provider_arn: str) -> OpenIDConnectProvider:
    """Return a provider. NotFound."""
    return _allowed(caller, account_id, provider_arn, Action.GET_OPEN_ID_CONNECT_PROVIDER)


def list_providers(caller: Caller, account_id: str) -> list[OpenIDConnectProvider]:
    """Return the account's providers by address."""
    asking.allow(caller, Action.LIST_OPEN_ID_CONNECT_PROVIDERS, asking.arn_of(account_id, "oidc-provider/*"))
    return list(OpenIDConnectProvider.objects.filter(account_id=account_id).order_by("url"))


def delete(caller: Caller, account_id: str, provider_arn: str) -> None:
    """Trust it no more; sessions that it was the start of go on to their end. NotFound."""
    action = Action.DELETE_OPEN_ID_CONNECT_PROVIDER
    provider = _allowed(caller, account_id, provider_arn, action)
    with transaction.atomic():
        resource = Arn.parse(provider.arn)
        provider.delete()
        asking.record(caller, action, resource)


def set_clients(
    caller: Caller, account_id: str, provider_arn: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> None:
    """Change which audiences tokens may be for."""
    adds = Action.ADD_CLIENT_ID_TO_OPEN_ID_CONNECT_PROVIDER
    action = adds if add else Action.REMOVE_CLIENT_ID_FROM_OPEN_ID_CONNECT_PROVIDER
    provider = _allowed(caller, account_id, provider_arn, action)
    kept = [each for each in dict.fromkeys([*provider.client_ids, *add]) if each not in remove]
    _check(kept)
    with transaction.atomic():
        OpenIDConnectProvider.objects.filter(id=provider.id).update(client_ids=kept)
        asking.record(caller, action, Arn.parse(provider.arn), clientIDList=kept)


def set_thumbprints(caller: Caller, account_id: str, provider_arn: str, thumbprints: Sequence[str]) -> None:
    """Keep other thumbprints, which are not used. NotFound."""
    action = Action.UPDATE_OPEN_ID_CONNECT_PROVIDER_THUMBPRINT
    provider = _allowed(caller, account_id, provider_arn, action)
    with transaction.atomic():
        OpenIDConnectProvider.objects.filter(id=provider.id).update(thumbprints=list(thumbprints))
        asking.record(caller, action, Arn.parse(provider.arn), thumbprintList=list(thumbprints))


def _name(url: str) -> str:
    """Host and path of the issuer's address, as ARNs and condition keys name it. InvalidInput."""
    what = "takes an address such as https://ci.example.com, without a query"
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        is_plain = not (parts.query or parts.fragment or parts.username) and (parts.port or 443) > 0
    except ValueError as error:
        raise InvalidInput("url", what) from error
    if parts.scheme not in ("https", "http") or not parts.hostname or not is_plain or not HOST.fullmatch(parts.netloc):
        raise InvalidInput("url", what)
    name = f"{parts.netloc}{parts.path}".rstrip("/")
    if len(name) > 255:
        raise InvalidInput("url", "takes at most 255 characters")
    return name


def _check(client_ids: Sequence[str]) -> None:
    if len(client_ids) > MOST_CLIENTS:
        raise LimitReached(f"an identity provider may have {MOST_CLIENTS} client ids")
    if not all(CLIENT.fullmatch(each) for each in client_ids):
        raise InvalidInput("clientIDList", "takes ids of 1 to 255 printable characters")


def _allowed(caller: Caller, account_id: str, provider_arn: str, action: Action) -> OpenIDConnectProvider:
    start = str(asking.arn_of(account_id, "oidc-provider/"))
    name = provider_arn.removeprefix(start)
    asking.allow(caller, action, asking.arn_of(account_id, f"oidc-provider/{name}"))
    found = OpenIDConnectProvider.objects.filter(account_id=account_id, url=name).first()
    if found is None or name == provider_arn:
        raise NotFound(f"identity provider {provider_arn}")
    return found
