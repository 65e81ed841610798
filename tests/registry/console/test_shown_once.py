"""Secrets that are shown once: led to, shown, told not to be there any more; nowhere else."""

import base64
import csv
import io
import json
import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.caller import Caller
from accounts.directory import access_keys
from accounts.models import AccessKey, AuditEvent
from registry.console import shown_once
from tests.registry.console.test_console import BASE, ana, chi, page
from tests.registry.console.test_iam import IAM, user_of

__all__ = ["ana", "chi"]


@pytest.fixture
def place(ana: Client, alice: Caller) -> str:
    """Where a new key waits to be looked at."""
    user_of(alice)
    answer = ana.post(f"{IAM}/users/bo/keys", {"step": "create"})
    assert answer.status_code == 303
    return answer.headers["Location"]


def secret() -> str:
    return access_keys.secret_of(AccessKey.objects.get(principal__name="bo"))


def test_a_key_is_shown_once_with_what_to_do_with_it(ana: Client, place: str) -> None:
    made = AccessKey.objects.get(principal__name="bo")
    assert secret() not in place and not ana.head(place).content
    answer = ana.get(place)
    text = answer.content.decode()
    assert answer.status_code == 200 and "no-store" in answer.headers["Cache-Control"]
    assert 'hx-history="false"' in text and "I have stored it" in text and f'action="{IAM}/users/bo/keys"' in text
    assert f">{secret()}<" in text and f">{made.id}<" in text
    assert f"aws configure set aws_access_key_id {made.id} --profile kho &amp;&amp; " in text
    assert "aws configure set endpoint_url http://testserver --profile kho" in text
    assert f"docker login --username {made.id} " in text
    file = re.search(r'href="data:text/csv;base64,([^"]+)" download="([^"]+)"', text)
    assert file and file[2] == f"{made.id}.csv"
    rows = list(csv.reader(io.StringIO(base64.b64decode(file[1]).decode())))
    assert rows == [["user name", "access key id", "secret access key"], ["bo", made.id, secret()]]
    again = ana.get(place)
    assert again.status_code == 410
    assert "can't be shown again" in again.content.decode() and secret() not in again.content.decode()
    assert f'href="{IAM}/users/bo/keys"' in again.content.decode()
    assert AccessKey.objects.count() == 1


def test_the_secret_is_nowhere_in_the_open(ana: Client, place: str) -> None:
    kept = json.dumps([row.get_decoded() for row in Session.objects.all()])
    assert place.rpartition("/")[2] in kept and secret() not in kept
    assert not [event for event in AuditEvent.objects.all() if secret() in json.dumps(event.details)]
    assert secret() not in page(ana, f"{IAM}/users/bo/keys")
    assert secret() in page(ana, place)
    kept = json.dumps([row.get_decoded() for row in Session.objects.all()])
    assert "sealed" not in kept


def test_others_and_other_accounts_do_not_see_it(ana: Client, chi: Client, place: str) -> None:
    page(chi, place, 404)
    assert "Shown already" in page(chi, place.replace("111122223333", "444455556666"), 410)
    assert secret() in page(ana, place)


def test_it_waits_for_minutes_only(ana: Client, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_once, "WAITS", timedelta(seconds=-1))
    assert secret() not in page(ana, place, 410)
    monkeypatch.undo()
    assert secret() not in page(ana, place, 410)


def test_one_under_a_lost_master_key_is_gone(ana: Client, place: str, settings: Settings) -> None:
    text = secret()
    settings.MASTER_KEY = "another master key, of as many letters as any"
    assert text not in page(ana, place, 410)


def test_a_session_keeps_a_few(ana: Client, place: str) -> None:
    places = [ana.post(f"{BASE}/registry-password").headers["Location"] for _ in range(shown_once.MOST)]
    page(ana, place, 410)
    assert all("docker login --username AWS" in page(ana, each) for each in places)
    assert len(ana.session[shown_once.KEY]) == shown_once.MOST


def test_the_end_of_a_password_is_told(ana: Client) -> None:
    text = page(ana, ana.post(f"{BASE}/registry-password").headers["Location"])
    day = (timezone.now() + timedelta(hours=12)).date().isoformat()
    assert "It expires on" in text and f'datetime="{day}' in text
