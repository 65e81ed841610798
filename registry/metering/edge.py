"""Lines of the web server in front, about early answers from its cache -> lines as Kho's own processes write them.

The cache holds only public content by digest, and tells nobody when it answers: its log is the only trace of such a
pull. docs/production.md shows the configuration that writes it.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from registry.core import addresses
from registry.core.storable import storable
from registry.errors import RegistryError
from registry.models import Image

KIND: Final = "edge"
MANIFEST: Final = re.compile(r"/v2/(?P<name>.+)/manifests/(?P<digest>sha(?:256|512):[0-9a-f]+)")
KINDS: Final = {"GET": "pull", "HEAD": "head"}


def translate(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the pulls among the lines; what was no manifest, or is not known any more, is left out."""
    found: dict[tuple[str, str], dict[str, Any] | None] = {}
    translated = []
    for line in lines:
        host, kind = str(line.get("host", "")), KINDS.get(str(line.get("method")))
        route = MANIFEST.fullmatch(str(line.get("path", "")))
        if kind is None or route is None or line.get("status") != 200:
            continue
        place = host, route.string
        if place not in found:
            found[place] = _image(host, route["name"], route["digest"])
        if (image := found[place]) is not None:
            pull = {"v": 1, "kind": kind, "at": _utc(str(line["at"])), "tag": "", "caller": _caller(line)}
            translated.append(pull | image)
    return translated


def _image(host: str, name: str, digest: str) -> dict[str, Any] | None:
    """What a line of our own says of the image; the newest if it was deleted and pushed again."""
    try:
        address = addresses.resolve(addresses.host_of(host), name)
    except RegistryError:
        return None
    image = (
        Image.objects.filter(
            repository__account_id=address.registry.account_id,
            repository__region=address.registry.region,
            repository__name=str(address.name),
            digest=digest,
        )
        .order_by("-id")
        .first()
    )
    if image is None or not address.is_public:
        return None
    return {
        "repository": image.repository_id,
        "image": image.id,
        "digest": image.digest,
        "resource": str(addresses.arn(address)),
    }


def _caller(line: Mapping[str, Any]) -> dict[str, str]:
    """Nobody: only answers to nobody are kept in front."""
    return {
        "account_id": "",
        "principal_arn": "",
        "region": "",
        "source_ip": storable(str(line.get("client", "")))[:45],
        "user_agent": storable(str(line.get("agent", "")))[:400],
        "request_id": storable(str(line.get("request_id", "")))[:64],
        "access_key_id": "",
    }


def _utc(at: str) -> str:
    """The time in our own form, so that lines of both kinds sort together."""
    return datetime.fromisoformat(at).astimezone(UTC).isoformat(timespec="microseconds")
