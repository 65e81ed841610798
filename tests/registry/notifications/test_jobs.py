"""Who started a long job is told when it is over, once for each end, as they chose."""

from collections.abc import Callable

import pytest
from django.conf import settings

from accounts import outbox
from accounts.caller import Caller
from accounts.models import Membership, OutboxRow, Person
from registry.core import work
from registry.models import Notice, WorkItem
from registry.notifications import jobs, notices
from tests.factories.registry import make_repository
from tests.registry.core.test_work import caller_of, membership, run, start

__all__ = ["membership", "start"]


def announced() -> None:
    """Do what the ends of jobs have announced."""
    for row in OutboxRow.objects.filter(event="WorkEnded"):
        outbox.run(row.id)


@pytest.fixture
def ana(membership: Membership) -> Person:
    """Who starts the jobs."""
    return membership.person


def test_it_works(alice: Caller, ana: Person, start: Callable[..., WorkItem]) -> None:
    make_repository(alice, "there")
    item = run(start("there", "absent"))
    announced()
    [row] = notices.page(ana).rows
    assert row.told.subject == "Add resource tags: done, with failures"
    assert row.told.text == "In the account 111122223333. Done: 1 of 2. Failed: 1."
    assert row.notice.path == f"/console/111122223333/work/{item.id}" and not row.notice.by_mail
    jobs.tell({"item": str(item.id)})
    assert Notice.objects.count() == 1, "what is delivered twice is told once"
    make_repository(alice, "absent")
    run(work.retry(caller_of(item), str(item.id)))
    announced()
    assert notices.page(ana).rows[0].told.subject == "Add resource tags: done"
    assert Notice.objects.count() == 2


def test_it_is_told_as_chosen(alice: Caller, ana: Person, start: Callable[..., WorkItem]) -> None:
    notices.choose(ana, {"work.ended": "mail"})
    run(start("absent"))
    announced()
    assert Notice.objects.get().by_mail
    notices.choose(ana, {"work.ended": "off"})
    run(start("absent"))
    announced()
    assert Notice.objects.count() == 1


def test_who_stops_their_own_job_knows(alice: Caller, ana: Person, start: Callable[..., WorkItem]) -> None:
    item = start("absent")
    work.cancel(caller_of(item), str(item.id))
    assert not OutboxRow.objects.filter(event="WorkEnded").exists()
    item = start("absent")
    work.cancel(alice, str(item.id))
    announced()
    assert notices.page(ana).rows[0].told.subject == "Add resource tags: cancelled by somebody else"


def test_who_left_is_told_nothing(ana: Person, membership: Membership, start: Callable[..., WorkItem]) -> None:
    item = start("absent")
    membership.delete()
    run(item)
    announced()
    jobs.tell({"item": "00000000-0000-4000-8000-000000000000"})
    assert not Notice.objects.exists()


def test_a_job_that_runs_again_is_not_over(start: Callable[..., WorkItem]) -> None:
    item = run(start("absent"))
    work.retry(caller_of(item), str(item.id))
    announced()
    assert not Notice.objects.exists()


def test_every_kind_of_job_has_a_name() -> None:
    assert set(jobs.JOBS) == set(settings.WORK_KINDS)
