"""Pulls by day, client, tag and platform; tags with keys to sort by. Both are filled from what is there."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Sum

import registry.content.versions
import registry.models.sort_key
from registry.content import versions


def compare_bytewise(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Give the keys the collation "C" on PostgreSQL, as names have it."""
    if editor.connection.vendor != "postgresql":
        return
    model = apps.get_model("registry", "ImageTag")
    for field_name in ("version_key", "name_key"):
        field = model._meta.get_field(field_name)
        table, column = (editor.quote_name(name) for name in (model._meta.db_table, field.column))
        editor.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar({field.max_length}) COLLATE "C"')


def fill(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Make the keys of the tags that are there, and add up their pulls."""
    tags = apps.get_model("registry", "ImageTag").objects
    for rows in _batched(tags.only("id", "name").iterator()):
        for row in rows:
            row.version_key, row.name_key = versions.version_key(row.name), versions.natural_key(row.name)
        tags.bulk_update(rows, ["version_key", "name_key"])
    daily = apps.get_model("registry", "DailyPulls")
    counts = apps.get_model("registry", "PullCount").objects.order_by()
    by_tag = counts.values_list("image__repository", "tag", "day").annotate(total=Sum("count"))
    by_day = counts.values_list("image__repository", "day").annotate(total=Sum("count"))
    daily.objects.bulk_create(
        (daily(repository_id=place, by="tag", name=tag, day=day, count=total) for place, tag, day, total in by_tag),
        batch_size=1000,
    )
    daily.objects.bulk_create(
        (daily(repository_id=place, by="client", name="other", day=day, count=total) for place, day, total in by_day),
        batch_size=1000,
    )


def _batched(rows: Iterable[Any], most: int = 1000) -> Iterator[list[Any]]:
    """Some rows at a time."""
    left = iter(rows)
    while batch := list(islice(left, most)):
        yield batch


class Migration(migrations.Migration):
    """The tables, then their rows."""


    dependencies = [
        ('registry', '0007_takedown'),
    ]

    operations = [
        migrations.CreateModel(
            name='DailyPulls',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('by', models.CharField(choices=[('client', 'Client'), ('tag', 'Tag'), ('platform', 'Platform')], max_length=8)),
                ('name', models.CharField(blank=True, max_length=300)),
                ('day', models.DateField()),
                ('count', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name='imagetag',
            name='name_key',
            field=registry.models.sort_key.SortKeyField(registry.content.versions.natural_key, default='', editable=False, max_length=600),
        ),
        migrations.AddField(
            model_name='imagetag',
            name='version_key',
            field=registry.models.sort_key.SortKeyField(registry.content.versions.version_key, default='', editable=False, max_length=600),
        ),
        migrations.AlterField(
            model_name='tagevent',
            name='kind',
            field=models.CharField(choices=[('created', 'created'), ('moved', 'moved'), ('deleted', 'deleted'), ('reverted', 'reverted')], max_length=12),
        ),
        migrations.AddIndex(
            model_name='imagetag',
            index=models.Index(fields=['repository', 'version_key', 'id'], name='image_tag_by_version'),
        ),
        migrations.AddIndex(
            model_name='imagetag',
            index=models.Index(fields=['repository', 'name_key', 'id'], name='image_tag_by_name'),
        ),
        migrations.AddField(
            model_name='dailypulls',
            name='repository',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='daily_pulls', to='registry.repository'),
        ),
        migrations.AddIndex(
            model_name='dailypulls',
            index=models.Index(fields=['repository', 'by', 'day'], name='daily_pulls_by_day'),
        ),
        migrations.AddConstraint(
            model_name='dailypulls',
            constraint=models.UniqueConstraint(fields=('repository', 'by', 'name', 'day'), name='daily_pulls_once'),
        ),
        migrations.RunPython(compare_bytewise, migrations.RunPython.noop),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
