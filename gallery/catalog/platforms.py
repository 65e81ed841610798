"""Platforms of images in the words of ECR Public: Linux and Windows; ARM, ARM 64, x86 and x86-64. Pure."""

from collections.abc import Iterable
from typing import Final

OPERATING_SYSTEMS: Final = {"linux": "Linux", "windows": "Windows"}
ARCHITECTURES: Final = {"amd64": "x86-64", "arm64": "ARM 64", "386": "x86", "arm": "ARM"}


def operating_systems(platforms: Iterable[str]) -> list[str]:
    """The words for platforms such as `linux/arm64/v8`, each once; what has no word of its own stays as it is."""
    return _words(platforms, 0, OPERATING_SYSTEMS)


def architectures(platforms: Iterable[str]) -> list[str]:
    """The same for architectures."""
    return _words(platforms, 1, ARCHITECTURES)


def _words(platforms: Iterable[str], part: int, words: dict[str, str]) -> list[str]:
    parts = (platform.split("/") for platform in platforms)
    return list(dict.fromkeys(words.get(each[part], each[part]) for each in parts if len(each) > part and each[part]))
