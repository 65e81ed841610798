"""Which peers may speak for others: the proxies that the operator has named in KHO_TRUSTED_PROXIES."""

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from random import Random
from typing import Final

from django.conf import settings

_ids: Final = Random()  # noqa: S311 - they need not be hard to guess
os.register_at_fork(after_in_child=_ids.seed)
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")


def is_trusted(peer: str) -> bool:
    """Whether `peer`, the address of the connection, is one of the deployment's own proxies."""
    return bool(settings.TRUSTED_PROXIES) and _within(peer, tuple(settings.TRUSTED_PROXIES))


def client_of(meta: Mapping[str, str]) -> str:
    """The client for whom a trusted proxy speaks: the last address in X-Forwarded-For that is no proxy of ours."""
    hops = [hop.strip() for hop in meta.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    for hop in reversed(hops):
        if not is_trusted(hop):
            return _address(hop) or meta.get("REMOTE_ADDR", "")
    return meta.get("REMOTE_ADDR", "")


def _address(hop: str) -> str:
    """The hop if it is an address, else nothing."""
    try:
        return str(ip_address(hop.partition("%")[0]))
    except ValueError:
        return ""


@lru_cache(maxsize=1024)
def _within(peer: str, networks: tuple[str, ...]) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in ip_network(network, strict=False) for network in networks)


def new_request_id() -> str:
    """An id that no other request has; to ask the system for it would take longer than all the rest."""
    return f"{_ids.getrandbits(128):032x}"


def source_of(meta: Mapping[str, str]) -> tuple[str, str]:
    """Return the client's address and the request's id: as a trusted proxy says, else of the connection and our own."""
    peer = meta.get("REMOTE_ADDR", "")
    if is_trusted(peer):
        given = meta.get("HTTP_X_REQUEST_ID", "")
        return client_of(meta), given if REQUEST_ID.fullmatch(given) else new_request_id()
    return peer, new_request_id()


def is_secure(meta: Mapping[str, str]) -> bool:
    """Whether the client's own connection is by TLS: to this process, or as a trusted proxy says."""
    if is_trusted(meta.get("REMOTE_ADDR", "")):
        return meta.get("HTTP_X_FORWARDED_PROTO", meta.get("wsgi.url_scheme", "")) == "https"
    return meta.get("wsgi.url_scheme", "") == "https"
