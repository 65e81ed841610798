"""What a principal's own account lets it do: its inline and attached policies, and those of its groups."""

from collections.abc import Iterable, Mapping

import structlog
from django.db.models import Q
from django.db.models.functions import Coalesce

from accounts.directory import policies
from accounts.iam import document
from accounts.iam.document import Kind, Policy, PolicyInvalid
from accounts.iam.request import EVERYTHING, Rights
from accounts.models import InlinePolicy, PolicyAttachment, Principal

log = structlog.get_logger(__name__)


class Unreadable(Exception):
    """A stored policy of the principal can't be read."""


def of(principal: Principal) -> Rights:
    """Return the rights of a principal, in at most three queries. The account's root may do everything."""
    return of_many([principal])[principal.id]


def of_many(principals: Iterable[Principal]) -> dict[int, Rights]:
    """Return the rights of several principals by their ids, in at most three queries.

    If one of the policies of a principal can't be read any more, it has none: it might have been the one that denies.
    """
    everyone = list(principals)
    rights = {each.id: EVERYTHING for each in everyone if each.kind == Principal.Kind.ROOT}
    asked = [each.id for each in everyone if each.id not in rights]
    if not asked:
        return rights
    its = Q(principal__in=asked)
    users = [each.id for each in everyone if each.kind == Principal.Kind.USER]
    if users:
        its |= Q(group__memberships__user__in=users)
    owner = Coalesce("principal_id", "group__memberships__user_id")
    inline = InlinePolicy.objects.filter(its).annotate(owner=owner).order_by("id")
    attached = PolicyAttachment.objects.filter(its).annotate(owner=owner).order_by("id")
    texts: dict[int, dict[tuple[str, str], str]] = {each: {} for each in asked}
    for owner_id, name, text, group in inline.values_list("owner", "name", "document", "group__name"):
        texts[owner_id][_label(name, group), ""] = text
    rows = list(attached.values_list("owner", "policy_arn", "group__name"))
    documents = policies.documents(dict.fromkeys(arn for _, arn, _ in rows))
    for owner_id, arn, group in rows:
        if arn in documents:
            texts[owner_id].setdefault((_label(arn.rpartition("/")[2], group), arn), documents[arn])
    return rights | {each: _read_all(texts[each]) for each in asked}


def _read_all(texts: Mapping[tuple[str, str], str]) -> Rights:
    try:
        return Rights(tuple(_read(text, label) for (label, _), text in texts.items()))
    except Unreadable:
        return Rights()


def _label(name: str, group: str | None) -> str:
    return f"{name} of group {group}" if group else name


def _read(text: str, label: str) -> Policy:
    try:
        return document.parse(text, Kind.IDENTITY).named(label)
    except PolicyInvalid as error:
        log.error("a stored policy can't be read; its principal has no rights", policy=label, error=str(error))
        raise Unreadable from error
