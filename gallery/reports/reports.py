"""Reports: made by visitors, handled by staff once."""

from datetime import timedelta
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Account
from gallery.errors import AlreadyHandled, TooManyReports
from gallery.models import Report
from registry.models import Repository

MOST_AN_HOUR: Final = 5
"""Reports from one address."""


def create(
    about: Repository | Account,
    path: str,
    *,
    reason: str,
    text: str,
    digest: str = "",
    mail: str = "",
    source_ip: str = "",
) -> Report:
    """Keep a report about a repository, or a publisher, for the staff; `path` is where its page is.

    The same words from the same address again are the same report. TooManyReports.
    """
    repository = about if isinstance(about, Repository) else None
    account_id = about.account_id if isinstance(about, Repository) else about.id
    since = timezone.now() - timedelta(hours=1)
    mine = Report.objects.filter(source_ip=source_ip or None, at__gte=since)
    again = mine.filter(account=account_id, repository=repository, reason=reason, text=text, digest=digest).first()
    if again is not None:
        return again
    if source_ip and mine.count() >= MOST_AN_HOUR:
        raise TooManyReports
    return Report.objects.create(
        account_id=account_id,
        repository=repository,
        path=path,
        reason=reason,
        text=text,
        digest=digest,
        mail=mail,
        source_ip=source_ip or None,
    )


def of_state(state: str) -> QuerySet[Report]:
    """Reports of a state, or (empty) all of them, the newest first."""
    found = Report.objects.select_related("account").order_by("-at", "-id")
    return found.filter(state=state) if state else found


def open_count() -> int:
    """How many wait for somebody."""
    return Report.objects.filter(state=Report.State.OPEN).count()


def get(report_id: int) -> Report | None:
    """One report."""
    return Report.objects.select_related("account").filter(id=report_id).first()


def close(report_id: int, staff: str, *, acted: bool, note: str = "") -> Report:
    """Note what was made of an open report. AlreadyHandled if somebody was faster."""
    changed = Report.objects.filter(id=report_id, state=Report.State.OPEN).update(
        state=Report.State.ACTED if acted else Report.State.DISMISSED,
        note=note,
        handled_by=staff,
        handled_at=timezone.now(),
    )
    row = Report.objects.get(id=report_id)
    if not changed:
        raise AlreadyHandled(row.handled_by, row.handled_at)
    return row
