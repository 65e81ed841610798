"""Forged ids: every address of the console that names another account, or what is not there, is not found."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from pytest_django import Settings

from accounts.caller import Caller, operator
from accounts.directory import console_passwords, groups, policies, roles, users
from accounts.models import AuditEvent
from registry.console.urls import urlpatterns
from registry.core import registries, templates
from registry.models import ReplicationBackfill, Repository, Suppression, WorkItem
from registry.notifications import webhooks
from registry.values import Address, RegistryId
from tests.factories.registry import push_image
from tests.registry.console.test_console import ana, chi

__all__ = ["ana", "chi"]
ACCOUNT = "111122223333"
NAMES = sorted(str(each.name) for each in urlpatterns if "account_id" in each.pattern.regex.groupindex)
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}]})
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
    }
)


@pytest.fixture
def known(alice: Caller, address: Address, settings: Settings) -> dict[str, Any]:
    """What Alice's addresses name, all of it there."""
    image = push_image(alice, address, "1")
    caller = operator(ACCOUNT)
    for make in (users.create, groups.create):
        make(caller, ACCOUNT, "it")
    console_passwords.create(caller, ACCOUNT, "it", "a shelf of long words")
    roles.create(caller, ACCOUNT, "it", TRUST)
    policies.create(caller, ACCOUNT, "it", DOCUMENT)
    templates.put(alice, RegistryId(ACCOUNT, "us-east-1"), "team", {"applied_for": ["CREATE_ON_PUSH"]})
    item = WorkItem.objects.create(account_id=ACCOUNT, region="us-east-1", kind="delete-images", created_by="x")
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    webhooks.create(alice, ACCOUNT, "hook", {"url": "http://127.0.0.1:9/", "event_types": ["*"]})
    delivery = webhooks.send_test(alice, ACCOUNT, "hook")
    rule = {"destinations": [{"region": "us-east-1", "registryId": "444455556666"}]}
    registries.put_replication(alice, RegistryId(ACCOUNT, "us-east-1"), {"rules": [rule]})
    to = {"source_region": "us-east-1", "region": "us-east-1", "registry_id": "444455556666"}
    backfill = ReplicationBackfill.objects.create(account_id=ACCOUNT, **to)
    suppression = Suppression.objects.create(account_id=ACCOUNT, region="us-east-1", vulnerability="CVE-2026-1000")
    event = AuditEvent.objects.filter(account_id=ACCOUNT).first()
    assert event is not None
    return {
        "account_id": ACCOUNT,
        "region": "us-east-1",
        "digest": image.digest,
        "tag": "1",
        "before": "1",
        "after": image.digest,
        "prefix": "team",
        "item_id": str(item.id),
        "webhook": "hook",
        "delivery_id": str(delivery.id),
        "handle": str(item.id),
        "event_id": str(event.id),
        "kind": "csv",
        "form": "cdx",
        "section": "users",
        "email": "ana@example.com",
        "policy": "it",
        "key_id": "AKIAEXAMPLE00000",
        "number": "0",
        "backfill_id": str(backfill.id),
        "suppression_id": str(suppression.id),
    }


def address_of(name: str, known: dict[str, Any], **more: str) -> str:
    """The address of a route, with the values that it takes."""
    repository = {"name": "team/app", "reference": known["digest"]}
    for values in (
        repository | {"section": "layers"},
        repository | {"reference": "1", "section": "values", "form": "csv"},
        {"name": "it"},
    ):
        given = known | values | more
        for keys in _choices(name):
            try:
                return reverse(name, kwargs={key: given[key] for key in keys})
            except NoReverseMatch:
                continue
    raise AssertionError(name)


def _choices(name: str) -> list[list[str]]:
    return [list(pattern.pattern.regex.groupindex) for pattern in urlpatterns if pattern.name == name]


def test_other_accounts_are_not_there(chi: Client, known: dict[str, Any]) -> None:
    before = AuditEvent.objects.filter(account_id=ACCOUNT).count()
    for name in NAMES:
        path = address_of(name, known)
        answers = [chi.get(path).status_code, chi.post(path, {"confirmed": "1"}).status_code]
        assert set(answers) <= {404, 405} and 404 in answers, path
    assert AuditEvent.objects.filter(account_id=ACCOUNT).count() == before
    assert Repository.objects.filter(deleted_at=None).count() == 1


def test_accounts_that_are_not_there_look_the_same(ana: Client, known: dict[str, Any]) -> None:
    for name in NAMES:
        path = address_of(name, known, account_id="999999999999")
        assert {ana.get(path).status_code, ana.post(path).status_code} <= {404, 405}, path


def test_members_never_break_a_page(ana: Client, known: dict[str, Any]) -> None:
    for name in NAMES:
        path = address_of(name, known)
        assert ana.get(path).status_code < 500, path
    for name in NAMES:
        path = address_of(name, known)
        assert ana.post(path).status_code < 500, path
