"""Migrations put things where the code looks for them."""

from importlib import import_module

from gallery.search.facets import BY_NAME

FLAGS = ("is_verified", "is_signed", "has_sbom")


def test_bits_are_where_the_migration_put_them() -> None:
    migration = import_module("gallery.migrations.0006_facet_sets")
    places = {name: BY_NAME[facet].first for name, facet in zip(FLAGS, ("verified", "signed", "sbom"), strict=True)}
    assert dict(migration.FLAGS) == places
    assert BY_NAME["kind"].known[: len(migration.KINDS)] == migration.KINDS and BY_NAME["kind"].first == 0
    firsts = (migration.OPERATING_SYSTEMS, migration.ARCHITECTURES, migration.CATEGORIES)
    assert tuple(BY_NAME[name].first for name in ("os", "arch", "category")) == firsts


def test_no_two_values_share_a_bit() -> None:
    masks = [facet.bits(facet.known) for facet in BY_NAME.values() if facet.is_bits]
    together = 0
    for mask in masks:
        assert not together & mask
        together |= mask
    assert together < 1 << 63
