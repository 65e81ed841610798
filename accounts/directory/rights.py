"""What a principal's own account lets it do: its inline and attached policies, and those of its groups."""

import structlog
from django.db.models import Q

from accounts.directory import policies
from accounts.iam import document
from accounts.iam.document import Kind, Policy, PolicyInvalid
from accounts.iam.request import EVERYTHING, Rights
from accounts.models import InlinePolicy, PolicyAttachment, Principal

log = structlog.get_logger(__name__)


class Unreadable(Exception):
    """A stored policy of the principal can't be read."""


def of(principal: Principal) -> Rights:
    """Return the rights of a principal, in at most three queries. The account's root may do everything.

    If one of the policies can't be read any more, there are none: it might have been the one that denies.
    """
    if principal.kind == Principal.Kind.ROOT:
        return EVERYTHING
    its = Q(principal=principal)
    if principal.kind == Principal.Kind.USER:
        its |= Q(group__memberships__user=principal)
    inline = InlinePolicy.objects.filter(its).order_by("id").values_list("name", "document", "group__name")
    attached = PolicyAttachment.objects.filter(its).order_by("id").values_list("policy_arn", "group__name")
    arns = dict(attached)
    try:
        found = [_read(text, _label(name, group)) for name, text, group in inline]
        texts = policies.documents(arns)
        found += [
            _read(texts[arn], _label(arn.rpartition("/")[2], group)) for arn, group in arns.items() if arn in texts
        ]
    except Unreadable:
        return Rights()
    return Rights(tuple(found))


def _label(name: str, group: str | None) -> str:
    return f"{name} of group {group}" if group else name


def _read(text: str, label: str) -> Policy:
    try:
        return document.parse(text, Kind.IDENTITY).named(label)
    except PolicyInvalid as error:
        log.error("a stored policy can't be read; its principal has no rights", policy=label, error=str(error))
        raise Unreadable from error
