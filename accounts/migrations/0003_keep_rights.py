"""Who could do everything before policies existed still can: AdministratorAccess is attached to users and roles."""

from django.db import migrations

ADMINISTRATOR_ACCESS = "arn:aws:iam::aws:policy/AdministratorAccess"


def attach(apps, schema_editor):
    principals = apps.get_model("accounts", "Principal")
    attachments = apps.get_model("accounts", "PolicyAttachment")
    attachments.objects.bulk_create(
        attachments(principal_id=principal_id, policy_arn=ADMINISTRATOR_ACCESS)
        for principal_id in principals.objects.exclude(kind="root").values_list("id", flat=True)
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_iam")]

    operations = [migrations.RunPython(attach, migrations.RunPython.noop)]
