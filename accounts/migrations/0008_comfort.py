"""What people choose of tables."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the columns that a person wants to see."""

    dependencies = [("accounts", "0007_audit_changes")]

    operations = [
        migrations.AddField(
            model_name="person",
            name="columns",
            field=models.JSONField(
                blank=True, default=dict, editable=False, help_text="of tables, as they were chosen"
            ),
        ),
    ]
