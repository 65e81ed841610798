"""Requests to addresses that users name: never into networks of the operator's own, unless a setting allows them.

The name is resolved once, every address it has is checked, and the connection goes to the one that was checked; no
redirects, no proxies from the environment, with bounds on time and size.
"""

import functools
import socket
import ssl
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util import connection as sockets

CONNECT_SECONDS, READ_SECONDS, ALL_SECONDS = 3.0, 3.0, 8.0
TRANSLATED: Final = ip_network("64:ff9b::/96")
"""IPv6 addresses that a gateway turns into any IPv4 address."""


class OutboundRefused(Exception):
    """The address is not one that Kho sends requests to, or what is there does not answer as it should."""


def fetch(url: str, *, limit: int = 256 * 1024) -> bytes:
    """GET a small document. OutboundRefused."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise OutboundRefused("the address has no usable port") from error
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        raise OutboundRefused("the address is not one of https")
    address, is_allowed = _checked(host, port)
    if parts.scheme == "http" and not is_allowed:
        raise OutboundRefused("only https is used outside of the networks that the operator allows")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _get(parts.scheme, str(address), port, parts.netloc, host, target, limit)


def _checked(host: str, port: int) -> tuple[IPv4Address | IPv6Address, bool]:
    """The address to connect to, and whether the operator allows its network by name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise OutboundRefused("the name can't be resolved") from error
    addresses = [ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    allowed = [_is_allowed(each) for each in addresses]
    if not addresses or not all(ok or is_public(each) for ok, each in zip(allowed, addresses, strict=True)):
        raise OutboundRefused("the address is in a private network")
    return addresses[0], all(allowed)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the open internet, in itself and in what it stands for."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.sixtofour is not None or address.teredo is not None or address in TRANSLATED:
            return False
    return address.is_global and not address.is_multicast


def _is_allowed(address: IPv4Address | IPv6Address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in ip_network(network) for network in settings.OUTBOUND_PRIVATE_NETWORKS)


def _get(scheme: str, address: str, port: int, netloc: str, host: str, target: str, limit: int) -> bytes:
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    pool: urllib3.HTTPConnectionPool
    if scheme == "https":
        context = ssl.create_default_context()
        pool = urllib3.HTTPSConnectionPool(
            address, port, timeout=timeout, ssl_context=context, server_hostname=host, assert_hostname=host
        )
    else:
        pool = urllib3.HTTPConnectionPool(address, port, timeout=timeout)
    until = monotonic() + ALL_SECONDS
    headers = {"Host": netloc, "Accept": "application/json", "User-Agent": "kho"}
    try:
        with pool:
            answer = pool.request(
                "GET",
                target,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
            )
            if answer.status != 200:
                raise OutboundRefused(f"it answers {answer.status}")
            parts, size = [], 0
            for part in answer.stream(16 * 1024):
                size += len(part)
                if size > limit or monotonic() > until:
                    raise OutboundRefused("its answer is too large or too slow")
                parts.append(part)
            return b"".join(parts)
    except (HTTPError, OSError, ssl.SSLError) as error:
        raise OutboundRefused("it does not answer") from error


def session() -> requests.Session:
    """A session for libraries that bring their own requests: each connection is checked as those of `fetch` are."""
    made = requests.Session()
    made.trust_env = False
    made.max_redirects = 0
    for scheme in ("http://", "https://"):
        made.mount(scheme, _CheckedAdapter())
    # A time limit for whoever forgets to give one.
    made.request = functools.partial(made.request, timeout=(CONNECT_SECONDS, ALL_SECONDS))  # type: ignore[method-assign]
    return made


def _connect(connection: HTTPConnection) -> socket.socket:
    """Connect to an address of the host's that was checked."""
    try:
        address, is_allowed = _checked(connection.host, connection.port or 0)
        if not is_allowed and not isinstance(connection, HTTPSConnection):
            raise OutboundRefused("only https is used outside of the networks that the operator allows")
        options = connection.socket_options
        return sockets.create_connection((str(address), connection.port or 0), CONNECT_SECONDS, socket_options=options)
    except (OutboundRefused, OSError) as error:
        raise NewConnectionError(connection, str(error)) from error


class _CheckedHTTP(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _CheckedHTTPS(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _CheckedHTTP


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _CheckedHTTPS


class _CheckedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
