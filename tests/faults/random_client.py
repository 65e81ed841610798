"""Runs inside a deployment: a client that pushes, mounts, pulls and deletes at random, and knows what must be there.

It calls the core as the edges do. It has repositories of its own, so that it knows what must be in them, and shares
others with all clients. Layers are few and small, so that all meet in the collector.
"""

import json
import random
import time
from collections import Counter
from typing import Final

from registry.core import addresses, blobs, images, repositories, uploads
from registry.errors import (
    BlobIsReferenced,
    BlobNotFound,
    ImageNotFound,
    LayersNotFound,
    RepositoryNotFound,
    UploadBusy,
    UploadNotFound,
)
from registry.models import Image
from registry.values import Address, Digest, ImageTag
from tests.factories.registry import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, manifest_bytes
from tests.faults.collecting import ACCOUNT, Wrong, alice, push_blob

LAYERS: Final = [random.Random(n).randbytes(200 + n) for n in range(24)]
"""What images are made of; few, so that they are shared, go and come again."""
OWN: Final = 3
SHARED: Final = ["stress/shared-0", "stress/shared-1"]


class Client:
    """One process: owns repositories, and knows which images must be in them.

    `counts` has the calls that it made; a push of an image is one for each blob, mount and HEAD, and one for the
    manifest.
    """

    def __init__(self, number: int, seed: int, grace: float) -> None:
        self._random = random.Random(f"{seed}-{number}")
        self._caller = alice()
        self._grace = grace
        self._number = number
        self._images: dict[str, dict[str, list[Digest]]] = {f"stress/{number}-{n}": {} for n in range(OWN)}
        self._shared: dict[str, list[Digest]] = {}
        self._there: set[str] = set()
        self._made = 0
        self.counts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def do_something(self) -> None:
        """Do one thing at random, which may take several calls. Wrong."""
        choices = [self.push, self.pull, self.delete, self.share, self.look, self.push_only, self.delete_blob]
        choices += [self.repository, self.abandon]
        (work,) = self._random.choices(choices, [20, 60, 14, 8, 14, 4, 6, 1, 2])
        work()

    def _place(self) -> Address:
        """One of its own repositories, made if it is not there."""
        name = self._random.choice(list(self._images))
        place = addresses.private(ACCOUNT, name)
        if name not in self._there:
            repositories.create(self._caller, place)
            self._there.add(name)
        return place

    def _provide(self, place: Address, content: bytes) -> None:
        """Ask for a layer, mount it, or push it, as clients do."""
        digest = Digest.of(content)
        begun = time.monotonic()
        if self._random.random() < 0.8:
            self.counts["HEAD"] += 1
            try:
                blobs.find(self._caller, place, digest)
            except BlobNotFound:
                pass
            else:
                self._asked[str(digest)] = begun
                return
        if self._random.random() < 0.5:
            self.counts["mount"] += 1
            if blobs.mount(self._caller, place, digest, self._source()):
                self._asked[str(digest)] = begun
                return
            self.refused["mount"] += 1
        self._send(place, content)
        self._asked[str(digest)] = begun

    def _source(self) -> Address | None:
        """Where to mount from: wherever it is, or one repository, which may not have it or not be there."""
        names = [*self._images, *SHARED, f"stress/{self._random.randint(0, 9)}-0"]
        return self._random.choice([None, addresses.private(ACCOUNT, self._random.choice(names))])

    def _send(self, place: Address, content: bytes) -> None:
        """Push a blob in one request or in several."""
        self.counts["push of a blob"] += 1
        begun = time.monotonic()
        try:
            if self._random.random() < 0.5:
                uploads.put_whole(self._caller, place, Digest.of(content), [content], length=len(content))
            else:
                push_blob(self._caller, place, content)
        except (UploadBusy, UploadNotFound) as error:
            # Who is silent for longer than uploads are kept here has to begin anew.
            if time.monotonic() - begun < self._grace:
                raise Wrong(f"an upload was taken away within the grace: {error}") from error
            self.refused["too slow"] += 1
            self._send(place, content)

    def push(self) -> None:
        """Push an image to a repository of its own."""
        place = self._place()
        if made := self._push(place, f"t{self._random.randint(1, 5)}"):
            self._images[str(place.name)][made[0]] = made[1]

    def share(self) -> None:
        """Push an image to a repository of all, where others may delete it at any time, and tags move."""
        place = addresses.private(ACCOUNT, self._random.choice(SHARED))
        if made := self._push(place, f"s{self._random.randint(1, 5)}"):
            self._shared[made[0]] = made[1]

    def _push(self, place: Address, tag: str) -> tuple[str, list[Digest]] | None:
        """Push some layers and a manifest. What was asked for or sent just before must be there."""
        self._asked: dict[str, float] = {}
        self._made += 1
        config = json.dumps({"os": "linux", "comment": f"{self._number} {self._made}"}).encode()
        contents = [config, *self._random.sample(LAYERS, self._random.randint(1, 3))]
        for content in contents:
            self._provide(place, content)
        entries = [{"mediaType": OCI_LAYER, "digest": str(Digest.of(each)), "size": len(each)} for each in contents]
        manifest = manifest_bytes(entries[0] | {"mediaType": OCI_CONFIG}, entries[1:])
        self.counts["push of a manifest"] += 1
        try:
            put = images.put(self._caller, place, ImageTag.parse(tag), OCI_MANIFEST, manifest)
        except LayersNotFound as error:
            # Who takes longer than the grace allows has to push again.
            if time.monotonic() - min(self._asked.values()) < self._grace / 2:
                raise Wrong(f"gone within the grace: {error}") from error
            self.refused["too slow"] += 1
            return None
        return put.image.digest, [Digest.of(each) for each in contents]

    def pull(self) -> None:
        """Pull an image of its own, every byte of it."""
        place = self._place()
        for digest, layers in self._some(place):
            self._read(place, digest, layers)

    def _read(self, place: Address, digest: str, layers: list[Digest]) -> None:
        """Manifest and layers, all of them hashed. Wrong."""
        self.counts["pull"] += 1
        stored = images.get(self._caller, place, Digest.parse(digest))
        if str(Digest.of(stored.content)) != digest:
            raise Wrong(f"manifest {digest}")
        for layer in layers:
            with blobs.open_for_reading(self._caller, place, layer).file as file:
                if Digest.of(file.read()) != layer:
                    raise Wrong(f"layer {layer}")

    def look(self) -> None:
        """Pull or delete what it pushed to a repository of all: it may be gone, but never a part of it."""
        if not self._shared:
            return
        digest = self._random.choice(list(self._shared))
        layers = self._shared[digest]
        for name in SHARED:
            place = addresses.private(ACCOUNT, name)
            try:
                if self._random.random() < 0.3:
                    self.counts["delete"] += 1
                    images.delete(self._caller, place, Digest.parse(digest))
                    del self._shared[digest]
                else:
                    self._read(place, digest, layers)
            except ImageNotFound:
                self.refused["not in this one"] += 1
            except BlobNotFound as error:
                if Image.objects.filter(repository__name=name, digest=digest, deleted_at=None).exists():
                    raise Wrong(f"{digest} has lost a layer: {error}") from error
            else:
                return

    def delete(self) -> None:
        """Delete an image, by its tag or its digest; at times one that somebody else pushed to all."""
        place = self._place()
        for digest, _ in self._some(place):
            self.counts["delete"] += 1
            images.delete(self._caller, place, Digest.parse(digest))
            del self._images[str(place.name)][digest]
        if self._random.random() < 0.3:
            shared = addresses.private(ACCOUNT, self._random.choice(SHARED))
            self.counts["delete"] += 1
            gone, failures = images.delete_ids(self._caller, shared, [("", f"s{self._random.randint(1, 5)}")])
            self.refused["no such tag"] += len(failures)
            for digest, _ in gone:
                self._shared.pop(digest, None)

    def push_only(self) -> None:
        """Push a blob that no image may ever need."""
        self._send(self._place(), self._random.choice(LAYERS))

    def delete_blob(self) -> None:
        """Take a blob out, which is refused while an image needs it."""
        place = self._place()
        digest = Digest.of(self._random.choice(LAYERS))
        is_needed = any(digest in layers for layers in self._images[str(place.name)].values())
        self.counts["delete"] += 1
        try:
            blobs.delete(self._caller, place, digest)
        except (BlobIsReferenced, BlobNotFound) as error:
            if is_needed != isinstance(error, BlobIsReferenced):
                raise Wrong(f"{digest}: {error!r}") from error
        else:
            if is_needed:
                raise Wrong(f"{digest} was deleted although it is needed")

    def repository(self) -> None:
        """Delete the repository with all its images."""
        place = self._place()
        self.counts["delete"] += 1
        repositories.delete(self._caller, place, force=True)
        self._images[str(place.name)] = {}
        self._there.remove(str(place.name))
        try:
            images.get(self._caller, place, ImageTag.parse("t1"))
        except RepositoryNotFound:
            return
        raise Wrong(f"{place.name} is still there")

    def abandon(self) -> None:
        """Begin an upload and leave it."""
        place = self._place()
        self.counts["push of a blob"] += 1
        upload = str(uploads.start(self._caller, place).id)
        uploads.append(self._caller, place, upload, [b"left alone"])

    def _some(self, place: Address) -> list[tuple[str, list[Digest]]]:
        """One image that must be there, if there is any."""
        known = list(self._images[str(place.name)].items())
        return [self._random.choice(known)] if known else []
