"""Repository creation templates: which one applies to a name, longest prefix first."""

from collections.abc import Iterable
from typing import Final

from accounts.models import Account
from registry.models import CreationTemplate

ROOT: Final = "ROOT"
CREATE_ON_PUSH: Final = "CREATE_ON_PUSH"


def create(
    account: Account,
    region: str,
    prefix: str = ROOT,
    *,
    applied_for: Iterable[str] = (CREATE_ON_PUSH,),
    image_tag_mutability: str = "MUTABLE",
) -> CreationTemplate:
    """Make a template for names below `prefix` (`ROOT` for all), or return the one that is there."""
    template, _ = CreationTemplate.objects.get_or_create(
        account=account,
        region=region,
        prefix=prefix,
        defaults={"applied_for": list(applied_for), "image_tag_mutability": image_tag_mutability},
    )
    return template


def match(account_id: str, region: str, name: str, purpose: str = CREATE_ON_PUSH) -> CreationTemplate | None:
    """Return the template with the longest prefix that covers the name and is meant for `purpose`."""
    parts = name.split("/")
    prefixes = [ROOT, *("/".join(parts[:count]) for count in range(1, len(parts)))]
    found = {
        template.prefix: template
        for template in CreationTemplate.objects.filter(account_id=account_id, region=region, prefix__in=prefixes)
        if purpose in template.applied_for
    }
    return next((found[prefix] for prefix in reversed(prefixes) if prefix in found), None)
