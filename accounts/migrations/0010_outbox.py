"""Queues, claims and dead letters of the outbox."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0009_console_users'),
    ]

    operations = [
        migrations.AddField(
            model_name='outboxrow',
            name='claim',
            field=models.UUIDField(blank=True, default=None, null=True),
        ),
        migrations.AddField(
            model_name='outboxrow',
            name='claimed_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='outboxrow',
            name='dead_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='outboxrow',
            name='queue',
            field=models.CharField(db_default='default', default='default', max_length=32),
        ),
        migrations.AlterField(
            model_name='outboxrow',
            name='due_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddIndex(
            model_name='outboxrow',
            index=models.Index(condition=models.Q(('dead_at', None)), fields=['due_at', 'id'], name='outbox_due'),
        ),
        migrations.AddIndex(
            model_name='outboxrow',
            index=models.Index(condition=models.Q(('dead_at', None), _negated=True), fields=['-dead_at', '-id'], name='outbox_dead'),
        ),
    ]
