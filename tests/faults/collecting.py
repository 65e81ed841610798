"""Runs inside a deployment: what must be there is checked, and the collector is killed at every step of a pass."""

import hashlib
import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any, Final
from unittest.mock import patch

from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.caller import Caller
from registry import storage
from registry.core import addresses, images, repositories, uploads
from registry.core.collecting import collector
from registry.models import Blob, BlobLink, CollectionRun, Image, ImageBlob, Manifest, Repository, Upload
from registry.storage.filesystem import FilesystemDriver
from registry.values import Address, Digest, ImageTag
from tests.factories.registry import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, make_account, make_caller, manifest_bytes

ACCOUNT: Final = "111122223333"


class Wrong(AssertionError):
    """Something that must be there is not, or something is there that must not be."""


def alice() -> Caller:
    """Who owns everything."""
    return make_caller(ACCOUNT, "alice", region="us-east-1")


def begin() -> None:
    """Make the account."""
    make_account(ACCOUNT, "Alice")


# --- what must be there


def check_all() -> dict[str, int]:
    """Every live image is whole and can be pulled, every byte has its row; return how much there is.

    Wrong.
    """
    driver = storage.default()
    for link in ImageBlob.objects.select_related("blob", "image").filter(image__deleted_at=None).iterator():
        blob = link.blob
        if blob.state != Blob.State.LIVE:
            raise Wrong(f"{blob.digest} is {blob.state}")
        if not BlobLink.objects.filter(blob=blob, repository=link.image.repository_id).exists():
            raise Wrong(f"{blob.digest} is not linked")
        with driver.open(blob.storage_key, blob.size).file as file:
            if f"sha256:{hashlib.sha256(file.read()).hexdigest()}" != blob.digest:
                raise Wrong(f"{blob.digest} has other bytes")
    return {"blobs": Blob.objects.count(), "images": Image.objects.count(), "links": BlobLink.objects.count()}


def check_nothing_leaks() -> None:
    """After the last pass, nothing is there that no live image needs. Wrong."""
    keys, named = (
        {each.key for each in list(storage.default().keys())},
        set(Blob.objects.values_list("storage_key", flat=True)),
    )
    needed = set(ImageBlob.objects.values_list("blob_id", "image__repository_id"))
    links = set(BlobLink.objects.values_list("blob_id", "repository_id"))
    leaks: dict[str, set[Any]] = {
        "objects": keys ^ named,
        "links": links ^ needed,
        "blobs": set(Blob.objects.values_list("id", flat=True)) - {blob_id for blob_id, _ in needed},
        "deleted images": set(Image.objects.exclude(deleted_at=None).values_list("digest", flat=True)),
        "manifests": set(Manifest.objects.filter(images=None).values_list("digest", flat=True)),
        "uploads": {*Upload.objects.values_list("id", flat=True), *storage.default().uploads()},
        "repositories": set(Repository.objects.exclude(deleted_at=None).values_list("name", flat=True)),
    }
    if found := {what: sorted(map(str, things))[:5] for what, things in leaks.items() if things}:
        raise Wrong(json.dumps(found))


# --- kills


class Steps:
    """Counts what the collector does to rows and objects, and kills the process before the step of a number."""

    def __init__(self, fatal: int) -> None:
        self._left = fatal

    def reach(self) -> None:
        """One step more."""
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1

    def watch(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Stand before and behind every statement that writes."""
        if not sql.startswith(("INSERT", "UPDATE", "DELETE")):
            return execute(sql, params, many, context)
        self.reach()
        result = execute(sql, params, many, context)
        self.reach()
        return result


def collect_and_die(fatal: int) -> None:
    """Do a pass, and be killed before the step of that number if there are so many."""
    steps = Steps(fatal)
    delete, discard, commit = FilesystemDriver.delete, FilesystemDriver.discard, BaseDatabaseWrapper.commit

    def around(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any) -> Any:
            steps.reach()
            result = call(*arguments)
            steps.reach()
            return result

        return wrapped

    with (
        connection.execute_wrapper(steps.watch),
        patch.object(FilesystemDriver, "delete", around(delete)),
        patch.object(FilesystemDriver, "discard", around(discard)),
        patch.object(BaseDatabaseWrapper, "commit", around(commit)),
    ):
        collector.collect(walks=True)


def in_child(work: Callable[..., Any], *arguments: Any) -> int:
    """Fork, work, and return how the child ended: 0, or the number of the signal that killed it."""
    connection.close()
    pid = os.fork()
    if pid == 0:
        try:
            work(*arguments)
        except BaseException as error:  # noqa: BLE001 - the parent reads of it
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(101)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise Wrong(f"the child ended with {os.WEXITSTATUS(status)}")
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def make_garbage(number: int) -> None:
    """Something of each kind that a pass removes, beside an image that stays."""
    caller, place = alice(), addresses.private(ACCOUNT, f"kills/{number}")
    repositories.create(caller, place)
    push(caller, place, "kept", [b"shared by all", b"%d kept" % number])
    gone = push(caller, place, "gone", [b"shared by all", b"%d gone" % number])
    images.delete(caller, place, Digest.parse(gone))
    push_blob(caller, place, b"%d unused" % number)
    uploads.append(caller, place, str(uploads.start(caller, place).id), [b"left"])
    other = addresses.private(ACCOUNT, f"kills/{number}-gone")
    repositories.create(caller, other)
    push(caller, other, "1", [b"%d in a repository that goes" % number])
    repositories.delete(caller, other, force=True)
    orphan = storage.default().new_key()
    upload = uploads.start(caller, place)
    state = storage.default().open_segment(str(upload.id), {}, "claim")
    with state as segment:
        segment.write(b"orphan")
        kept = segment.commit()
    storage.default().finish(str(upload.id), kept, orphan, 6)
    upload.delete()


def kill_at_every_step(stride: int = 1) -> dict[str, int]:
    """Kill the collector before each of its steps, with fresh garbage; whoever comes next ends what it began."""
    begin()
    deaths = 0
    hurry()
    for fatal in range(0, 10_000, stride):
        make_garbage(fatal)
        how = in_child(collect_and_die, fatal)
        check_all()
        if how == 0:
            break
        deaths += 1
        finish_pass()
        check_all()
    for _ in range(2):
        finish_pass()
    check_all()
    check_nothing_leaks()
    return {"deaths": deaths, "images": Image.objects.count()}


def finish_pass() -> None:
    """Go on with the pass that was killed, or do one. Wrong if there are problems."""
    CollectionRun.objects.filter(state="running").update(leased_until=None)
    run = collector.collect(grace=0, walks=True)
    if run is None or run.problem_count:
        raise Wrong(f"{run and run.problems}")


def hurry(grace: float = 0.0) -> None:
    """Let everything be old at once, or after some seconds."""
    settings.BLOB_GRACE_SECONDS = grace
    settings.UNDELETE_SECONDS = 0
    settings.STALE_UPLOAD_SECONDS = max(grace, 0.01)


def push_blob(caller: Caller, place: Address, content: bytes) -> None:
    """Push a blob, whole or in two pieces."""
    upload = str(uploads.start(caller, place).id)
    uploads.append(caller, place, upload, [content[:50]])
    uploads.finish(
        caller, place, upload, Digest.of(content), [content[50:]], length=len(content) - min(50, len(content))
    )


def push(caller: Caller, place: Address, tag: str, layers: list[bytes]) -> str:
    """Push an image with a config of its own; its digest."""
    config = json.dumps({"os": "linux", "architecture": "amd64", "comment": f"{place.name} {tag} {time.time_ns()}"})
    descriptors = []
    for content in (config.encode(), *layers):
        push_blob(caller, place, content)
        descriptors.append({"mediaType": OCI_LAYER, "digest": str(Digest.of(content)), "size": len(content)})
    manifest = manifest_bytes(descriptors[0] | {"mediaType": OCI_CONFIG}, descriptors[1:])
    return images.put(caller, place, ImageTag.parse(tag), OCI_MANIFEST, manifest).image.digest
