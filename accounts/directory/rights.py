"""What a principal's own account lets it do: its inline and attached policies, and those of its groups."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from django.db.models import Case, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from accounts.directory import policies
from accounts.iam import document, managed
from accounts.iam.document import Kind, Policy, PolicyInvalid
from accounts.iam.request import EVERYTHING, Rights
from accounts.models import InlinePolicy, Membership, PolicyAttachment, PolicyVersion, Principal, Session
from accounts.models.aggregates import Rows

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


@dataclass(frozen=True, slots=True)
class Source:
    """A policy that counts for a user: its own or of a group; `arn` is empty for inline ones."""

    name: str
    arn: str
    group: str


def sources(user: Principal) -> list[Source]:
    """Return the policies that count for a user, its own first; two queries. Whoever calls has asked the gate."""
    its = Q(principal=user) | Q(group__memberships__user=user)
    inline = InlinePolicy.objects.filter(its).values_list("name", "group__name")
    attached = PolicyAttachment.objects.filter(its).values_list("policy_arn", "group__name")
    found = [Source(arn.rpartition("/")[2], arn, group or "") for arn, group in attached]
    found += [Source(name, "", group or "") for name, group in inline]
    return sorted(found, key=lambda each: (each.group, each.name, each.arn))


def of_role(column: str) -> dict[str, Subquery]:
    """Annotations of rows that have a role in a column: its policies, in the same query, for `read`."""
    text = PolicyVersion.objects.filter(policy__arn=OuterRef("policy_arn"), is_default=True).values("document")
    inline = InlinePolicy.objects.filter(principal=OuterRef(column)).order_by().values("principal")
    attached = PolicyAttachment.objects.filter(principal=OuterRef(column)).annotate(document=Subquery(text)).order_by()
    rows = attached.values("principal").annotate(all=Rows("id", "policy_arn", "document"))
    return {
        "inline": Subquery(inline.annotate(all=Rows("id", "name", "document")).values("all")),
        "attached": Subquery(rows.values("all")),
    }


def joined(account_id: str) -> dict[str, Case | Value]:
    """Annotations of memberships, for those of one account: the policies of the role, in the same query."""
    found = {name: Case(When(account=account_id, then=each)) for name, each in of_role("role").items()}
    return {"joined": Value(account_id), **found}


def of_joined(membership: Membership) -> Rights:
    """Return the rights of a membership's role; without a query if it was read with what `joined` adds.

    Those of an IAM user, whose membership has the user itself for a role, come from its groups, too, and are looked up.
    """
    is_role = membership.role.kind == Principal.Kind.ROLE
    if not is_role or getattr(membership, "joined", "") != membership.account_id:
        return of(membership.role)
    return read(membership)


def read(row: Membership | Session) -> Rights:
    """Return the rights of the role of a row that was read with what `of_role` adds."""
    inline: Sequence[Any] = getattr(row, "inline", None) or ()
    attached: Sequence[Any] = getattr(row, "attached", None) or ()
    texts = {(name, ""): text for _, name, text in sorted(inline)}
    for _, arn, text in sorted(attached, key=lambda row: row[0]):
        known = managed.get(arn)
        if known is not None or text is not None:
            texts[arn.rpartition("/")[2], arn] = known.document if known else text
    return _read_all(texts)


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
