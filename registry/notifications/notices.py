"""Notices of one person: written once per key, read, and chosen how."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Person
from registry.core import keyset
from registry.core.keyset import Order
from registry.models import Notice, NoticeChoice
from registry.notifications import kinds, mail
from registry.notifications.kinds import Kind, Told

PAGE: Final = 50
ORDER: Final = Order("id", int, is_unique=True)
Channel = NoticeChoice.Channel


def notify(people: Iterable[Person], kind: str, params: Mapping[str, Any], *, path: str, key: str) -> int:
    """Tell people something once per `key`, each as they chose; return how many were told now.

    Called by tasks. A notice and its mail are written together: what is told is told whole.
    """
    wanted = {person.id: person for person in people if person.is_active}
    chosen = dict(NoticeChoice.objects.filter(person__in=wanted, kind=kind).values_list("person_id", "channel"))
    told = 0
    for person_id, person in wanted.items():
        channel = chosen.get(person_id, kinds.known()[kind].usually)
        if channel == Channel.OFF:
            continue
        with transaction.atomic():
            notice, is_new = Notice.objects.get_or_create(
                person_id=person_id,
                key=key,
                defaults={
                    "kind": kind,
                    "params": dict(params),
                    "path": path,
                    "by_mail": channel == Channel.MAIL and bool(person.mail),
                },
            )
            if is_new:
                _recount(person_id)
            if is_new and notice.by_mail:
                notice.person = person
                mail.write(notice)
        told += is_new
    return told


@dataclass(frozen=True, slots=True)
class Row:
    """A notice as its reader sees it."""

    notice: Notice
    told: Told


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a person's notices, newest first; the older ones come after `next`, the newer ones before `previous`."""

    rows: list[Row]
    total: int
    unread: int
    next: str
    previous: str


def page(person: Person, *, unread_only: bool = False, after: str = "", before: str = "", limit: int = PAGE) -> Page:
    """Return a person's notices, from the newest or around an id, in the language that is active."""
    mine = Notice.objects.filter(person=person, kind__in=kinds.known())
    unread = mine.filter(read_at=None).count()
    shown = mine.filter(read_at=None) if unread_only else mine
    total = unread if unread_only else mine.count()
    cut = keyset.cut(shown, ORDER, descending=True, after=after, before=before, limit=limit)
    rows = [Row(row, kinds.tell(row.kind, row.params)) for row in cut.rows]
    return Page(rows, total, unread, cut.next, cut.previous)


def open_notice(person: Person, notice_id: int) -> Notice | None:
    """Mark one of a person's notices as read and return it; None if they have no such notice."""
    with transaction.atomic():
        if Notice.objects.filter(person=person, id=notice_id, read_at=None).update(read_at=timezone.now()):
            _recount(person.id)
    return Notice.objects.filter(person=person, id=notice_id).first()


def mark_all_read(person: Person) -> int:
    """Mark all of a person's notices as read; return how many were not."""
    with transaction.atomic():
        count = Notice.objects.filter(person=person, read_at=None).update(read_at=timezone.now())
        _recount(person.id)
    return count


def _recount(person_id: int) -> None:
    """Keep the number of unread notices with the person, so that the bell on every page costs no query."""
    unread = Notice.objects.filter(person=OuterRef("pk"), read_at=None).order_by().values("person")
    number = Coalesce(Subquery(unread.annotate(number=Count("id")).values("number")), 0)
    Person.objects.filter(id=person_id).update(unread_notices=number)


def choices(person: Person) -> list[tuple[Kind, str]]:
    """Return the kinds that concern a person, each with the way they are told."""
    chosen = dict(NoticeChoice.objects.filter(person=person).values_list("kind", "channel"))
    return [
        (kind, chosen.get(kind.key, kind.usually))
        for kind in kinds.known().values()
        if person.is_staff or not kind.for_staff
    ]


def choose(person: Person, channels: Mapping[str, str]) -> None:
    """Set how a person is told of the kinds that concern them; what is no kind or no way is left out."""
    with transaction.atomic():
        for kind, _now in choices(person):
            channel = channels.get(kind.key, "")
            if channel in Channel.values:
                NoticeChoice.objects.update_or_create(person=person, kind=kind.key, defaults={"channel": channel})
