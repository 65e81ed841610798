"""What advisories call a package, where that is not what the package says of itself."""

import pytest

from registry.scanning.ecosystems import identity
from registry.scanning.products import of_purl
from registry.scanning.sboms import Distribution, Package
from registry.scanning.versions import evaluate


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("go1.22.5", "1.22.5"),
        ("go1.20", "1.20.0"),
        ("go1.23rc1", "1.23.0-rc.1"),
        ("go1.22.5 X:boringcrypto", "1.22.5"),
        ("go1.21.3-custom", "1.21.3"),
        ("v1.22.5", "v1.22.5"),
        ("v0.0.0-20240926185104-8376368dd8aa", "v0.0.0-20240926185104-8376368dd8aa"),
        ("(devel)", "(devel)"),
    ],
)
def test_releases_of_go(said: str, known: str) -> None:
    """Syft says it as the program does; advisories have numbers alone."""
    found = identity(Package("stdlib", said, "go-module"), Distribution())
    assert found is not None and (found.ecosystems, found.name, found.version) == (("Go",), "stdlib", known)


@pytest.mark.parametrize(
    ("said", "fix"), [("go1.21.9", "1.21.10"), ("go1.21.10", ""), ("go1.22rc1", "1.22.3"), ("v1.22.3", "")]
)
def test_advisories_on_gos_own_library(said: str, fix: str) -> None:
    found = identity(Package("stdlib", said, "go-module"), Distribution())
    assert found is not None
    events = [("introduced", "0"), ("fixed", "1.21.10"), ("introduced", "1.22.0-0"), ("fixed", "1.22.3")]
    assert evaluate("Go", found.version, [events], ()) == (bool(fix), fix)


@pytest.mark.parametrize(
    "platform",
    [
        *("x86_64-linux", "x86_64-linux-gnu", "x86_64-linux-musl", "aarch64-linux", "arm64-darwin", "x86_64-darwin-19"),
        *("universal-darwin-20", "x86-mingw32", "x64-mingw32", "x64-mingw-ucrt", "x86-linux", "arm-linux-gnueabihf"),
        *("java", "jruby", "mswin32", "mswin64", "dalvik", "ruby"),
    ],
)
def test_gems_that_are_built_for_a_platform(platform: str) -> None:
    """RubyGems reads a hyphen as a pre-release, which would come before the version that has the fix."""
    found = identity(Package("nokogiri", f"1.15.4-{platform}", "gem"), Distribution())
    assert found is not None and found.version == "1.15.4"
    assert evaluate("RubyGems", found.version, [[("introduced", "0"), ("fixed", "1.15.4")]], ()) == (False, "")
    assert evaluate("RubyGems", found.version, [[("introduced", "0"), ("fixed", "1.15.5")]], ()) == (True, "1.15.5")
    assert of_purl(f"pkg:gem/nokogiri@1.15.4-{platform}").version == "1.15.4"


@pytest.mark.parametrize("version", ["1.15.4", "1.15.4-rc1", "1.15.4.pre.java", "1.15.4-beta-x86_64-linux"])
def test_what_is_no_platform_of_a_gem_stays(version: str) -> None:
    found = identity(Package("nokogiri", version, "gem"), Distribution())
    assert found is not None and found.version == version
