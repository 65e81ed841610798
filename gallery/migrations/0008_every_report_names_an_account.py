"""In a migration of its own: PostgreSQL alters no table whose rows the same transaction has changed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gallery", "0007_publisher_reports")]

    operations = [
        migrations.AlterField(
            model_name="report",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="reports",
                to="accounts.account",
            ),
        ),
    ]
