"""What advisories are here: how many about which ecosystem, and what came of the last imports."""

from typing import Final

from django.core.cache import cache
from django.db.models import Count

from registry.models import AdvisoryImport, AffectedPackage

KEPT_SECONDS: Final = 3600
LAST: Final = 5


def by_ecosystem() -> list[tuple[str, int]]:
    """How many advisories are about each ecosystem, by name; counted once after each import."""
    newest = AdvisoryImport.objects.order_by("-id").values_list("id", "state").first()
    key = f"advisories by ecosystem {newest}".replace(" ", "-")
    known: list[tuple[str, int]] | None = cache.get(key)
    if known is None:
        rows = AffectedPackage.objects.filter(advisory__withdrawn_at=None).values_list("ecosystem")
        known = list(rows.annotate(n=Count("advisory", distinct=True)).order_by("ecosystem"))
        cache.set(key, known, KEPT_SECONDS)
    return known


def last_imports() -> list[AdvisoryImport]:
    """The last imports, the newest first."""
    return list(AdvisoryImport.objects.defer("changed").order_by("-id")[:LAST])
