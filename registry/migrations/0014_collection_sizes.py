"""Passes of the collector say what came free by kind, not only in all."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0013_webhooks")]

    operations = [
        migrations.AddField(
            model_name="collectionrun",
            name="sizes",
            field=models.JSONField(default=dict),
        ),
    ]
