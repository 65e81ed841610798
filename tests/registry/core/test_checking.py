"""What the comparison of database and storage finds, and the command that prints it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.caller import Caller
from registry import storage
from registry.core import checking, uploads
from registry.core.checking import Finding, Problem
from registry.models import Blob
from registry.values import Address, Digest
from tests.factories.registry import push_blob


def check(*arguments: str) -> str:
    """Run the command and return what it printed."""
    out = StringIO()
    call_command("check_storage", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def blob(alice: Caller, address: Address) -> Blob:
    """A stored blob."""
    push_blob(alice, address, b"hello")
    return Blob.objects.get()


def test_it_works(blob: Blob) -> None:
    """Everything whole."""
    assert list(checking.damaged()) == list(checking.unknown()) == []
    assert "Every blob is stored whole." in check()


def test_it_finds_missing_bytes_and_marks_them(blob: Blob) -> None:
    """The command names the digest and fails; the blob counts as absent."""
    storage.default().delete(blob.storage_key)
    out = StringIO()
    with pytest.raises(CommandError, match="1 blobs are missing or cut short"):
        call_command("check_storage", stdout=out)
    assert f"{blob.digest}: missing" in out.getvalue()
    blob.refresh_from_db()
    assert blob.state == Blob.State.DAMAGED
    assert list(checking.damaged()) == [Finding(Problem.MISSING, blob.storage_key, blob.digest)]


def test_it_finds_bytes_that_are_cut_short(blob: Blob) -> None:
    """A size that differs is enough."""
    Blob.objects.update(size=6)
    assert list(checking.damaged()) == [Finding(Problem.CUT_SHORT, blob.storage_key, blob.digest)]


def test_it_finds_objects_that_no_row_names(alice: Caller, address: Address, blob: Blob) -> None:
    """Those of an upload that is being finished are not among them."""
    upload = uploads.start(alice, address)
    Blob.objects.all().delete()
    assert list(checking.unknown()) == [Finding(Problem.UNKNOWN, blob.storage_key)]
    assert "not named by any row" in check()
    assert "not named by any row" not in check("--blobs-only")
    type(upload).objects.update(storage_key=blob.storage_key)
    assert list(checking.unknown()) == []


def test_blobs_under_collection_are_left_alone(blob: Blob) -> None:
    """Their bytes may be gone already."""
    storage.default().delete(blob.storage_key)
    Blob.objects.update(state=Blob.State.DELETING)
    assert list(checking.damaged()) == []
    assert Digest.parse(blob.digest)
