"""What advisories call a package, where that is not what the package says of itself."""

import pytest

from registry.scanning.ecosystems import identity
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
