"""What facets choose by becomes one number, of which a table knows all values; publishers are found by folded names."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Case, F, IntegerField, Q, Value, When

from gallery.search.folding import fold

KINDS = ("image", "chart", "artifact")
OPERATING_SYSTEMS, ARCHITECTURES, CATEGORIES = 8, 12, 28
FLAGS = (("is_verified", 24), ("is_signed", 25), ("has_sbom", 26))


def fill(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Compute both columns for the listings that are there."""
    listing, facet_set = apps.get_model("gallery", "Listing"), apps.get_model("gallery", "FacetSet")
    kind = Case(*(When(kind=name, then=Value(1 << place)) for place, name in enumerate(KINDS)), default=Value(0))
    flags = [
        Case(When(Q((name, True)), then=Value(1 << place)), default=Value(0), output_field=IntegerField())
        for name, place in FLAGS
    ]
    bits = (
        kind
        + F("os_bits") * (1 << OPERATING_SYSTEMS)
        + F("architecture_bits") * (1 << ARCHITECTURES)
        + F("category_bits") * (1 << CATEGORIES)
    )
    for flag in flags:
        bits += flag
    if editor.connection.vendor == "postgresql":  # names compare byte by byte, as in 0004
        editor.execute('ALTER TABLE gallery_listing ALTER COLUMN publisher_folded TYPE varchar(100) COLLATE "C"')
    # PostgreSQL lets no row be written twice before the table is changed again.
    for alias, publisher in list(listing.objects.order_by().values_list("alias", "publisher").distinct()):
        named = listing.objects.filter(alias=alias, publisher=publisher)
        named.update(facet_bits=bits, publisher_folded=fold(publisher)[:100])
    known = listing.objects.values_list("facet_bits", flat=True).order_by().distinct()
    facet_set.objects.bulk_create([facet_set(bits=each) for each in known], batch_size=500)


def unfill(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take the number apart again."""
    listing = apps.get_model("gallery", "Listing")
    listing.objects.update(
        os_bits=F("facet_bits").bitrightshift(OPERATING_SYSTEMS).bitand(3),
        architecture_bits=F("facet_bits").bitrightshift(ARCHITECTURES).bitand(15),
        category_bits=F("facet_bits").bitrightshift(CATEGORIES),
    )


class Migration(migrations.Migration):
    """Facets."""

    dependencies = [("gallery", "0005_aliases")]
    operations = [
        migrations.RemoveIndex("listing", "listing_facets"),
        migrations.CreateModel("FacetSet", [("bits", models.BigIntegerField(primary_key=True, serialize=False))]),
        migrations.AddField("listing", "facet_bits", models.BigIntegerField(default=0)),
        migrations.AddField("listing", "publisher_folded", models.CharField(blank=True, max_length=100, default="")),
        migrations.RunPython(fill, unfill),
        migrations.RemoveField("listing", "os_bits"),
        migrations.RemoveField("listing", "architecture_bits"),
        migrations.RemoveField("listing", "category_bits"),
        migrations.AddIndex("listing", models.Index(fields=["publisher_folded", "alias"], name="listing_by_publisher")),
        migrations.AddIndex(
            "listing",
            models.Index(
                fields=["facet_bits", "is_deprecated", "licence", "updated_at", "alias", "id"], name="listing_facets"
            ),
        ),
    ]
