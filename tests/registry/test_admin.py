"""The Django admin: every table opens for staff, nothing can be changed, no secret is shown."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client

from accounts.caller import Caller
from accounts.directory import access_keys, people, principals
from accounts.models import AccessKey, Account, AuditEvent, OutboxRow, Person
from gallery.search import index
from registry.core import uploads
from registry.models import Alias, Blob, Image, Repository, TagEvent, Upload
from registry.values import Address
from tests.factories.registry import push_image

TABLES = [model for model in admin.site._registry if model._meta.app_label in {"accounts", "registry", "gallery"}]
PASSWORD = "a shelf of long words"


@pytest.fixture
def rows(alice: Caller, address: Address, public_address: Address) -> None:
    """Something in each of the tables that matter."""
    push_image(alice, public_address, "1")
    uploads.start(alice, address)
    index.rebuild()
    access_keys.create(principals.create_user(Account.objects.get(id=alice.account_id), "ci"))


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model.__name__)
def test_it_works_for_staff(client: Client, rows: None, model: type) -> None:
    client.force_login(people.create("staff@example.com", PASSWORD, is_staff=True))
    place = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"  # type: ignore[attr-defined]  # a model
    assert client.get(f"{place}?q=a").status_code == 200
    assert client.get(f"{place}add/").status_code == 403
    row = apps.get_model(model._meta.label).objects.first()  # type: ignore[attr-defined]  # a model
    if row is not None:
        page = client.get(f"{place}{row.pk}/change/")
        assert page.status_code == 200
        text = page.content.decode()
        assert "sealed" not in text and "md5$" not in text and 'name="_save"' not in text
        assert client.post(f"{place}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_it_refuses_people_who_are_no_staff(client: Client, rows: None) -> None:
    client.force_login(people.create("ana@example.com", PASSWORD))
    assert client.get("/admin/accounts/account/").status_code == 302


def test_rows_have_names(rows: None, alice: Caller) -> None:
    for model in (AccessKey, Account, Alias, AuditEvent, Blob, Image, OutboxRow, Repository, TagEvent, Upload):
        assert str(model.objects.first())
    person = Person.objects.create_superuser("root@example.com", PASSWORD)
    assert str(person) == "root@example.com" and person.is_superuser
    assert Person.objects.get_by_natural_key("ROOT@example.com") == person
