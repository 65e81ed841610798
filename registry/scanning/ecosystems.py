"""Which ecosystem of the OSV schema a package belongs to, and what it is called there. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from registry.scanning.sboms import Distribution, Package

DISTRIBUTION_TYPES: Final = frozenset({"deb", "rpm", "apk"})
"""Types of packages that a distribution has; all others belong to languages."""
LANGUAGES: Final[Mapping[str, str]] = {
    "python": "PyPI",
    "npm": "npm",
    "go-module": "Go",
    "java-archive": "Maven",
    "gem": "RubyGems",
    "rust-crate": "crates.io",
    "php-composer": "Packagist",
    "dotnet": "NuGet",
}
MANAGERS: Final[Mapping[str, str]] = {
    "deb": "OS",
    "rpm": "OS",
    "apk": "OS",
    "python": "PYTHONPKG",
    "npm": "NODEPKG",
    "go-module": "GOBINARY",
    "java-archive": "JAR",
    "gem": "GEMSPEC",
    "rust-crate": "CARGO",
    "php-composer": "COMPOSER",
    "dotnet": "NUGET",
}
"""Type of package -> Amazon Inspector's word for its manager."""
MODULAR: Final = ".module"
"""Part of the release of all packages that are of a module."""
GO_RELEASE: Final = re.compile(
    r"go(?P<minor>\d+\.\d+)(?P<patch>\.\d+)?(?:(?P<before>beta|rc)(?P<number>\d+))?(?![\w.])"
)
"""The release of Go that a program was made with, as the program tells it: `go1.22.5`, `go1.23rc1`, `go1.20`."""
GEM_PLATFORM: Final = re.compile(
    r"(?:x86_64|x86|x64|i[3-6]86|universal|aarch64|arm64|arm|armv[5-8][a-z]*|ppc64le|ppc64|powerpc(?:64(?:le)?)?"
    r"|s390x?|riscv64|loongarch64|mips(?:64)?(?:el)?|sparc(?:64)?|wasm32)-[a-z][\w.-]*"
    r"|java|jruby|dalvik[\d.-]*|dotnet[\d.-]*|mswin(?:32|64)|mingw32|ruby",
    re.ASCII,
)
"""What a gem is built for, as lists write it behind its version: `1.15.4-x86_64-linux`."""
PYPI_SEPARATORS: Final = re.compile(r"[-_.]+")


@dataclass(frozen=True, slots=True)
class Identity:
    """A package as advisories name it: ecosystems that may tell of it, its name and version there.

    `module` is the name and stream of rpm's module that it is of, such as `postgresql:16`, if that is known.
    """

    ecosystems: tuple[str, ...]
    name: str
    version: str
    module: str = ""


def of_distribution(distribution: Distribution) -> tuple[str, ...]:
    """The ecosystems of a distribution's release, such as `Debian:11`; none for one that is not known."""
    version = distribution.version
    major = version.partition(".")[0]
    match distribution.id:
        case "debian" if major:
            return (f"Debian:{major}",)
        case "ubuntu" if version:
            return (f"Ubuntu:{version}:LTS", f"Ubuntu:{version}", f"Ubuntu:Pro:{version}:LTS")
        case "almalinux" if major:
            return (f"AlmaLinux:{major}",)
        case "rocky" if major:
            return (f"Rocky Linux:{major}",)
        case "alpine" if version:
            return (f"Alpine:v{'.'.join(version.split('.')[:2])}",)
        case "wolfi":
            return ("Wolfi",)
        case "chainguard":
            return ("Chainguard",)
        case "azurelinux" if major:
            return (f"Azure Linux:{major}",)
        case "opensuse-leap" if version:
            return (f"openSUSE:Leap {version}",)
    return ()


def identity(package: Package, distribution: Distribution) -> Identity | None:
    """What advisories call a package; None if none can tell of it.

    Debian and Alpine tell of source packages, in the source's version; the others of what is installed.
    """
    if package.type in DISTRIBUTION_TYPES:
        found = of_distribution(distribution)
        if not found:
            return None
        if package.type == "rpm":
            return Identity(found, package.name, package.version, ":".join(package.module.split(":")[:2]))
        return Identity(found, package.source_name or package.name, package.source_version or package.version)
    ecosystem = LANGUAGES.get(package.type)
    if ecosystem is None:
        return None
    name = _maven(package.purl) if ecosystem == "Maven" else package.name
    version = normal_version(ecosystem, package.version)
    return Identity((ecosystem,), normal_name(ecosystem, name), version) if name else None


def is_of_module(identity: Identity, module: str) -> bool:
    """Whether an advisory about a module (empty: about none) may tell of a package.

    Streams of a module go side by side: a lower version is not an older one.
    """
    if not module:
        return True
    return identity.module == module if identity.module else MODULAR in identity.version


def normal_name(ecosystem: str, name: str) -> str:
    """A name as its ecosystem compares names."""
    match ecosystem:
        case "PyPI":
            return PYPI_SEPARATORS.sub("-", name).lower()
        case "NuGet" | "Packagist":
            return name.lower()
    return name


def normal_version(ecosystem: str, version: str) -> str:
    """A version as advisories of its ecosystem write it."""
    match ecosystem:
        case "Go":
            return _go_version(version)
        case "RubyGems":
            return _gem_version(version)
    return version


def _gem_version(version: str) -> str:
    """Without the platform that the gem is built for; what else is behind a hyphen is a release before the version."""
    plain, _, platform = version.partition("-")
    return plain if GEM_PLATFORM.fullmatch(platform) else version


def _go_version(version: str) -> str:
    """Go's own releases as advisories write them, `1.22.5`; versions of modules as they are."""
    release = GO_RELEASE.match(version)
    if release is None:
        return version
    before = f"-{release['before']}.{release['number']}" if release["before"] else ""
    return f"{release['minor']}{release['patch'] or '.0'}{before}"


def _maven(purl: str) -> str:
    """`group:artifact`, as package URLs of Maven tell it; empty if they don't."""
    path = purl.partition("?")[0].partition("@")[0].removeprefix("pkg:maven/")
    group, slash, artifact = path.partition("/")
    return f"{unquote(group)}:{unquote(artifact)}" if slash and path != purl else ""
