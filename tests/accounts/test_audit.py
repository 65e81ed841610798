"""The trail, and the spool that reads go through."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from accounts.audit import lookup, spool, trail
from accounts.audit.actions import Action
from accounts.audit.lookup import EventFilter
from accounts.caller import Caller, Staff, service
from accounts.iam.arn import Arn
from accounts.models import AuditEvent

ACCOUNT = "111122223333"
RESOURCE = Arn("ecr-public", "", "111122223333", "repository/app")
ALICE = Caller("111122223333", "arn:aws:iam::111122223333:user/a", user_agent="x" * 9999, source_ip="192.0.2.1")


def test_it_works_to_record_and_read_the_trail(db: None) -> None:
    trail.record(ALICE, Action.PUT_IMAGE, RESOURCE, details={"imageTag": "1"})
    trail.record(ALICE, Action.BATCH_GET_IMAGE, RESOURCE, read_only=True)
    event = lookup.recent(ALICE.account_id, 10)[0]
    assert (event.event_source, event.event_name, event.account_id) == (
        "ecr-public.amazonaws.com",
        "PutImage",
        "111122223333",
    )
    assert len(event.user_agent) == 512 and event.details == {"imageTag": "1"}
    assert len(lookup.recent(ALICE.account_id, 10)) == 1
    assert "PutImage" in str(event) and AuditEvent.objects.count() == 2


def test_lines_are_written_and_read_in_order() -> None:
    for number in range(5):
        spool.write({"number": number})
    [path] = spool.files()
    assert path.stat().st_mode & 0o077 == 0
    first, offset = spool.read(path, 0, limit=2)
    rest, end = spool.read(path, offset)
    assert [line["number"] for line in first + rest] == [0, 1, 2, 3, 4] and end == path.stat().st_size
    assert spool.read(path, end) == ([], end)
    assert not spool.is_finished(path)


def test_lines_stay_short_whatever_a_client_sends() -> None:
    spool.write({"kind": "pull", "caller": {"user_agent": "ü" * 9999}, "n": 1})
    [path] = spool.files()
    assert path.stat().st_size < 4096
    assert spool.read(path, 0)[0][0]["n"] == 1


def test_names_stay_whole_when_a_line_is_shortened() -> None:
    arn = "arn:aws:ecr:us-east-1:111122223333:repository/" + "a" * 256
    spool.write({"resource": arn, "caller": {"user_agent": "ÿ" * 9999}})
    [path] = spool.files()
    assert path.stat().st_size < 4096
    assert spool.read(path, 0)[0][0]["resource"] == arn


def test_a_record_that_can_t_be_short_is_left_out() -> None:
    spool.write({f"text {number}": "😀" * 9999 for number in range(3)})
    assert spool.files() == []


def test_a_line_that_was_cut_or_is_no_record_is_left_out() -> None:
    spool.write({"number": 1})
    [path] = spool.files()
    with path.open("ab") as file:
        file.write(b"nonsense\n[1]\n" + json.dumps({"number": 2}).encode())
    records, offset = spool.read(path, 0)
    assert [line["number"] for line in records] == [1], "the last line is not whole yet"
    with path.open("ab") as file:
        file.write(b"\n")
    assert spool.read(path, offset)[0] == [{"number": 2}]


def test_a_child_writes_into_a_file_of_its_own() -> None:
    spool.write({"who": "parent"})
    child = os.fork()
    if not child:
        spool.write({"who": "child"})
        os._exit(0)
    os.waitpid(child, 0)
    assert len(spool.files()) == 2 and not list(spool.files()[0].parent.glob("*.new"))
    [finished] = [path for path in spool.files() if spool.is_finished(path)]
    assert spool.read(finished, 0)[0] == [{"who": "child"}]
    spool.remove(finished)
    assert len(spool.files()) == 1


def test_files_of_another_start_of_the_machine_are_finished(spool_folder: Path) -> None:
    assert spool.is_finished(spool_folder / f"otherbot-{os.getpid()}-1.jsonl")


def test_a_file_is_finished_when_its_writer_is_gone_whatever_its_process_id(spool_folder: Path) -> None:
    """In another container the writer's id may be nobody's here, or that of somebody else."""
    spool.write({"number": 1})
    [path] = spool.files()
    foreign = path.rename(path.with_name(f"{spool._boot_id()}-4194999-1.jsonl"))
    assert not spool.is_finished(foreign), "the writer lives, under an id that is nobody's here"
    left = spool_folder / f"{spool._boot_id()}-{os.getpid()}-1.jsonl"
    left.write_bytes(b"{}\n")
    assert spool.is_finished(left), "this process has another file"
    assert spool.is_finished(spool_folder / f"{spool._boot_id()}-1-1.jsonl"), "it was removed meanwhile"


def test_a_file_system_without_locks_loses_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "not supported")

    monkeypatch.setattr("fcntl.flock", refuse)
    spool.write({"number": 1})
    [path] = spool.files()
    assert spool.read(path, 0)[0] == [{"number": 1}] and not spool.is_finished(path)


def test_a_spool_that_can_t_be_written_fails_nothing(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings.SPOOL_DIR = tmp_path / "file"
    spool.write({"number": 1})
    assert spool.files() == []


def test_a_full_disk_fails_nothing_and_spoils_no_later_line(monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda descriptor, line: write(descriptor, line[:3]))
        spool.write({"number": 1})
    spool.write({"number": 2})
    spool.write({"number": 3})
    [path] = spool.files()
    assert [line["number"] for line in spool.read(path, 0)[0]] == [2, 3]


SECRET_ROW = {"user_agent": "staff: boss@example.com", "source_ip": "192.0.2.77"}


def staff_event(**more: Any) -> AuditEvent:
    known = {"event_source": "kho.amazonaws.com", "event_name": "VerifyPublisher", "read_only": False, "region": ""}
    row = known | {"account_id": ACCOUNT, "principal_arn": f"arn:aws:iam::{ACCOUNT}:root", **SECRET_ROW, **more}
    return AuditEvent.objects.create(**row)


@pytest.mark.parametrize(
    "row",
    [
        {"principal_arn": Staff("boss@example.com").on(ACCOUNT).principal_arn},
        {"details": {"because": "We met them."}},
        {"event_name": "DeleteRepository", "details": {"takedown": "It mines coins."}},
    ],
)
def test_accounts_see_that_staff_acted_and_staff_see_who(db: None, row: dict[str, Any]) -> None:
    event = staff_event(**row)
    seen = lookup.get(ACCOUNT, str(event.id))
    assert seen is not None
    record = lookup.as_cloudtrail(seen)
    words = "staff of this registry"
    assert record["userIdentity"] == {"type": "AWSService", "invokedBy": words}
    assert (record["sourceIPAddress"], record["userAgent"]) == (words, words)
    everything = EventFilter(reads=True)
    listed = [*lookup.page(ACCOUNT, everything).rows, *lookup.recent(ACCOUNT, 9), *lookup.every(ACCOUNT, everything, 9)]
    assert len(listed) == 3
    for each in listed:
        told = json.dumps([lookup.as_cloudtrail(each), each.user_agent, each.source_ip, each.principal_arn])
        assert "boss" not in told and "192.0.2.77" not in told and "We met" not in told and "root" not in told
    kept, total = lookup.of_staff(ACCOUNT)
    assert total == 1 and kept[0].user_agent == "staff: boss@example.com" and kept[0].source_ip == "192.0.2.77"
    event.refresh_from_db()
    assert event.user_agent == "staff: boss@example.com"


@pytest.mark.parametrize(
    "row",
    [
        {"event_name": "CreateRepository"},
        {"principal_arn": f"arn:aws:iam::{ACCOUNT}:user/alice"},
        {"user_agent": "manage.py"},
    ],
)
def test_nobody_else_looks_like_staff(db: None, row: dict[str, Any]) -> None:
    event = staff_event(**row)
    seen = lookup.get(ACCOUNT, str(event.id))
    assert seen is not None and seen.source_ip == "192.0.2.77"
    assert lookup.as_cloudtrail(seen)["userIdentity"]["type"] in {"Root", "IAMUser"}
    assert lookup.of_staff(ACCOUNT) == ([], 0)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("arn:aws:iam::111122223333:root", {"type": "Root"}),
        ("arn:aws:iam::111122223333:user/ci/bob", {"type": "IAMUser", "userName": "bob"}),
        (
            "arn:aws:sts::111122223333:assumed-role/puller/job-7",
            {
                "type": "AssumedRole",
                "sessionContext": {
                    "sessionIssuer": {"type": "Role", "accountId": "111122223333", "userName": "puller"},
                },
            },
        ),
        ("", {"type": "Unknown"}),
    ],
)
def test_a_cloudtrail_record_tells_what_kind_of_principal_it_was(who: str, expected: dict[str, Any]) -> None:
    event = AuditEvent(principal_arn=who, caller_account_id=ACCOUNT, account_id=ACCOUNT, event_name="PutImage")
    assert lookup.as_cloudtrail(event)["userIdentity"] == {"arn": who, "accountId": ACCOUNT} | expected


def test_a_cloudtrail_record_tells_services_and_providers_from_users() -> None:
    lifecycle = AuditEvent(principal_arn=service(ACCOUNT, "lifecycle").principal_arn, account_id=ACCOUNT)
    assert lookup.as_cloudtrail(lifecycle)["userIdentity"] == {"type": "AWSService", "invokedBy": "kho/lifecycle"}
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/ci.example.com:8443/x:root"
    job = AuditEvent(principal_arn=provider, account_id=ACCOUNT)
    assert lookup.as_cloudtrail(job)["userIdentity"] == {"type": "WebIdentityUser", "identityProvider": provider}
