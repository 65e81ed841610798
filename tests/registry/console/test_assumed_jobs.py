"""Work and passwords of somebody who acts as a role."""

import pytest
from django.test import Client

from accounts.caller import Caller, operator
from accounts.directory import policies
from accounts.errors import CredentialsInvalid
from accounts.models import Principal
from accounts.sessions import passwords
from registry.models import WorkItem
from registry.values import Address
from tests.factories.registry import push_image
from tests.registry.console.test_assuming import ANA, LOOK, OWN, _trust, deploy, document, only, role, take
from tests.registry.console.test_console import BASE, PRIVATE, ana, page

__all__ = ["ana", "deploy"]


def test_jobs_are_refused(ana: Client, alice: Caller, address: Address) -> None:
    push_image(alice, address, "1")
    take(ana, role(OWN, "deploy", "ecr:*"))
    for path, form in (
        (f"{PRIVATE}/-/tag", {"name": "team/app", "confirmed": "1", "resource_tags": "a=b"}),
        (f"{PRIVATE}/-/delete", {"name": "team/app", "confirmed": "1", "typed": "1"}),
        (f"{PRIVATE}/-/delete", {"all": "1"}),
        (f"{PRIVATE}/team/app/-/images/delete", {"all": "1", "confirmed": "1"}),
    ):
        answer = ana.post(path, form)
        assert answer.status_code == 403 and "Not while you act as a role" in answer.content.decode(), path
    assert not WorkItem.objects.exists()


def test_jobs_of_ones_own_are_not_retried_as_a_role(ana: Client, alice: Caller) -> None:
    administrator = Principal.objects.get(account_id=OWN, name="Administrator")
    Principal.objects.filter(id=administrator.id).update(trust_policy=_trust(OWN))
    item = WorkItem.objects.create(
        account_id=OWN, region="us-east-1", kind="delete-images", state="partial", failed=1, created_by=ANA
    )
    take(ana, administrator.arn)
    assert only().arn == ANA
    retry = f"{BASE}/work/{item.id}/retry"
    assert ana.post(retry).status_code == 403
    item.refresh_from_db()
    assert item.state == "partial"
    ana.post("/console/role/stop")
    assert ana.post(retry).status_code == 302


def test_a_registry_password_is_of_the_session(ana: Client, alice: Caller, address: Address) -> None:
    arn = role(OWN, "puller", *LOOK)
    take(ana, arn)
    assert "ends when you stop acting as it" in page(ana, f"{BASE}/registry-password")
    assert ana.post(f"{BASE}/registry-password").status_code == 403
    puller = Principal.objects.get(name="puller")
    policies.put_inline(operator(OWN), puller, "log-in", document("ecr:GetAuthorizationToken"))
    text = ana.post(f"{BASE}/registry-password", follow=True).content.decode()
    value = text.split('id="secret-2"')[1].split(">")[1].split("<")[0]
    principal, session = passwords.verify(value)
    assert (principal, session) == (puller, only())
    ana.post("/console/role/stop")
    with pytest.raises(CredentialsInvalid):
        passwords.verify(value)
