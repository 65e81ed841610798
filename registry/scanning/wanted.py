"""Which files of an image tell of its packages; no other is written to disk. Pure."""

import re
from typing import Final

LISTS: Final = re.compile(
    r"""
    (?:usr/)?(?:etc|lib)/(?:os-release|alpine-release|debian_version|redhat-release|system-release|almalinux-release)
    | (?:usr/)?lib/apk/db/installed
    | var/lib/dpkg/(?:status|status\.d/[^/]+)
    | usr/share/doc/[^/]+/copyright
    | (?:var/lib|usr/lib/sysimage|usr/share)/rpm/(?:Packages(?:\.db)?|rpmdb\.sqlite(?:-wal|-shm)?)
    | var/lib/pacman/local/[^/]+/(?:desc|files)
    | .*\.dist-info/(?:METADATA|RECORD|top_level\.txt|direct_url\.json)
    | .*\.egg-info/(?:PKG-INFO|top_level\.txt|SOURCES\.txt|installed-files\.txt)
    | .*\.egg-info
    | (?:.*/)?package\.json
    | .*\.(?:jar|war|ear|jpi|hpi|par|sar|nar|kar|rar)
    | .*specifications/.*\.gemspec
    | (?:.*/)?installed\.json
    | .*\.deps\.json
    | .*conda-meta/[^/]+\.json
    """,
    re.VERBOSE,
)
"""Databases of packages, and what packages of languages say of themselves."""

ELF: Final = b"\x7fELF"
LEAST_PROGRAM: Final = 256 * 1024
"""Bytes below which no program carries the list of the modules that it was built from."""


def is_list(path: str) -> bool:
    """Whether a path, without a slash in front, is that of a list of packages."""
    return LISTS.fullmatch(path) is not None


def may_be_program(size: int, mode: int) -> bool:
    """Whether a file is looked at for the modules inside of it: programs in Go and Rust carry them."""
    return bool(mode & 0o111) and size >= LEAST_PROGRAM


def is_program(start: bytes) -> bool:
    """Whether the first bytes are those of a program for Linux."""
    return start.startswith(ELF)
