"""Copies of images at peers: blobs first, several at once, then children, the image, its tag; and deletions.

A peer decides at each request by the policy of the destination's registry. What it has is not sent again. The database
here and the peer's know no common lock: whether a tag still names the image, or the image is still there, is asked
again after the peer has it, and what has changed meanwhile is sent once more by who called.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from json import dumps
from typing import Final

from accounts.outbound import OutboundRefused
from registry.core import blobs, image_rows, replicas
from registry.errors import (
    ChildrenNotReplicated,
    ImageNotFound,
    LayersNotFound,
    PeerError,
    PeerRefused,
    PeerUnavailable,
    ReferencedImagesNotFound,
    RegistryError,
    StorageDamaged,
)
from registry.models import Blob, Image, ImageChild, ImageTag, Manifest, Peer, Repository
from registry.replication import blob_sending
from registry.replication.courier import Courier
from registry.values import RegistryId

AT_ONCE: Final = 4
"""Blobs of one image that are sent at the same time."""
ASKED_AT_ONCE: Final = 400
"""About so many blobs one question asks at most."""
MOST_DELETIONS: Final = 1000
ASKING_SECONDS: Final = 5.0

Problems = Mapping[str, RegistryError]
"""What hinders blobs, by digest."""


def put(peer: Peer, source: Image, destination: RegistryId, tag: str = "") -> None:
    """Let a peer's registry have an image, under a tag if that names the image here.

    Raises ImageNotFound, ImageArchived, LayersNotFound, ReferencedImagesNotFound, ChildrenNotReplicated, and PeerError:
    PeerRefused has the peer's code. Doing it again changes nothing, and sends nothing that is there.
    """
    replicas.require_there(source)
    with _courier(peer, source.repository, destination) as courier:
        try:
            _Shipment(courier, source).deliver(tag)
        except PeerUnavailable as error:
            if isinstance(error.__cause__, OutboundRefused):
                courier.note_away()
            raise


def delete(peer: Peer, source: Repository, destination: RegistryId, digest: str) -> None:
    """Delete the replica of an image that is gone, and of those that it named and that are gone. PeerError."""
    wanted = [digest, *_below(source, digest)][:MOST_DELETIONS]
    here = set(image_rows.live(source).filter(digest__in=wanted).values_list("digest", flat=True))
    gone = [each for each in wanted if each not in here]
    if gone[:1] == [digest]:
        _remove(peer, source, destination, {"digests": gone})


def untag(peer: Peer, source: Repository, destination: RegistryId, digest: str, tag: str) -> None:
    """Take a tag away that has come from here, if there is none of the name here. PeerError."""
    if not ImageTag.objects.filter(repository=source, name=tag).exists():
        _remove(peer, source, destination, {"digest": digest, "tag": tag})


def may_replicate(peer: Peer, source: RegistryId, destination: RegistryId, name: str) -> bool | None:
    """Whether the destination lets the registry replicate to a name; None if the peer does not say."""
    try:
        with Courier(peer, source, destination, name) as courier:
            courier.ask("GET", "rights", {204}, seconds=ASKING_SECONDS)
    except PeerRefused as error:
        return False if error.code == "AccessDenied" else None
    except PeerError:
        return None
    return True


class _Shipment:
    """An image with all that it names, on its way."""

    def __init__(self, courier: Courier, top: Image) -> None:
        self._courier = courier
        self._top = top
        self._origin = top.repository
        self._images: dict[str, Image] = {}
        self._children: dict[str, list[str]] = {}

    def deliver(self, tag: str) -> None:
        if self._has(self._top):
            self._put(self._top, self._current(tag))
            return
        self._gather()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            there = dict(zip(self._images, pool.map(self._has, self._images.values()), strict=True))
            missing = [image for digest, image in self._images.items() if not there[digest]]
            problems = self._send(pool, missing)
        failed: dict[str, RegistryError] = {}
        for digest in self._bottom_up():
            image = self._images[digest]
            if there[digest] and image.id != self._top.id:
                continue
            try:
                self._require(image, failed, problems)
                self._put(image, self._current(tag) if image.id == self._top.id else "")
            except PeerRefused as error:
                failed[digest] = error
            except PeerError:
                raise
            except RegistryError as error:
                failed[digest] = error
        if self._top.digest in failed:
            raise failed[self._top.digest]

    def _current(self, tag: str) -> str:
        """The tag, if it names the image here; after a look at whether that is still there. ImageNotFound."""
        if not image_rows.live(self._origin).filter(id=self._top.id).exists():
            raise ImageNotFound(self._top.digest, self._origin.name, self._origin.account_id)
        return tag if tag and ImageTag.objects.filter(image=self._top, name=tag).exists() else ""

    def _gather(self) -> None:
        """Find all that the image names, each once."""
        self._images[self._top.digest] = self._top
        level = [self._top]
        while level:
            rows = ImageChild.objects.filter(parent__in=level).values_list("parent__digest", "digest")
            for parent, digest in rows.order_by("parent__digest", "digest"):
                self._children.setdefault(parent, []).append(digest)
            wanted = {digest for parent in level for digest in self._children.get(parent.digest, ())}
            found = image_rows.live(self._origin).filter(digest__in=wanted - self._images.keys())
            level = list(found.order_by("digest"))
            self._images |= {image.digest: image for image in level}

    def _bottom_up(self) -> list[str]:
        """Digests of the images, each behind those that it names."""
        order: dict[str, None] = {}
        ready: list[tuple[str, bool]] = [(self._top.digest, False)]
        opened: set[str] = set()
        while ready:
            digest, is_done = ready.pop()
            if is_done:
                order.setdefault(digest)
            elif digest in self._images and digest not in opened:
                opened.add(digest)
                ready.append((digest, True))
                ready += [(child, False) for child in self._children.get(digest, ())]
        return list(order)

    def _has(self, image: Image) -> bool:
        """Whether the peer has an image whole."""
        answer = self._courier.ask("HEAD", f"manifests/{image.digest}", {200, 404})
        self._courier.digest(answer, image.digest)
        return answer.status == 200

    def _send(self, pool: ThreadPoolExecutor, missing: Iterable[Image]) -> Problems:
        """Send the blobs of images, each once; return what hinders some. PeerError for what hinders all."""
        needed = Blob.objects.filter(images__image__in=list(missing)).distinct().order_by("-size")
        rows = {blob.digest: blob for blob in needed}
        problems: dict[str, RegistryError] = {
            digest: LayersNotFound([digest]) for digest, blob in rows.items() if blob.state != Blob.State.LIVE
        }
        wanted = [digest for digest in rows if digest not in problems]
        going = {
            digest: pool.submit(blob_sending.send, self._courier, rows[digest])
            for start in range(0, len(wanted), ASKED_AT_ONCE)
            for digest in self._courier.missing(wanted[start : start + ASKED_AT_ONCE])
        }
        try:
            for digest, future in going.items():
                try:
                    future.result()
                except StorageDamaged:
                    blobs.found_damaged(rows[digest])
                    problems[digest] = LayersNotFound([digest])
                except PeerRefused as error:
                    problems[digest] = error
        finally:
            for future in going.values():
                future.cancel()
        return problems

    def _require(self, image: Image, failed: Problems, problems: Problems) -> None:
        """Raise what hinders an image: what it names and is not here, or has failed, or one of its blobs."""
        children = self._children.get(image.digest, [])
        if missing := [each for each in children if each not in self._images]:
            raise ReferencedImagesNotFound(sorted(missing))
        if codes := {code for each in children if each in failed for code in _codes(failed[each])}:
            raise ChildrenNotReplicated(sorted(codes))
        if problems:
            own = Blob.objects.filter(images__image=image, digest__in=list(problems)).values_list("digest", flat=True)
            for digest in own.order_by("digest")[:1]:
                raise problems[digest]

    def _put(self, image: Image, tag: str) -> None:
        """Send a manifest, which the peer checks again."""
        row = Manifest.objects.filter(digest=image.digest).first()
        if row is None:
            raise ImageNotFound(image.digest, self._origin.name, self._origin.account_id)
        answer = self._courier.ask(
            "PUT",
            f"manifests/{image.digest}" + (f"?tag={tag}" if tag else ""),
            {201},
            body=bytes(row.content),
            headers={"Content-Type": image.media_type},
        )
        self._courier.digest(answer, image.digest)


def _codes(error: RegistryError) -> Iterator[str]:
    """The names of what an error stands for."""
    if isinstance(error, ChildrenNotReplicated):
        yield from error.codes
    else:
        yield code_of(error)


def code_of(error: Exception) -> str:
    """The name of what hindered a copy; the peer's own, if it refused."""
    return error.code if isinstance(error, PeerRefused) else type(error).__name__


def _courier(peer: Peer, source: Repository, destination: RegistryId) -> Courier:
    return Courier(peer, source.address.registry, destination, source.name)


def _remove(peer: Peer, source: Repository, destination: RegistryId, wanted: Mapping[str, object]) -> None:
    with _courier(peer, source, destination) as courier:
        headers = {"Content-Type": "application/json"}
        courier.ask("POST", "removals", {200}, body=dumps(wanted).encode(), headers=headers)


def _below(source: Repository, digest: str) -> list[str]:
    """Digests that an image of the repository, which may be deleted, named, and those that they did."""
    found: dict[str, None] = {}
    level = [digest]
    while level and len(found) < MOST_DELETIONS:
        rows = ImageChild.objects.filter(parent__repository=source, parent__digest__in=level)
        level = [
            each
            for each in dict.fromkeys(rows.order_by("digest").values_list("digest", flat=True))
            if each not in found
        ]
        found |= dict.fromkeys(level)
    return list(found)
