"""Findings that are left aside, with a reason."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_outbox'),
        ('registry', '0018_peer'),
    ]

    operations = [
        migrations.AddField(
            model_name='imagescan',
            name='ignored',
            field=models.IntegerField(default=0),
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('region', models.CharField(max_length=32)),
                ('vulnerability', models.CharField(max_length=128)),
                ('package', models.CharField(blank=True, max_length=512)),
                ('package_type', models.CharField(blank=True, max_length=64)),
                ('version', models.CharField(blank=True, max_length=512)),
                ('repository', models.CharField(blank=True, max_length=256)),
                ('image_digest', models.CharField(blank=True, max_length=135)),
                ('justification', models.CharField(choices=[('component_not_present', 'The package is not there'), ('vulnerable_code_not_present', 'The vulnerable code is not there'), ('vulnerable_code_not_in_execute_path', 'The vulnerable code is never run'), ('vulnerable_code_cannot_be_controlled_by_adversary', 'No attacker can reach the vulnerable code'), ('inline_mitigations_already_exist', 'Something else prevents the attack'), ('fixed', 'It is fixed here'), ('false_positive', 'The finding is wrong'), ('risk_accepted', 'The risk is accepted')], max_length=64)),
                ('reason', models.CharField(blank=True, max_length=1000)),
                ('until', models.DateTimeField(blank=True, null=True)),
                ('is_in_force', models.BooleanField(default=True)),
                ('document', models.CharField(blank=True, max_length=512)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_by', models.CharField(blank=True, max_length=512)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='suppressions', to='accounts.account')),
            ],
        ),
        migrations.AddField(
            model_name='finding',
            name='suppression',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='findings', to='registry.suppression'),
        ),
        migrations.AddIndex(
            model_name='finding',
            index=models.Index(fields=['name'], name='finding_by_name'),
        ),
        migrations.AddIndex(
            model_name='suppression',
            index=models.Index(fields=['account', 'region', 'vulnerability'], name='suppression_by_name'),
        ),
        migrations.AddIndex(
            model_name='suppression',
            index=models.Index(condition=models.Q(('is_in_force', True)), fields=['until'], name='suppression_to_end'),
        ),
    ]
