"""Advisories, SBOMs, scans of images and their findings."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0015_archived_images'),
    ]

    operations = [
        migrations.CreateModel(
            name='Advisory',
            fields=[
                ('id', models.CharField(max_length=128, primary_key=True, serialize=False)),
                ('names', models.JSONField(default=list)),
                ('summary', models.CharField(blank=True, max_length=500)),
                ('details', models.TextField(blank=True)),
                ('severity', models.CharField(choices=[('CRITICAL', 'Critical'), ('HIGH', 'High'), ('MEDIUM', 'Medium'), ('LOW', 'Low'), ('INFORMATIONAL', 'Informational'), ('UNDEFINED', 'Undefined')], default='UNDEFINED', max_length=13)),
                ('vectors', models.JSONField(default=list)),
                ('url', models.CharField(blank=True, max_length=1000)),
                ('references', models.JSONField(default=list)),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('modified_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ('content_digest', models.CharField(max_length=64)),
                ('imported_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'verbose_name_plural': 'advisories',
            },
        ),
        migrations.CreateModel(
            name='Sbom',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('manifest_digest', models.CharField(max_length=135, unique=True)),
                ('content', models.BinaryField()),
                ('distribution', models.CharField(blank=True, max_length=512)),
                ('package_count', models.IntegerField()),
                ('generator', models.CharField(max_length=512)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'verbose_name': 'SBOM',
                'verbose_name_plural': 'SBOMs',
            },
        ),
        migrations.CreateModel(
            name='AdvisoryImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=1000)),
                ('state', models.CharField(choices=[('running', 'running'), ('done', 'done'), ('failed', 'failed')], default='running', max_length=8)),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('read', models.IntegerField(default=0)),
                ('added', models.IntegerField(default=0)),
                ('updated', models.IntegerField(default=0)),
                ('withdrawn', models.IntegerField(default=0)),
                ('refused', models.IntegerField(default=0)),
                ('changed', models.JSONField(default=list)),
                ('changed_all', models.BooleanField(default=False)),
                ('problems', models.JSONField(default=list)),
                ('error', models.CharField(blank=True, max_length=500)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'done')), fields=['-id'], name='advisory_import_newest')],
            },
        ),
        migrations.CreateModel(
            name='ImageScan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('PENDING', 'queued'), ('IN_PROGRESS', 'scanning'), ('COMPLETE', 'complete'), ('ACTIVE', 'complete, and kept up to date'), ('FAILED', 'failed'), ('UNSUPPORTED_IMAGE', 'not supported'), ('FINDINGS_UNAVAILABLE', 'no advisories to look at'), ('SCAN_ELIGIBILITY_EXPIRED', 'no longer kept up to date')], default='PENDING', max_length=24)),
                ('reason', models.CharField(blank=True, max_length=1000)),
                ('scan_type', models.CharField(default='BASIC', max_length=8)),
                ('attempts', models.IntegerField(default=0)),
                ('requested_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('requested_by', models.CharField(blank=True, max_length=512)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('completed_at', models.DateTimeField(blank=True, null=True)),
                ('source_updated_at', models.DateTimeField(blank=True, null=True)),
                ('counts', models.JSONField(default=dict)),
                ('fixable', models.JSONField(default=dict)),
                ('image', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='scan', to='registry.image')),
                ('sbom', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='scans', to='registry.sbom')),
            ],
        ),
        migrations.CreateModel(
            name='AffectedPackage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ecosystem', models.CharField(max_length=64)),
                ('name', models.CharField(max_length=255)),
                ('ranges', models.JSONField(default=list)),
                ('versions', models.JSONField(default=list)),
                ('severity', models.CharField(blank=True, choices=[('CRITICAL', 'Critical'), ('HIGH', 'High'), ('MEDIUM', 'Medium'), ('LOW', 'Low'), ('INFORMATIONAL', 'Informational'), ('UNDEFINED', 'Undefined')], max_length=13)),
                ('module', models.CharField(blank=True, max_length=128)),
                ('advisory', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='affected', to='registry.advisory')),
            ],
            options={
                'indexes': [models.Index(fields=['ecosystem', 'name'], name='affected_package_by_name')],
                'constraints': [models.UniqueConstraint(fields=('advisory', 'ecosystem', 'name'), name='affected_package_once')],
            },
        ),
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.IntegerField()),
                ('name', models.CharField(max_length=128)),
                ('severity', models.CharField(choices=[('CRITICAL', 'Critical'), ('HIGH', 'High'), ('MEDIUM', 'Medium'), ('LOW', 'Low'), ('INFORMATIONAL', 'Informational'), ('UNDEFINED', 'Undefined')], max_length=13)),
                ('score', models.FloatField(blank=True, null=True)),
                ('package', models.CharField(max_length=512)),
                ('version', models.CharField(max_length=512)),
                ('package_type', models.CharField(max_length=64)),
                ('arch', models.CharField(blank=True, max_length=512)),
                ('installed_as', models.CharField(blank=True, max_length=1100)),
                ('fixed_in', models.CharField(blank=True, max_length=512)),
                ('path', models.CharField(blank=True, max_length=512)),
                ('layer', models.CharField(blank=True, max_length=135)),
                ('first_seen_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('advisory', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='registry.advisory')),
                ('scan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='registry.imagescan')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('scan', 'position'), name='finding_position_once')],
            },
        ),
        migrations.AddIndex(
            model_name='imagescan',
            index=models.Index(fields=['status', 'sbom'], name='image_scan_by_status'),
        ),
    ]
