"""Whether a repository has archived images is one step in an index: every pull of a blob asks."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0014_collection_sizes")]

    operations = [
        migrations.AddIndex(
            model_name="image",
            index=models.Index(
                condition=models.Q(("deleted_at", None), ("image_status", "ARCHIVED")),
                fields=["repository"],
                name="image_archived",
            ),
        ),
    ]
