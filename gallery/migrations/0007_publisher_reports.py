"""Reports are about a repository or about a publisher: an account, which is named in either case."""

import django.db.models.deletion
from django.db import migrations, models


def name_accounts(apps, schema_editor):
    """Reports so far are about repositories: their accounts."""
    report = apps.get_model("gallery", "Report")
    repository = apps.get_model("registry", "Repository")
    account = repository.objects.filter(id=models.OuterRef("repository_id")).values("account_id")[:1]
    report.objects.filter(account=None).update(account_id=models.Subquery(account))


def forget_publishers(apps, schema_editor):
    """Without this migration a report is about a repository."""
    apps.get_model("gallery", "Report").objects.filter(repository=None).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_audit_changes"),
        ("gallery", "0006_facet_sets"),
        ("registry", "0007_takedown"),
    ]

    operations = [
        migrations.AddField(
            model_name="report",
            name="account",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="reports",
                to="accounts.account",
            ),
        ),
        migrations.AlterField(
            model_name="report",
            name="repository",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="reports",
                to="registry.repository",
            ),
        ),
        migrations.AlterField(
            model_name="report",
            name="path",
            field=models.CharField(help_text="alias/name at the time; of a publisher its alias", max_length=307),
        ),
        migrations.RunPython(name_accounts, forget_publishers),
    ]
