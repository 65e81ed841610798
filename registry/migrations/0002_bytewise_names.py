"""Names, tags and digests compare byte by byte on PostgreSQL too, as the OCI listings demand and SQLite does by itself."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

COLUMNS = (("Repository", "name"), ("ImageTag", "name"), ("Image", "digest"), ("Image", "subject_digest"))


def compare_bytewise(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Give the columns the collation "C"; other databases than PostgreSQL are left alone."""
    if editor.connection.vendor != "postgresql":
        return
    for model_name, field_name in COLUMNS:
        model = apps.get_model("registry", model_name)
        field = model._meta.get_field(field_name)
        table, column = (editor.quote_name(name) for name in (model._meta.db_table, field.column))
        editor.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar({field.max_length}) COLLATE "C"')


class Migration(migrations.Migration):
    """Collation of names."""

    dependencies = [("registry", "0001_initial")]
    operations = [migrations.RunPython(compare_bytewise, migrations.RunPython.noop)]
