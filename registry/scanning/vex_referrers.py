"""The VEX documents that are attached to an image, or to an index that names it, and what they say of findings."""

from collections.abc import Sequence
from typing import Final

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from accounts.models.aggregates import Rows
from registry.core import naming
from registry.models import AttachedVex, Image, Repository, Suppression

MOST: Final = 100
"""Documents of an image that are looked at, the newest first."""
COLUMNS: Final = ("id", "vulnerability", "package", "package_type", "version", "justification", "reason")


def about(repository: Repository, image: Image, names: Sequence[str]) -> list[AttachedVex]:
    """The documents about a live image, those that could not be read too, the newest first, in one query.

    They come with what they say of some vulnerabilities in the image, for `said`.
    """
    own = Image.objects.filter(id=image.id).values_list("digest")
    named = naming.of(repository, [image.digest]).order_by().values_list("parent__digest")
    of_subject = Q(image_digest=F("attached__referrer__subject_digest"))
    statements = Suppression.objects.filter(
        of_subject | Q(image_digest=image.digest), attached=OuterRef("id"), vulnerability__in=names
    )
    said = statements.order_by().values("attached").annotate(all=Rows(*COLUMNS)).values("all")
    found = _live(repository).filter(referrer__subject_digest__in=own.union(named))
    shown = found.select_related("referrer").annotate(statement_rows=Subquery(said))
    return list(shown.order_by("-referrer__pushed_at", "-id")[:MOST])


def attached_to(repository: Repository, digest: str) -> QuerySet[AttachedVex]:
    """The documents whose subject has a digest."""
    return _live(repository).filter(referrer__subject_digest=digest)


def _live(repository: Repository) -> QuerySet[AttachedVex]:
    return AttachedVex.objects.filter(referrer__repository=repository, referrer__deleted_at=None)


def current(documents: Sequence[AttachedVex]) -> list[AttachedVex]:
    """Those of `about` that count: of several with one id about one subject the newest."""
    newest: dict[tuple[str, str], AttachedVex] = {}
    for each in documents:
        if not each.problem:
            newest.setdefault((each.referrer.subject_digest, each.document), each)
    return list(newest.values())


def said(document: AttachedVex) -> list[Suppression]:
    """What one of `about` says of the vulnerabilities that it was asked for; not to be saved."""
    rows = getattr(document, "statement_rows", None) or ()
    found = [Suppression(attached=document, **dict(zip(COLUMNS, row, strict=True))) for row in rows]
    return sorted(found, key=lambda each: each.id)
