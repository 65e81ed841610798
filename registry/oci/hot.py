"""The short way of what everybody does most: GET and HEAD of manifests and blobs, answered before Django (ADR 0006).

It calls the same verbs as the views and answers only what succeeds and is plain. Everything else (a refusal, an error,
a range, a host that is not served) is None: then the views do it again, from the start, and find the words.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from time import monotonic
from typing import Any, Final

from django.conf import settings
from django.db import Error
from django.http.request import split_domain_port, validate_host

from accounts.authn import callers
from accounts.caller import Caller
from accounts.errors import AccountsError
from accounts.recent import Recent
from registry.core import addresses, blobs, connections, images, pulls, reading
from registry.core.addresses import Host, HostKind
from registry.core.reading import FoundBlob, FoundImage
from registry.errors import ImageNotFound, RegistryError
from registry.oci import answers
from registry.oci.answers import Answer
from registry.values import Address, Digest, Reference, parse_reference

ROUTE: Final = re.compile(r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs)/(?P<reference>[^/]+)")
NOT_PLAIN: Final = ("HTTP_RANGE", "HTTP_IF_NONE_MATCH", "HTTP_EXPECT", "HTTP_TRANSFER_ENCODING")

_Early = tuple[Address, FoundImage | FoundBlob]
_Key = tuple[HostKind, bool, str]
_early: Final[Recent[_Key, _Early]] = Recent()
"""Kind of host, whether by HEAD, and path -> what anyone may pull there, found a moment ago."""


def answer(meta: Mapping[str, Any], source_ip: str, request_id: str, *, is_secure: bool = False) -> Answer | None:
    """Answer a request from its WSGI environment, or None if the views have to."""
    head = meta["REQUEST_METHOD"] == "HEAD"
    if not head and meta["REQUEST_METHOD"] != "GET":
        return None
    path = meta["PATH_INFO"]
    if not path.startswith("/v2/") or meta.get("QUERY_STRING") or any(name in meta for name in NOT_PLAIN):
        return None
    route = ROUTE.fullmatch(path)
    host = _host(meta.get("HTTP_HOST", ""), (settings.DOMAIN, settings.AWS_HOST_NAMES)) if route else None
    if route is None or host is None:
        return None
    try:
        return _answer(meta, host, route, head, source_ip, request_id, is_secure)
    except (RegistryError, AccountsError):
        return None
    except Error:
        connections.refresh()
        return None
    finally:
        connections.release()


def _answer(
    meta: Mapping[str, Any],
    host: Host,
    route: re.Match[str],
    head: bool,
    source_ip: str,
    request_id: str,
    is_secure: bool,
) -> Answer | None:
    """What the verbs of the core say; they raise what the views will answer."""
    connections.refresh()
    caller = callers.of(
        callers.identify(meta.get("HTTP_AUTHORIZATION", "").strip()),
        region=host.region,
        source_ip=source_ip,
        user_agent=meta.get("HTTP_USER_AGENT", ""),
        request_id=request_id,
        is_secure=is_secure,
    )
    is_counted = caller.is_anonymous and pulls.are_limited()
    if is_counted and route["kind"] == "manifests" and not head:
        return None  # the views count
    key = host.kind, head, route.string
    early = _early.get(key, settings.EARLY_SECONDS) if caller.is_anonymous and not is_counted else None
    if early is not None:
        return _early_answer(caller, *early, head)
    address, reference = addresses.resolve(host, route["name"]), parse_reference(route["reference"])
    if route["kind"] == "manifests":
        return _manifest(caller, key, address, reference, head)
    return _blob(caller, key, address, Digest.parse(route["reference"]), head)


def _manifest(caller: Caller, key: _Key, address: Address, reference: Reference, head: bool) -> Answer:
    by_digest = isinstance(reference, Digest)
    read_at = monotonic()
    if head:
        image, content = images.head(caller, address, reference), None
    else:
        stored = images.get(caller, address, reference)
        image, content = stored.image, stored.content
    if by_digest and address.is_public and caller.is_anonymous and not image.is_restricted:
        _early.keep(key, (address, image), read_at)
    caching = answers.cache_control(caller, address, by_digest=by_digest, is_restricted=image.is_restricted)
    return answers.manifest(image, content, caching)


def _blob(caller: Caller, key: _Key, address: Address, digest: Digest, head: bool) -> Answer:
    read_at = monotonic()
    found = blobs.find(caller, address, digest) if head else blobs.readable(caller, address, digest)
    if address.is_public and caller.is_anonymous and not found.is_restricted and reading.is_needed(found):
        _early.keep(key, (address, found), read_at)
    caching = answers.cache_control(caller, address, by_digest=True, is_restricted=found.is_restricted)
    return answers.blob_described(found, caching) if head else answers.blob(blobs.delivery_of(found), caching)


def _early_answer(caller: Caller, address: Address, found: FoundImage | FoundBlob, head: bool) -> Answer:
    """Answer without a query from what was found a moment ago; a pull is recorded all the same."""
    caching = answers.cache_control(caller, address, by_digest=True)
    if isinstance(found, FoundBlob):
        if not head:
            return answers.blob(blobs.delivery_of(found), caching)
        blobs.require_whole(found)
        return answers.blob_described(found, caching)
    content = None if head else reading.manifest(found.digest)
    if content is None and not head:
        raise ImageNotFound(found.digest, str(address.name), address.registry.account_id)
    pulls.record(caller, pulls.Kind.HEAD if head else pulls.Kind.PULL, address, found, Digest.parse(found.digest))
    return answers.manifest(found, content, caching)


@lru_cache(maxsize=1024)
def _host(name: str, shapes: tuple[str, bool]) -> Host | None:
    """What the Host header stands for by the settings; None if it is no host name or one that is not served."""
    if (
        not name
        or not split_domain_port(name)[0]
        or not validate_host(split_domain_port(name)[0], settings.ALLOWED_HOSTS)
    ):
        return None
    return addresses.host_of(name)
