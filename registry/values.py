"""Names and addresses as frozen values, checked when they are made. Pure: no Django.

Grammars: OCI Distribution Specification 1.1, "Pulling manifests"; OCI Image Specification, "Digests"; for the length
of names, tags and registry ids the Amazon ECR API reference.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final, Self

from registry.errors import InvalidDigest, InvalidImageTag, InvalidRepositoryName, InvalidValue

PUBLIC: Final = "public"
"""Stands where a private registry has its region: an account's public registry has none."""

NAME: Final = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
ACCOUNT_ID: Final = re.compile(r"[0-9]{12}")
REGION: Final = re.compile(r"[a-z]{2,}(?:-[a-z0-9]+)+")
ALIAS: Final = re.compile(r"[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*")
REPOSITORY_PREFIX: Final = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]*)*/)*[a-z0-9]*(?:[._-][a-z0-9]*)*")
"""The beginning of a repository's name, as replication rules take it."""
TAG_FILTER: Final = re.compile(r"[0-9a-zA-Z._*-]{1,128}")
"""A pattern for tags, in which `*` stands for any text."""
SCAN_FILTER: Final = re.compile(r"[a-z0-9*]+(?:[._/-]+[a-z0-9*]+)*")
"""A pattern for repositories, as scanning rules take it; ECR's own takes twice the time for each letter more."""
HEX_LENGTH: Final = {"sha256": 64, "sha512": 128}


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """`sha256:<64 hex>` or `sha512:<128 hex>`, in lower case."""

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a digest; InvalidDigest if it is none or of an algorithm that is not served."""
        algorithm, colon, encoded = text.partition(":")
        length = HEX_LENGTH.get(algorithm)
        if not colon or length is None or not re.fullmatch(rf"[0-9a-f]{{{length}}}", encoded):
            raise InvalidDigest(text, "is not a digest of the form sha256:<64 hex> or sha512:<128 hex>")
        return cls(algorithm, encoded)

    @classmethod
    def of(cls, content: bytes, algorithm: str = "sha256") -> Self:
        """Compute the digest of bytes in memory."""
        return cls(algorithm, hashlib.new(algorithm, content).hexdigest())

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


@dataclass(frozen=True, slots=True, order=True)
class RepositoryName:
    """A path of lower-case components, 2 to 256 characters."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a name; InvalidRepositoryName if it breaks the grammar or the length."""
        if not 2 <= len(text) <= 256 or not NAME.fullmatch(text):
            raise InvalidRepositoryName(
                text,
                "is not a repository name: 2 to 256 lower-case letters and digits, with single separators . _ __ - "
                "inside and slashes between components",
            )
        return cls(text)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, order=True)
class ImageTag:
    """An image tag: 1 to 128 characters."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a tag; InvalidImageTag if it breaks the grammar."""
        if not TAG.fullmatch(text):
            raise InvalidImageTag(
                text,
                "is not an image tag: 1 to 128 letters, digits, dots, underscores or hyphens, not starting with . or -",
            )
        return cls(text)

    def __str__(self) -> str:
        return self.text


Reference = Digest | ImageTag


def parse_reference(text: str) -> Reference:
    """Read a tag or a digest; a text with a colon can only be a digest."""
    return Digest.parse(text) if ":" in text else ImageTag.parse(text)


@dataclass(frozen=True, slots=True, order=True)
class RegistryId:
    """A registry: an account's private repositories in one region, or its public ones (region `public`)."""

    account_id: str
    region: str

    def __post_init__(self) -> None:
        if not ACCOUNT_ID.fullmatch(self.account_id):
            raise InvalidValue(self.account_id, "is not a registry id of 12 digits")

    @property
    def is_public(self) -> bool:
        """Whether it is the account's public registry."""
        return self.region == PUBLIC


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Where a repository is, whether it exists or not."""

    registry: RegistryId
    name: RepositoryName

    @property
    def is_public(self) -> bool:
        """Whether it is in a public registry."""
        return self.registry.is_public
