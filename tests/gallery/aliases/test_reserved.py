"""Reserved names: what came with Kho, and what staff make of the list."""

import pytest

from accounts.caller import Caller, Staff
from accounts.models import AuditEvent
from gallery.aliases import reserved
from gallery.errors import PatternKnown, PatternMalformed, PatternNotFound
from gallery.models import ReservedName
from registry.core import aliases
from tests.factories.aliases import give

AWS = "aws amazon aws-tools amazon-linux eks ecs ec2 ecr s3 lambda fargate sagemaker".split()  # noqa: SIM905 - readable
BRANDS = ("docker", "redhat", "microsoft", "google", "nvidia", "datadog", "hashicorp", "snyk", "newrelic")


@pytest.mark.parametrize("name", [*AWS, *BRANDS, "console", "sign-in", "v2", "robots.txt"])
def test_it_works_from_the_first_day(db: None, name: str) -> None:
    match = reserved.find(name)
    assert match and not match.is_alike and match.why


@pytest.mark.parametrize("name", ["amaz0n", "ama-zon", "a-w-s", "aw5-cli", "d0cker", "red-hat", "sign.in", "c0ns0le"])
def test_what_looks_like_them_is_reserved_too(db: None, name: str) -> None:
    match = reserved.find(name)
    assert match and match.is_alike


@pytest.mark.parametrize("name", ["acme", "laws", "warehouse", "my-tools", "se"])
def test_other_names_are_free(db: None, name: str) -> None:
    assert reserved.find(name) is None


def test_default_aliases_are_like_nothing(alice: Caller) -> None:
    for _ in range(50):
        alias = aliases.default_for(alice.account_id)
        assert reserved.find(alias.name) is None and len(alias.name) == 8
        alias.delete()


def test_staff_add_and_remove(alice: Caller, staff: Staff) -> None:
    give(alice, "acme-tools")
    assert reserved.matches("acme", "prefix") == ["acme-tools"] and reserved.matches("*-tools", "wildcard")
    assert reserved.matches("acme", "exact") == []
    row = reserved.add(staff, "*-official", "wildcard", "other", "Only we say what is official.")
    assert reserved.counts([row]) == {"*-official": 0}
    match = reserved.find("acme-official")
    assert match and (match.pattern, match.note) == ("*-official", "Only we say what is official.")
    assert reserved.owners_of(["acme-tools"]) == {"acme-tools": alice.account_id}
    assert [each.pattern for each in reserved.listed("official")] == ["docker-official", "*-official"][::-1]
    reserved.remove(staff, "*-official")
    assert reserved.find("acme-official") is None
    events = AuditEvent.objects.filter(event_source="kho.amazonaws.com").order_by("event_time")
    assert [event.event_name for event in events] == ["CreateReservedName", "DeleteReservedName"]
    assert events[0].resource_arn == "arn:aws:kho:::reserved-name/*-official"
    assert events[0].user_agent == "staff: boss@example.com" and events[0].source_ip == "192.0.2.7"


def test_a_short_prefix_with_a_separator_reserves_no_whole_words(db: None, staff: Staff) -> None:
    reserved.add(staff, "go-", "prefix")
    assert reserved.find("golang") is None
    fits, alike = reserved.find("go-tools"), reserved.find("go.tools")
    assert fits and not fits.is_alike
    assert alike and alike.is_alike


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("", "exact"),
        ("Acme", "exact"),
        ("acme*", "exact"),
        ("a", "exact"),
        ("acme-", "exact"),
        ("acme*", "prefix"),
        ("a", "prefix"),
        ("*", "wildcard"),
        ("*a*", "wildcard"),
        ("acme", "wildcard"),
        ("[ab]*c", "wildcard"),
        ("a" * 51, "exact"),
        ("acme", "nonsense"),
        ("acme\n", "exact"),
    ],
)
def test_it_refuses_what_is_no_pattern(db: None, staff: Staff, pattern: str, kind: str) -> None:
    with pytest.raises(PatternMalformed):
        reserved.add(staff, pattern, kind)


def test_it_refuses_what_is_known_unknown_or_too_long(db: None, staff: Staff) -> None:
    with pytest.raises(PatternKnown):
        reserved.add(staff, "docker", "exact")
    with pytest.raises(PatternNotFound):
        reserved.remove(staff, "absent")
    for why, note in (("nonsense", ""), ("other", "x" * 201)):
        with pytest.raises(PatternMalformed):
            reserved.add(staff, "mine", "exact", why, note)
    assert ReservedName.objects.filter(added_by="").count() == ReservedName.objects.count() > 300
