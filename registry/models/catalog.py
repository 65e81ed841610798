"""What publishers say about their public repositories and registries, for people who look at them."""

from django.db import models
from django.utils import timezone

from accounts.models import Account
from registry.models.repository import Repository


class CatalogData(models.Model):
    """A public repository's description, texts in GitHub Markdown, and what it is for."""

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, related_name="catalog_data")
    description = models.CharField(max_length=1024, blank=True)
    about_text = models.TextField(blank=True)
    usage_text = models.TextField(blank=True)
    architectures = models.JSONField(default=list, blank=True)
    operating_systems = models.JSONField(default=list, blank=True)
    categories = models.JSONField(default=list, blank=True, help_text="slugs of gallery categories")
    licence = models.CharField(max_length=100, blank=True, help_text="an SPDX expression, as the publisher gives it")
    source_url = models.URLField(max_length=500, blank=True)
    is_deprecated = models.BooleanField(default=False)
    replacement = models.CharField(max_length=307, blank=True, help_text="what to use instead: alias/name or a text")
    logo = models.ForeignKey("Logo", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "catalog data"

    def __str__(self) -> str:
        return f"catalog data of {self.repository}"


class Logo(models.Model):
    """A logo as it is shown: a PNG of ours, named by its digest."""

    digest = models.CharField(max_length=64, primary_key=True)
    content = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.digest


class RegistryCatalogData(models.Model):
    """What an account's public registry is shown as, and whether staff have verified who is behind it."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="catalog_data")
    display_name = models.CharField(max_length=100, blank=True)
    description = models.CharField(max_length=1024, blank=True)
    website = models.URLField(max_length=500, blank=True)
    logo = models.ForeignKey("Logo", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.CharField(max_length=254, blank=True, help_text="mail address of the staff member")
    verified_because = models.TextField(blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "registry catalog data"

    def __str__(self) -> str:
        return f"catalog data of {self.account_id}"
