"""Counters of repositories for lists to sort by, deletion protection, and long jobs."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.db import migrations, models

COUNT = """
    UPDATE registry_repository SET
        image_count = (SELECT COUNT(*) FROM registry_image i
            WHERE i.repository_id = registry_repository.id AND i.deleted_at IS NULL),
        stored_size = (SELECT COALESCE(SUM(i.size), 0) FROM registry_image i
            WHERE i.repository_id = registry_repository.id AND i.deleted_at IS NULL AND i.kind <> 'index'),
        last_pull_at = (SELECT MAX(i.last_recorded_pull_time) FROM registry_image i
            WHERE i.repository_id = registry_repository.id)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_audit_changes'),
        ('registry', '0009_notices_released_aliases'),
    ]

    operations = [
        migrations.AddField(
            model_name='repository',
            name='deletion_protection',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='repository',
            name='image_count',
            field=models.IntegerField(default=0),
        ),
        migrations.AddField(
            model_name='repository',
            name='last_pull_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='repository',
            name='stored_size',
            field=models.BigIntegerField(default=0),
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
        migrations.CreateModel(
            name='WorkItem',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('region', models.CharField(max_length=32)),
                ('kind', models.CharField(max_length=32)),
                ('subject', models.CharField(blank=True, max_length=256)),
                ('params', models.JSONField(blank=True, default=dict)),
                ('state', models.CharField(choices=[('queued', 'waiting'), ('running', 'running'), ('done', 'done'), ('partial', 'done, with failures'), ('cancelled', 'cancelled')], default='queued', max_length=12)),
                ('total', models.IntegerField(default=0)),
                ('done', models.IntegerField(default=0)),
                ('failed', models.IntegerField(default=0)),
                ('source_ip', models.CharField(blank=True, max_length=45)),
                ('created_by', models.CharField(blank=True, max_length=512)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='work_items', to='accounts.account')),
                ('membership', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.membership')),
            ],
        ),
        migrations.CreateModel(
            name='WorkTarget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=300)),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('done', 'Done'), ('failed', 'Failed')], default='pending', max_length=8)),
                ('error', models.CharField(blank=True, help_text='the name of what hindered it', max_length=64)),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='targets', to='registry.workitem')),
            ],
        ),
        migrations.AddIndex(
            model_name='workitem',
            index=models.Index(fields=['account', '-created_at', '-id'], name='work_newest'),
        ),
        migrations.AddIndex(
            model_name='worktarget',
            index=models.Index(fields=['item', 'state', 'id'], name='work_target_next'),
        ),
    ]
