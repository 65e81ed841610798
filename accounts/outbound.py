"""Requests to addresses that users name: never into networks of the operator's own, unless a setting allows them.

The name is resolved once, every address it has is checked, and the connection goes to the one that was checked; each
redirect is checked anew, if any are followed; no proxies from the environment, and bounds on time and size.
"""

import functools
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPException
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from threading import Lock, Timer
from time import monotonic
from typing import Any, BinaryIO, Final, Self
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.response import BaseHTTPResponse
from urllib3.util import connection as sockets

CONNECT_SECONDS, READ_SECONDS, ALL_SECONDS, BODY_SECONDS = 3.0, 5.0, 10.0, 2.0
PUBLIC_IPV6: Final = IPv6Network("2000::/3")
"""All of IPv6 that is given out. Gateways turn networks outside of it into any IPv4 address (RFC 6052, 7915)."""

REDIRECT: Final = (301, 302, 303, 307, 308)


class OutboundRefused(Exception):
    """The address is not one that Kho sends requests to, or what is there does not answer as it should."""

    def __init__(self, why: str, *, is_private: bool = False) -> None:
        super().__init__(why)
        self.is_private = is_private


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: the first bytes of the body, as they came; `is_cut` if there was more, or it was slow."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool = False


class _Moved(Exception):
    """The answer is at another address."""

    def __init__(self, to: str) -> None:
        super().__init__(to)
        self.to = to


def fetch(url: str, *, limit: int = 256 * 1024, redirects: int = 0, accept: str = "application/json") -> bytes:
    """GET a document of at most `limit` bytes; each address that it redirects to is checked like the first.

    OutboundRefused.
    """
    for _ in range(redirects + 1):
        try:
            return _fetch(url, limit, accept, follows=bool(redirects))
        except _Moved as moved:
            if url.startswith("https:") and not moved.to.startswith("https:"):
                raise OutboundRefused("it leads away from https") from moved
            url = moved.to
    raise OutboundRefused("it leads on and on")


def _fetch(url: str, limit: int, accept: str, *, follows: bool) -> bytes:
    answer = _ask("GET", url, None, {"Accept": accept}, limit, ALL_SECONDS)
    to = next((value for name, value in answer.headers.items() if name.lower() == "location"), "")
    if answer.status in REDIRECT and to:
        if not follows:
            raise OutboundRefused("it leads elsewhere")
        try:
            raise _Moved(urljoin(url, to))
        except ValueError as error:
            raise OutboundRefused("it leads to what is no address") from error
    if answer.status != 200:
        raise OutboundRefused(f"it answers {answer.status}")
    if answer.is_cut:
        raise OutboundRefused("its answer is too large or too slow")
    return answer.body


def download(url: str, to: BinaryIO, *, limit: int, seconds: float, redirects: int = 3) -> int:
    """GET at most `limit` bytes into a file, within `seconds`; return how many came. OutboundRefused.

    What is in the file after a refusal is worth nothing.
    """
    for _ in range(redirects + 1):
        answer = _ask("GET", url, None, {"Accept": "*/*"}, limit, seconds, seconds=seconds, to=to)
        where = next((value for name, value in answer.headers.items() if name.lower() == "location"), "")
        if answer.status not in REDIRECT or not where:
            break
        try:
            moved = urljoin(url, where)
        except ValueError as error:
            raise OutboundRefused("it leads to what is no address") from error
        if url.startswith("https:") and not moved.startswith("https:"):
            raise OutboundRefused("it leads away from https")
        url = moved
        to.seek(0)
        to.truncate()
    else:
        raise OutboundRefused("it leads on and on")
    if answer.status != 200:
        raise OutboundRefused(f"it answers {answer.status}")
    if answer.is_cut:
        raise OutboundRefused("its answer is too large or too slow")
    return to.tell()


def post(url: str, body: bytes, headers: Mapping[str, str], *, limit: int = 4096) -> Answer:
    """POST bytes and return the answer, whatever its status; redirects are not followed. OutboundRefused.

    All of it ends within ALL_SECONDS, the body of the answer within BODY_SECONDS after its head.
    """
    return _ask("POST", url, body, headers, limit, BODY_SECONDS)


def check(url: str) -> None:
    """Raise OutboundRefused if no request would be sent to an address as it is now."""
    scheme, host, port, _ = place_of(url)
    _, is_allowed = _checked(host, port)
    _require_https(scheme, is_allowed)


def _require_https(scheme: str, is_allowed: bool) -> None:
    if scheme != "https" and not is_allowed:
        raise OutboundRefused("only https is used outside of the networks that the operator allows")


def place_of(url: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and target of an address. OutboundRefused for one that is no address of the web."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise OutboundRefused("the address has no usable port") from error
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        raise OutboundRefused("the address is not one of https")
    return parts.scheme, host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _checked(host: str, port: int) -> tuple[IPv4Address | IPv6Address, bool]:
    """The address to connect to, and whether the operator allows its network by name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise OutboundRefused("the name can't be resolved") from error
    addresses = [ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    allowed = [_is_allowed(each) for each in addresses]
    if not addresses or not all(ok or is_public(each) for ok, each in zip(allowed, addresses, strict=True)):
        raise OutboundRefused("the address is in a private network", is_private=True)
    return addresses[0], all(allowed)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the open internet, in itself and in what it stands for."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.sixtofour is not None or address.teredo is not None or address not in PUBLIC_IPV6:
            return False
    return address.is_global and not address.is_multicast


def _is_allowed(address: IPv4Address | IPv6Address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in ip_network(network) for network in settings.OUTBOUND_PRIVATE_NETWORKS)


def _ask(
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    limit: int,
    body_seconds: float,
    *,
    seconds: float = 0.0,
    to: BinaryIO | None = None,
) -> Answer:
    """Send one request. The name is resolved once, when the connection is made to the address that was checked.

    The body goes to a file, if there is one.
    """
    scheme, host, port, target = place_of(url)
    known = {"User-Agent": "kho", "Accept-Encoding": "identity", "Connection": "close"}
    made = connection_to(scheme, host, port, READ_SECONDS)
    with Deadline(seconds or ALL_SECONDS) as deadline, closing(made) as connection:
        connection.watch = deadline.watch  # type: ignore[attr-defined]  # of our own classes
        try:
            connection.request(method, target, body, {**known, **headers}, preload_content=False, decode_content=False)
            answer = connection.getresponse()
            if deadline.is_over:  # a head that was cut reads like one that has ended
                raise TimeoutError
            deadline.shorten(body_seconds)
            kept, is_cut = (
                read_some(answer, limit, deadline) if to is None else (b"", _save(answer, limit, deadline, to))
            )
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            if isinstance(error.__cause__, OutboundRefused):  # by the check of the address
                raise error.__cause__ from None
            raise OutboundRefused(why(error, deadline)) from error
    return Answer(answer.status, dict(answer.headers), kept, is_cut)


def connection_to(scheme: str, host: str, port: int, read_seconds: float) -> HTTPConnection:
    """A connection, not open yet, that goes to checked addresses only."""
    if scheme == "https":
        return _CheckedHTTPS(host, port, timeout=read_seconds, ssl_context=ssl.create_default_context())
    return _CheckedHTTP(host, port, timeout=read_seconds)


def read_some(answer: BaseHTTPResponse, limit: int, deadline: "Deadline") -> tuple[bytes, bool]:
    """The body, or its beginning if it is longer than `limit` or does not end in time."""
    content = b""
    try:
        while len(content) <= limit and (part := answer.read1(limit + 1 - len(content))):
            content += part
    except (HTTPError, HTTPException, OSError):
        return content[:limit], True
    return content[:limit], len(content) > limit or deadline.is_over


def _save(answer: BaseHTTPResponse, limit: int, deadline: "Deadline", to: BinaryIO) -> bool:
    """Write the body to a file; whether it is longer than `limit`, or did not end in time."""
    count, said = 0, answer.headers.get("Content-Length", "")
    try:
        while count <= limit and (part := answer.read1(64 * 1024)):
            count += _kept(to, part)
    except (HTTPError, HTTPException, OSError):
        return True
    is_short = said.isdecimal() and count < int(said)
    return count > limit or deadline.is_over or is_short


def _kept(to: BinaryIO, part: bytes) -> int:
    """Write to a file here; a disk that is full is no fault of the server's. OutboundRefused."""
    try:
        return to.write(part)
    except OSError as error:
        raise OutboundRefused(f"it can't be kept here: {error.strerror}") from error


def why(error: Exception, deadline: "Deadline") -> str:
    """Why there was no answer, in words that tell nothing of the network."""
    reason = error.__cause__ if isinstance(error, NewConnectionError) else error
    if deadline.is_over or isinstance(reason, TimeoutError | urllib3.exceptions.TimeoutError):
        return "it does not answer in time"
    if isinstance(reason, ssl.SSLError | urllib3.exceptions.SSLError):
        return "its certificate is not valid for this name, or it does not speak TLS"
    return "it does not answer"


class Deadline:
    """Ends the connection that it watches when its time is over, however slowly bytes trickle in."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._lock = Lock()
        self._socket: socket.socket | None = None
        self._until = monotonic() + seconds
        self._timer = self._start(seconds)

    def _start(self, seconds: float) -> Timer:
        timer = Timer(max(seconds, 0.0), self._end)
        timer.daemon = True
        timer.start()
        return timer

    def shorten(self, seconds: float) -> None:
        """Let no more than `seconds` be left."""
        self._timer.cancel()
        self._timer = self._start(min(seconds, self._until - monotonic()))

    def watch(self, connected: socket.socket) -> None:
        """Take note of the connection by a handle of its own: TLS takes the other one away."""
        with self._lock:
            self._socket = connected.dup()
        if self.is_over:
            self._end()

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None


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
        _require_https("https" if isinstance(connection, HTTPSConnection) else "http", is_allowed)
        options = connection.socket_options
        place = (str(address), connection.port or 0)
        connected = sockets.create_connection(place, CONNECT_SECONDS, socket_options=options)
        if watch := getattr(connection, "watch", None):
            connected.settimeout(connection.timeout)
            watch(connected)
        return connected
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
