"""Webhooks and the log of what was sent to them."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_audit_changes'),
        ('registry', '0012_collection'),
    ]

    operations = [
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=64)),
                ('url', models.CharField(max_length=2048)),
                ('secret', models.BinaryField()),
                ('former_secret', models.BinaryField(blank=True, null=True)),
                ('former_until', models.DateTimeField(blank=True, null=True)),
                ('event_types', models.JSONField(default=list)),
                ('repository_filter', models.CharField(default='*', max_length=256)),
                ('tag_filter', models.CharField(default='*', max_length=128)),
                ('is_enabled', models.BooleanField(default=True)),
                ('paused_at', models.DateTimeField(blank=True, null=True)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('failing_since', models.DateTimeField(blank=True, null=True)),
                ('wait_until', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('created_by', models.CharField(blank=True, max_length=512)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='webhooks', to='accounts.account')),
            ],
        ),
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('event_id', models.UUIDField()),
                ('detail_type', models.CharField(max_length=64)),
                ('action', models.CharField(blank=True, max_length=32)),
                ('subject', models.CharField(blank=True, max_length=256)),
                ('body', models.TextField()),
                ('state', models.CharField(choices=[('pending', 'waiting'), ('held', 'held back'), ('delivered', 'delivered'), ('failed', 'given up')], default='pending', max_length=12)),
                ('tries', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('next_try_at', models.DateTimeField(blank=True, null=True)),
                ('tried_at', models.DateTimeField(blank=True, null=True)),
                ('took_ms', models.PositiveIntegerField(blank=True, null=True)),
                ('request_headers', models.JSONField(blank=True, default=dict)),
                ('status', models.PositiveIntegerField(blank=True, null=True)),
                ('answer_headers', models.JSONField(blank=True, default=dict)),
                ('answer_body', models.TextField(blank=True)),
                ('error', models.CharField(blank=True, max_length=200)),
                ('webhook', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='registry.webhook')),
            ],
        ),
        migrations.AddConstraint(
            model_name='webhook',
            constraint=models.UniqueConstraint(fields=('account', 'name'), name='webhook_name_once'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(fields=['webhook', '-created_at', '-id'], name='webhook_delivery_newest'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(fields=['webhook', 'state', 'id'], name='webhook_delivery_state'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(fields=['created_at'], name='webhook_delivery_age'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.UniqueConstraint(fields=('webhook', 'event_id'), name='webhook_event_once'),
        ),
    ]
