"""Notices: told once, as each person chose, mailed until the mail is sent."""

import re
from collections.abc import Iterator
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail.backends.locmem import EmailBackend
from django.template.loader import render_to_string
from django.utils import translation
from pytest_django import Settings

from accounts import outbox
from accounts.caller import operator
from accounts.directory import accounts, console_passwords, people, users
from accounts.errors import InvalidInput
from accounts.models import Account, OutboxRow, Person
from registry.models import Notice, NoticeChoice
from registry.notifications import kinds, mail, notices
from registry.notifications.kinds import Kind
from tests.registry.console.test_console import PASSWORD

KINDS = (
    Kind("ship.arrived", "A ship", "%(ship)s is in", "The ship %(ship)s is in port %(port)s.", "Go", quote="cargo"),
    Kind("ship.left", "A ship that left", "%(ship)s left", "It left.", "Show it", usually=NoticeChoice.Channel.PAGE),
    Kind("crew.hired", "A hire", "Hired", "Somebody was hired.", "Show it", for_staff=True),
)
SHIP = {"ship": "Hà Tiên <1>", "port": 7, "cargo": "100% rice\nand <b>tea</b>"}


@pytest.fixture(autouse=True)
def ships(settings: Settings) -> Iterator[None]:
    """Kinds of this test alone."""
    settings.NOTICE_KINDS = ("tests.registry.notifications.test_notices.KINDS",)
    kinds.known.cache_clear()
    yield
    kinds.known.cache_clear()


@pytest.fixture
def ana(db: None) -> Person:
    """Who reads."""
    return people.create("ana@example.com", PASSWORD, name="Ana")


@pytest.fixture
def account(db: None) -> Account:
    """An account with an IAM user."""
    return accounts.create("Alice", "111122223333")


def tell(*readers: Person, kind: str = "ship.arrived", key: str = "1") -> int:
    """Tell of a ship."""
    return notices.notify(readers, kind, SHIP, path="/ships/1", key=key)


def test_it_works(ana: Person) -> None:
    assert tell(ana) == 1
    outbox.run(OutboxRow.objects.get().id)
    page = notices.page(ana)
    [row] = page.rows
    assert (page.total, page.unread, page.next) == (1, 1, "")
    assert row.told.subject == "Hà Tiên <1> is in" and row.told.text == "The ship Hà Tiên <1> is in port 7."
    [letter] = django_mail.outbox
    assert letter.subject == "Hà Tiên <1> is in" and letter.to == ["ana@example.com"]
    assert "Hello Ana," in letter.body and "> 100% rice\n> and <b>tea</b>" in letter.body
    assert "http://127.0.0.1:8000/ships/1" in letter.body and "/account/notifications" in letter.body
    assert "&lt;b&gt;tea" in letter.message().as_string()
    assert Notice.objects.get().mailed_at and not OutboxRow.objects.exists()


def test_the_same_key_is_told_once(ana: Person) -> None:
    assert (tell(ana), tell(ana), tell(ana, key="2")) == (1, 0, 1)
    assert Notice.objects.count() == OutboxRow.objects.count() == 2


@pytest.mark.parametrize(("channel", "told", "mailed"), [("mail", 1, 1), ("page", 1, 0), ("off", 0, 0)])
def test_people_choose(ana: Person, channel: str, told: int, mailed: int) -> None:
    notices.choose(ana, {"ship.arrived": channel})
    tell(ana)
    assert (Notice.objects.count(), OutboxRow.objects.count()) == (told, mailed)


def test_a_kind_has_a_usual_way(ana: Person) -> None:
    tell(ana, kind="ship.left")
    assert not OutboxRow.objects.exists() and Notice.objects.exists()


def test_choices_are_those_that_concern_the_person(ana: Person) -> None:
    notices.choose(ana, {"ship.arrived": "off", "crew.hired": "off", "nonsense": "off", "ship.left": "nonsense"})
    assert [(kind.key, channel) for kind, channel in notices.choices(ana)] == [
        ("ship.arrived", "off"),
        ("ship.left", "page"),
    ]
    boss = people.create("boss@example.com", PASSWORD, is_staff=True)
    assert notices.choices(boss)[2][0].key == "crew.hired"


def unread(person: Person) -> int:
    """What the bell says."""
    return Person.objects.get(id=person.id).unread_notices


class Broken(EmailBackend):
    """A mail server that is away."""

    away = True

    def send_messages(self, messages: Any) -> int:
        """Fail as long as it is away."""
        if Broken.away:
            raise SMTPServerDisconnected
        return super().send_messages(messages)


def test_a_mail_that_fails_is_tried_again(ana: Person, settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    Broken.away = True
    tell(ana)
    row = OutboxRow.objects.get()
    assert not outbox.run(row.id)
    row.refresh_from_db()
    assert row.tries == 1 and "SMTPServerDisconnected" in row.last_error
    Broken.away = False
    assert outbox.run(row.id)
    [letter] = django_mail.outbox
    assert letter.extra_headers["Message-ID"] == f"<notice-{Notice.objects.get().id}@127.0.0.1>"


def test_nobody_gets_mail_who_may_not_sign_in(ana: Person) -> None:
    tell(ana)
    Person.objects.update(is_active=False)
    assert outbox.run(OutboxRow.objects.get().id) and not django_mail.outbox
    assert tell(Person.objects.get(), key="2") == 0


def test_who_has_no_mail_address_is_told_on_the_page(account: Account) -> None:
    user = users.create(operator(account.id), account.id, "dev")
    dev = console_passwords.create(operator(account.id), account.id, user.name, PASSWORD)
    assert tell(dev) == 1
    assert notices.page(dev).unread == 1 and not OutboxRow.objects.exists() and not Notice.objects.get().by_mail


@pytest.fixture
def left(ana: Person) -> OutboxRow:
    """The mail of a notice as earlier versions left it in the outbox: by a row that names the notice alone."""
    notice = Notice.objects.create(person=ana, kind="ship.arrived", params=SHIP, path="/ships/1", key="1", by_mail=True)
    payload, task = {"notice": notice.id}, "registry.notifications.mail.send"
    return OutboxRow.objects.create(event="NoticeMailDue", task=task, payload=payload)


def run_all() -> None:
    """Run the work that waits, and what it leads to."""
    while rows := list(OutboxRow.objects.values_list("id", flat=True)):
        for row_id in rows:
            assert outbox.run(row_id)


def test_what_earlier_versions_left_is_sent_once(left: OutboxRow) -> None:
    again = OutboxRow.objects.create(event=left.event, task=left.task, payload=left.payload)
    run_all()
    assert again.id and [each.subject for each in django_mail.outbox] == ["Hà Tiên <1> is in"]
    assert Notice.objects.get().mailed_at


@pytest.mark.parametrize("gone", ["kind", "person", "notice"])
def test_what_they_left_is_dropped_with_what_it_was_about(left: OutboxRow, ana: Person, gone: str) -> None:
    if gone == "kind":
        Notice.objects.update(kind="gone")
    elif gone == "person":
        Person.objects.update(is_active=False)
    else:
        Notice.objects.all().delete()
    run_all()
    assert not django_mail.outbox


def test_a_subject_is_one_line_whatever_the_names_are(ana: Person) -> None:
    notices.notify([ana], "ship.arrived", SHIP | {"ship": "a\r\nBcc: x@example.com"}, path="/", key="1")
    outbox.run(OutboxRow.objects.get().id)
    assert django_mail.outbox[0].subject == "a Bcc: x@example.com is in" and django_mail.outbox[0].bcc == []


def test_notices_are_read_one_by_one_or_all_and_only_by_their_reader(ana: Person) -> None:
    other = people.create("other@example.com", PASSWORD)
    for number in range(3):
        tell(ana, key=str(number))
    first = Notice.objects.order_by("id")[0]
    assert notices.open_notice(other, first.id) is None and unread(ana) == 3
    assert notices.open_notice(ana, first.id) == first and unread(ana) == 2
    assert [row.notice.read_at for row in notices.page(ana, unread_only=True).rows] == [None, None]
    assert notices.mark_all_read(other) == 0 and notices.mark_all_read(ana) == 2
    assert notices.page(ana, unread_only=True).total == 0


def test_pages_go_on_where_the_last_one_ended(ana: Person) -> None:
    for number in range(7):
        tell(ana, key=str(number))
    seen: list[int] = []
    after = ""
    while True:
        page = notices.page(ana, after=after, limit=3)
        seen += [row.notice.id for row in page.rows]
        if not page.next:
            break
        after = page.next
    assert seen == sorted(seen, reverse=True) and len(seen) == 7
    newer = notices.page(ana, before=page.previous, limit=3)
    assert [row.notice.id for row in newer.rows] == seen[3:6] and newer.previous == str(seen[3])


def test_two_kinds_with_one_key_are_refused(settings: Settings) -> None:
    settings.NOTICE_KINDS = ("tests.registry.notifications.test_notices.KINDS",) * 2
    kinds.known.cache_clear()
    with pytest.raises(ValueError, match="same key"):
        kinds.known()


def test_a_language_is_one_that_is_served(ana: Person) -> None:
    people.set_language(ana, "vi")
    assert Person.objects.get().language == "vi"
    with pytest.raises(InvalidInput):
        people.set_language(ana, "xx")
    letter = mail.compose(ana, "ship.left", SHIP, "/")
    with translation.override("vi"):
        told = {"told": kinds.tell("ship.left", SHIP), "person": ana}
        assert letter.text.split("\n")[0] == render_to_string("mail/notice_message.txt", told).split("\n")[0]
    assert letter.language == "vi" and re.search(r'<html lang="vi">', letter.html)
