"""What scans say of public images that a text names, such as a chart does: one query for all of them."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.models.aggregates import Rows
from registry.core import repositories
from registry.core.browsing import place_of
from registry.models import Alias, Image, ImageScan, Repository
from registry.scanning import summaries
from registry.scanning.summaries import Summary
from registry.values import ALIAS, NAME, PUBLIC, TAG

MOST: Final = 100
"""References that are looked up."""
PATH: Final = re.compile(
    rf"(?P<alias>{ALIAS.pattern})/(?P<name>{NAME.pattern})(?::(?P<tag>{TAG.pattern}))?(?:@(?P<digest>sha[0-9]+:[0-9a-f]+))?"
)
LATEST: Final = "latest"
"""What clients ask for where a reference has neither a tag nor a digest."""
OF_ITS_OWN: Final = "account__repositories"
Key = tuple[str, str, str]
"""Alias, name, and a tag or digest."""


@dataclass(frozen=True, slots=True)
class Named:
    """The image that a reference leads to, and what scans say of it; None of what is not scanned."""

    digest: str
    summary: Summary | None


def of_references(caller: Caller, host: str, references: Iterable[str]) -> dict[str, Named]:
    """Return what there is at pull references of a host, as far as the caller may see it; of the first MOST of them."""
    start = f"{host}/"
    here = [each for each in dict.fromkeys(references) if each.startswith(start)][:MOST]
    wanted = {each: key for each in here if (key := _key(each.removeprefix(start)))}
    rows = defaultdict(list)
    for row in _rows(set(wanted.values())):
        rows[row["alias"], row["repository"], row["reference"]].append(row)
    found = {key: _named(its) for key, its in rows.items() if _may(caller, its[0])}
    return {each: found[key] for each, key in wanted.items() if key in found}


def _key(path: str) -> Key | None:
    """What a path names: its digest counts before its tag."""
    parts = PATH.fullmatch(path)
    return (parts["alias"], parts["name"], parts["digest"] or parts["tag"] or LATEST) if parts else None


def _rows(keys: set[Key]) -> Iterator[dict[str, Any]]:
    """A row for each image that has one of the keys; of an index one for each manifest that it names."""
    by_tag = {key for key in keys if ":" not in key[2]}
    parts = [
        _statement(some, f"{OF_ITS_OWN}__{field}", f"{OF_ITS_OWN}__{image}")
        for some, field, image in (
            (by_tag, "image_tags__name", "image_tags__image"),
            (keys - by_tag, "images__digest", "images"),
        )
        if some
    ]
    if parts:
        yield from parts[0].union(*parts[1:], all=True)


def _statement(keys: set[Key], reference: str, image: str) -> QuerySet[Alias, Any]:
    """`reference` leads from an alias to what the last part of a key is compared with, `image` to the image."""
    exactly = Q()
    for alias, name, last in keys:
        exactly |= Q(("name", alias), (f"{OF_ITS_OWN}__name", name), (reference, last))
    live = {
        "released_at": None,
        "account__is_active": True,
        f"{OF_ITS_OWN}__region": PUBLIC,
        f"{OF_ITS_OWN}__deleted_at": None,
        f"{image}__deleted_at": None,
        # What the exact words come to, so that indexes are used.
        "name__in": {key[0] for key in keys},
        f"{OF_ITS_OWN}__name__in": {key[1] for key in keys},
        f"{reference}__in": {key[2] for key in keys},
    }
    child = f"{image}__children"
    looked_at = Image.objects.filter(
        repository=OuterRef(f"{OF_ITS_OWN}__id"),
        digest=Coalesce(OuterRef(f"{child}__digest"), OuterRef(f"{image}__digest")),
        deleted_at=None,
    ).order_by()
    known = Rows("os", "architecture", "variant", "scan__status", "scan__reason", "scan__counts")
    return Alias.objects.filter(exactly, **live).values(
        alias=F("name"),
        owner=F("account_id"),
        repository=F(f"{OF_ITS_OWN}__name"),
        policy=F(f"{OF_ITS_OWN}__policy_text"),
        labels=F(f"{OF_ITS_OWN}__resource_tags"),
        reference=F(reference),
        digest=F(f"{image}__digest"),
        kind=F(f"{image}__kind"),
        child=F(f"{child}__digest"),
        os=F(f"{child}__os"),
        architecture=F(f"{child}__architecture"),
        variant=F(f"{child}__variant"),
        attests=Coalesce(F(f"{child}__is_attestation"), Value(False)),
        known=Subquery(looked_at.values("repository").annotate(all=known).values("all")),
    )


def _may(caller: Caller, row: Mapping[str, Any]) -> bool:
    """Whether the caller may see what images of the repository are."""
    its = Repository(
        account_id=row["owner"],
        region=PUBLIC,
        name=row["repository"],
        policy_text=row["policy"],
        resource_tags=row["labels"],
    )
    return repositories.may(caller, its.address, its, Action.DESCRIBE_IMAGES)


def _named(rows: list[dict[str, Any]]) -> Named:
    digest, kind = rows[0]["digest"], rows[0]["kind"]
    scans, pairs = dict[str, ImageScan](), list[tuple[str, str]]()
    for row in rows:
        if row["known"] is None or row["attests"]:
            continue
        its = row["child"] or digest
        *there, status, reason, counts = row["known"][0]
        if status is not None:
            counted = json.loads(counts) if isinstance(counts, str) else counts
            scans[its] = ImageScan(status=status, reason=reason, counts=counted)
        said = "/".join(filter(None, (row["os"], row["architecture"], row["variant"]))) or "/".join(filter(None, there))
        if kind == Image.Kind.IMAGE:
            pairs.append((its, ""))
        elif kind == Image.Kind.INDEX and row["child"] and said:
            pairs.append((its, said))
    pairs.sort(key=lambda pair: place_of(pair[1]))
    return Named(digest, summaries.worst(pairs, scans) if pairs else None)
