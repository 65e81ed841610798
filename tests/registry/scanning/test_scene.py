"""The images of the pictures are read by the scanner as those of others are, and the newer packages are better."""

from pathlib import Path

import pytest
from pytest_django import Settings

from registry.models import Sbom
from registry.scanning import engine, importing, results, sboms
from registry.scanning.contents import sbom_of
from tests.browser import scene
from tests.registry.scanning.making import layer


@pytest.mark.any_database
def test_its_images_have_packages_and_known_vulnerabilities(db: None, settings: Settings, tmp_path: Path) -> None:
    settings.SCAN_ROOT = tmp_path
    engine.default.cache_clear()
    importing.run(str(scene.ADVISORIES))
    levels = {}
    for is_new in (False, True):
        found = sbom_of([layer(scene._base(1), 1), layer(scene._added(1, is_new=is_new), 2)])
        assert len(found.packages) == len(scene.BASE) + len(scene.ADDED)
        row = Sbom(content=sboms.packed(found))
        levels[is_new] = [match.level for match in results.evaluate(row, "BASIC", is_continuous=False).matches]
    assert levels[True] == ["MEDIUM", "MEDIUM", "LOW"]
    assert levels[False] == ["CRITICAL", "HIGH", "HIGH", *levels[True]]
