"""Repository creation templates: made, changed, listed; and which one applies to a name, longest prefix first."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.iam import document
from accounts.iam.document import Kind, PolicyInvalid
from accounts.models import Account
from registry.core import addresses, mutability, permissions
from registry.errors import InvalidPolicy, LimitExceeded, TemplateAlreadyExists, TemplateNotFound
from registry.models import CreationTemplate
from registry.values import RegistryId

ROOT: Final = "ROOT"
CREATE_ON_PUSH: Final = "CREATE_ON_PUSH"
REPLICATION: Final = "REPLICATION"
MOST: Final = 100
SETTABLE: Final = (
    "applied_for",
    "custom_role_arn",
    "description",
    "image_tag_mutability",
    "image_tag_mutability_exclusion_filters",
    "lifecycle_policy",
    "repository_policy",
    "resource_tags",
)
"""What a template says about repositories that are made by it, beside its prefix."""


def put(caller: Caller, registry: RegistryId, prefix: str, fields: Mapping[str, Any]) -> CreationTemplate:
    """Make a template; `fields` are some of SETTABLE.

    Raises TemplateAlreadyExists, LimitExceeded, InvalidPolicy, InvalidValue.
    """
    permissions.require_in_registry(caller, registry, Action.CREATE_REPOSITORY_CREATION_TEMPLATE)
    place = {"account_id": registry.account_id, "region": registry.region}
    made = CreationTemplate(**place, prefix=_plain(prefix), **_chosen(fields))
    _check(made)
    try:
        with transaction.atomic():
            if CreationTemplate.objects.filter(**place).count() >= MOST:
                raise LimitExceeded(f"A registry may have {MOST} repository creation templates")
            made.save()
            _record(caller, registry, Action.CREATE_REPOSITORY_CREATION_TEMPLATE, made)
    except IntegrityError as error:
        raise TemplateAlreadyExists(prefix, registry.account_id) from error
    return made


def change(caller: Caller, registry: RegistryId, prefix: str, fields: Mapping[str, Any]) -> CreationTemplate:
    """Change what a template says; what is not among `fields` stays. TemplateNotFound, InvalidPolicy, InvalidValue."""
    permissions.require_in_registry(caller, registry, Action.UPDATE_REPOSITORY_CREATION_TEMPLATE)
    with transaction.atomic():
        row = _rows(registry).select_for_update(no_key=True).filter(prefix=_plain(prefix)).first()
        if row is None:
            raise TemplateNotFound(prefix, registry.account_id)
        for name, value in _chosen(fields).items():
            setattr(row, name, value)
        _check(row)
        row.updated_at = timezone.now()
        row.save()
        _record(caller, registry, Action.UPDATE_REPOSITORY_CREATION_TEMPLATE, row)
    return row


def delete(caller: Caller, registry: RegistryId, prefix: str) -> CreationTemplate:
    """Remove a template and return it; repositories that it made stay. TemplateNotFound."""
    permissions.require_in_registry(caller, registry, Action.DELETE_REPOSITORY_CREATION_TEMPLATE)
    with transaction.atomic():
        row = _rows(registry).filter(prefix=_plain(prefix)).first()
        if row is None:
            raise TemplateNotFound(prefix, registry.account_id)
        _record(caller, registry, Action.DELETE_REPOSITORY_CREATION_TEMPLATE, row)
        row.delete()
    return row


def describe(
    caller: Caller, registry: RegistryId, *, prefixes: Sequence[str] = (), after: str = "", limit: int = 100
) -> tuple[list[CreationTemplate], bool]:
    """Return templates by prefix after `after`, and whether more follow; or those that are named and there."""
    permissions.require_in_registry(caller, registry, Action.DESCRIBE_REPOSITORY_CREATION_TEMPLATES)
    found = _rows(registry).order_by("prefix")
    if prefixes:
        return list(found.filter(prefix__in=[_plain(each) for each in prefixes])), False
    rows = list(found.filter(prefix__gt=after)[: limit + 1])
    return rows[:limit], len(rows) > limit


def create(
    account: Account,
    region: str,
    prefix: str = ROOT,
    *,
    applied_for: Iterable[str] = (CREATE_ON_PUSH,),
    image_tag_mutability: str = "MUTABLE",
) -> CreationTemplate:
    """Make a template for names below `prefix` (`ROOT` for all), or return the one that is there; for the operator."""
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


def _rows(registry: RegistryId) -> QuerySet[CreationTemplate]:
    return CreationTemplate.objects.filter(account_id=registry.account_id, region=registry.region)


def _plain(prefix: str) -> str:
    """The prefix without the slash at its end, which is always meant."""
    return prefix.rstrip("/")


def _chosen(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fields[name] for name in SETTABLE if fields.get(name) is not None}


def _check(template: CreationTemplate) -> None:
    """InvalidValue or InvalidPolicy for settings that no repository could have."""
    mutability.check(template.image_tag_mutability, template.image_tag_mutability_exclusion_filters)
    if template.repository_policy:
        try:
            document.parse(template.repository_policy, Kind.REPOSITORY)
        except PolicyInvalid as error:
            raise InvalidPolicy(error.problems) from error


def _record(caller: Caller, registry: RegistryId, action: Action, template: CreationTemplate) -> None:
    details = {"prefix": template.prefix, "appliedFor": template.applied_for}
    trail.record(caller, action, addresses.registry_arn(registry), details=details)
