"""Catalog data of public repositories and registries: what their publishers say about them."""

import hashlib
import io
import warnings
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone
from PIL import Image as Picture
from PIL import UnidentifiedImageError

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from registry import events
from registry.core import addresses, permissions, repositories
from registry.errors import CatalogDataNotFound, InvalidValue
from registry.models import CatalogData, Logo, RegistryCatalogData, Repository
from registry.values import PUBLIC, Address, RegistryId

MOST_NAMES: Final = 50
LONGEST: Final = {
    "description": 1024,
    "about_text": 25_600,
    "usage_text": 25_600,
    "licence": 100,
    "source_url": 500,
    "replacement": 307,
}
"""Characters, by field."""
TEXTS: Final = tuple(LONGEST)
LISTS: Final = ("architectures", "operating_systems", "categories")
PROFILE: Final = {"display_name": 100, "description": 1024, "website": 500}
"""Characters of what an account's public registry is shown as, by field."""
LARGEST_LOGO: Final = 512_000
SIDES: Final = (60, 2048)
FORMATS: Final = ("PNG", "JPEG", "WEBP")
NO_PICTURE: Final = (
    *(UnidentifiedImageError, OSError, ValueError, SyntaxError),
    *(Picture.DecompressionBombWarning, Picture.DecompressionBombError),
)
"""What Pillow raises for what is no picture, or claims to be a huge one."""


def get(caller: Caller, address: Address) -> CatalogData:
    """Return a repository's catalog data. CatalogDataNotFound."""
    repository = repositories.authorized(caller, address, Action.GET_REPOSITORY_CATALOG_DATA)
    found = CatalogData.objects.filter(repository=repository).first()
    if found is None:
        raise CatalogDataNotFound(repository.name, repository.account_id)
    return found


def nothing() -> CatalogData:
    """Catalog data that say nothing, for a repository that has none."""
    return CatalogData()


def put(caller: Caller, address: Address, fields: Mapping[str, Any]) -> CatalogData:
    """Set what is given of TEXTS, LISTS, `is_deprecated` and `logo` (bytes of a picture, empty to remove it).

    InvalidValue.
    """
    repository = repositories.authorized(caller, address, Action.PUT_REPOSITORY_CATALOG_DATA)
    return write(caller, repository, fields)


def write(caller: Caller, repository: Repository, fields: Mapping[str, Any]) -> CatalogData:
    """The same for a repository that was just made by the caller."""
    chosen = check(fields)
    with transaction.atomic():
        if "logo" in chosen:
            chosen["logo"] = _kept(chosen["logo"]) if chosen["logo"] else None
        defaults = chosen | {"updated_at": timezone.now()}
        row, _ = CatalogData.objects.update_or_create(repository=repository, defaults=defaults)
        details = {"fields": sorted(chosen)}
        trail.record(caller, Action.PUT_REPOSITORY_CATALOG_DATA, addresses.arn(repository.address), details=details)
        outbox.announce(events.CatalogDataChanged(repository.id))
    return row


def check(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may be written, the logo as a PNG of ours. InvalidValue."""
    chosen: dict[str, Any] = {}
    for name in TEXTS:
        if name in fields:
            text = str(fields[name])
            if len(text) > LONGEST[name] or "\x00" in text:
                raise InvalidValue(name, f"takes up to {LONGEST[name]} characters")
            chosen[name] = text
    if chosen.get("source_url"):
        _require_web_address("source_url", chosen["source_url"])
    if "is_deprecated" in fields:
        chosen["is_deprecated"] = bool(fields["is_deprecated"])
    for name in LISTS:
        if name in fields:
            words = list(dict.fromkeys(fields[name]))
            if len(words) > MOST_NAMES or any(not 1 <= len(word) <= 50 or "\x00" in word for word in words):
                raise InvalidValue(name, f"takes up to {MOST_NAMES} words of 1 to 50 characters")
            chosen[name] = words
    if "logo" in fields:
        chosen["logo"] = _picture(fields["logo"]) if fields["logo"] else b""
    return chosen


def logo(digest: str) -> bytes | None:
    """Return the picture of this digest; anybody may see it."""
    found = Logo.objects.filter(digest=digest).values_list("content", flat=True).first()
    return bytes(found) if found is not None else None


def _require_web_address(name: str, url: str) -> None:
    """InvalidValue for what a browser should not follow."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InvalidValue(name, "takes an address that begins with https:// or http://") from error
    if parts.scheme not in {"http", "https"} or not parts.netloc or any(sign.isspace() for sign in url):
        raise InvalidValue(name, "takes an address that begins with https:// or http://")


def display_name(caller: Caller, account_id: str) -> str:
    """Return the name of an account's public registry; empty if it has given none."""
    return profile(caller, account_id).display_name


def profile(caller: Caller, account_id: str) -> RegistryCatalogData:
    """Return what an account's public registry is shown as; empty fields if it has said nothing."""
    permissions.require_in_registry(caller, RegistryId(account_id, PUBLIC), Action.GET_REGISTRY_CATALOG_DATA)
    found = RegistryCatalogData.objects.filter(account_id=account_id).first()
    return found or RegistryCatalogData(account_id=account_id)


def put_display_name(caller: Caller, account_id: str, name: str) -> str:
    """Set the name of an account's public registry and return it. InvalidValue."""
    return put_profile(caller, account_id, {"display_name": name}).display_name


def put_profile(caller: Caller, account_id: str, fields: Mapping[str, Any]) -> RegistryCatalogData:
    """Set what is given of PROFILE and `logo` (bytes of a picture, empty to remove it). InvalidValue."""
    registry = RegistryId(account_id, PUBLIC)
    permissions.require_in_registry(caller, registry, Action.PUT_REGISTRY_CATALOG_DATA)
    chosen: dict[str, Any] = {}
    for name, longest in PROFILE.items():
        if name in fields:
            text = str(fields[name])
            if len(text) > longest or "\x00" in text:
                raise InvalidValue(
                    "displayName" if name == "display_name" else name, f"takes up to {longest} characters"
                )
            chosen[name] = text
    if chosen.get("website"):
        _require_web_address("website", chosen["website"])
    picture = _picture(fields["logo"]) if fields.get("logo") else b""
    with transaction.atomic():
        if "logo" in fields:
            chosen["logo"] = _kept(picture) if picture else None
        defaults = chosen | {"updated_at": timezone.now()}
        row, _ = RegistryCatalogData.objects.update_or_create(account_id=account_id, defaults=defaults)
        details = {"displayName": row.display_name, "fields": sorted(chosen)}
        trail.record(caller, Action.PUT_REGISTRY_CATALOG_DATA, addresses.registry_arn(registry), details=details)
        announce_publisher(account_id)
    return row


def announce_publisher(account_id: str) -> None:
    """Let every listing of an account be made anew, in the transaction of what changed."""
    for repository_id in Repository.objects.filter(account_id=account_id, region=PUBLIC, deleted_at=None).values_list(
        "id", flat=True
    ):
        outbox.announce(events.CatalogDataChanged(repository_id))


def _kept(content: bytes) -> Logo:
    digest = hashlib.sha256(content).hexdigest()
    return Logo.objects.get_or_create(digest=digest, defaults={"content": content})[0]


def _picture(content: bytes) -> bytes:
    """The picture as a PNG without anything else in it. InvalidValue for what is none, or is too small or large."""
    least, most = SIDES
    if len(content) > LARGEST_LOGO:
        raise InvalidValue("logoImageBlob", f"takes up to {LARGEST_LOGO} bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Picture.DecompressionBombWarning)
            with Picture.open(io.BytesIO(content), formats=FORMATS) as picture:
                if not all(least <= side <= most for side in picture.size):
                    raise InvalidValue("logoImageBlob", f"takes a picture of {least} to {most} pixels on each side")
                made = io.BytesIO()
                picture.convert("RGBA").save(made, "PNG", optimize=True)
    except NO_PICTURE as error:
        raise InvalidValue("logoImageBlob", f"takes a picture as {', '.join(FORMATS)}") from error
    return made.getvalue()
