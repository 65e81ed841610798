"""What finds text: a table of trigrams on SQLite, an index of trigrams on PostgreSQL; names compare byte by byte."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

COLUMNS = (("Listing", "alias"), ("Listing", "name"), ("Term", "word"))


def make(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Make it, for the listings that are there too."""
    if editor.connection.vendor == "sqlite":
        editor.execute("CREATE VIRTUAL TABLE gallery_listing_text USING fts5(text, tokenize='trigram')")
        editor.execute("INSERT INTO gallery_listing_text (rowid, text) SELECT id, search_text FROM gallery_listing")
        return
    editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    editor.execute("CREATE INDEX listing_search_text ON gallery_listing USING gin (search_text gin_trgm_ops)")
    for model_name, field_name in COLUMNS:
        model = apps.get_model("gallery", model_name)
        field = model._meta.get_field(field_name)
        table, column = (editor.quote_name(name) for name in (model._meta.db_table, field.column))
        editor.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar({field.max_length}) COLLATE "C"')


def unmake(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take it away."""
    if editor.connection.vendor == "sqlite":
        editor.execute("DROP TABLE gallery_listing_text")
    else:
        editor.execute("DROP INDEX listing_search_text")


class Migration(migrations.Migration):
    """Text search."""

    dependencies = [("gallery", "0003_search")]
    operations = [migrations.RunPython(make, unmake)]
