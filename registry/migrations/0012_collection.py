"""Passes of the collector; and the grace of a blob becomes that of its link, since each repository asks for itself."""

import django.utils.timezone
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import OuterRef, Subquery


def keep_links(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Give each link the grace that its blob has."""
    link = apps.get_model("registry", "BlobLink")
    blob = apps.get_model("registry", "Blob")
    its = blob.objects.filter(id=OuterRef("blob_id")).values("keep_until")[:1]
    link.objects.update(keep_until=Subquery(its))


class Migration(migrations.Migration):
    dependencies = [("registry", "0011_lifecycle")]

    operations = [
        migrations.AddField(
            model_name="bloblink",
            name="keep_until",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.RunPython(keep_links, migrations.RunPython.noop),
        migrations.RemoveField(model_name="blob", name="keep_until"),
        migrations.CreateModel(
            name="CollectionRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("collect", "collection"), ("dry", "dry run"), ("verify", "verification")],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("running", "running"),
                            ("done", "done"),
                            ("partial", "done, with problems"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("asked_by", models.CharField(blank=True, max_length=254)),
                ("grace_seconds", models.BigIntegerField(default=0)),
                ("walks_storage", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("token", models.CharField(blank=True, max_length=32)),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("step", models.CharField(blank=True, max_length=16)),
                ("cursor", models.CharField(blank=True, max_length=255)),
                ("counts", models.JSONField(default=dict)),
                ("freed_bytes", models.BigIntegerField(default=0)),
                ("problems", models.JSONField(default=list)),
                ("problem_count", models.IntegerField(default=0)),
            ],
            options={
                "indexes": [models.Index(fields=["-created_at", "-id"], name="collection_run_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["waiting", "running"])),
                        fields=("kind",),
                        name="collection_run_open_once",
                    )
                ],
            },
        ),
    ]
