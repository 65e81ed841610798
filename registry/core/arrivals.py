"""What a peer brings: blobs, images, tags and deletions, with the rights of the account that it speaks for.

The same holds as for replication inside: the policy of the destination's registry decides, anew at each request. A peer
learns of nothing but the repository that it replicates to: a blob elsewhere is taken from there only if it belongs to
the account that the peer speaks for, or has come from that very registry.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from django.conf import settings
from django.db import transaction

from accounts.audit.actions import Action
from accounts.caller import Caller, service
from accounts.errors import AccessDenied
from accounts.models import Account
from registry.core import (
    archive,
    blobs,
    image_rows,
    registries,
    replica_removal,
    replicas,
    repositories,
    stored,
    tallies,
    uploads,
)
from registry.core.peer_tokens import Speaker
from registry.errors import (
    ImageTagAlreadyExists,
    InvalidValue,
    ManifestDigestMismatch,
    ManifestTooLarge,
    UploadNotFound,
)
from registry.manifests.parse import parse
from registry.models import Blob, BlobLink, Image, ImageBlob, Peer, Repository, Upload
from registry.values import Address, Digest, RegistryId
from registry.values import ImageTag as Tag

MOST_DELETIONS: Final = 1000
MOST_DIGESTS: Final = 400


def caller_of(speaker: Speaker, *, source_ip: str, request_id: str, is_secure: bool) -> Caller:
    """Whom policies and the trail see: the service role of the source's account, by way of the peer. AccessDenied."""
    peer, source = speaker.peer, speaker.source
    if source is None or not _may_speak(peer, source):
        why = "it is not listed for this account and region, or the account is suspended here"
        raise AccessDenied(f"peer {peer.name}", "speak", f"{source.account_id}/{source.region}" if source else "", why)
    return replace(
        service(source.account_id, "replication", region=source.region),
        source_ip=source_ip,
        user_agent=f"kho/replication (peer {peer.name})",
        request_id=request_id,
        is_secure=is_secure,
    )


def _may_speak(peer: Peer, source: RegistryId) -> bool:
    """Whether staff have listed the account for the peer, it speaks as a region of its own, and nobody is suspended."""
    if source.account_id not in peer.account_ids or source.region not in peer.regions:
        return False
    if source.region in settings.REGIONS:
        return False
    return not Account.objects.filter(id=source.account_id, is_active=False).exists()


def require(caller: Caller, address: Address) -> None:
    """Return if images may be replicated to a repository that need not be there. AccessDenied, InvalidValue."""
    _require_served(address)
    repository = repositories.rows_at(address).first()
    replicas.require(caller, address, repository, Action.REPLICATE_IMAGE)
    if repository is None:
        replicas.require(caller, address, None, Action.CREATE_REPOSITORY)


def has(caller: Caller, address: Address, digest: Digest) -> bool:
    """Whether the repository has an image whole that was not made here. AccessDenied, InvalidValue."""
    _require_served(address)
    repository = repositories.rows_at(address).first()
    replicas.require(caller, address, repository, Action.REPLICATE_IMAGE)
    if repository is None:
        return False
    image = image_rows.live(repository).filter(digest=str(digest), is_generated=False).first()
    return image is not None and not image.blobs.exclude(blob__state=Blob.State.LIVE).exists()


def missing(caller: Caller, source: RegistryId, address: Address, digests: Sequence[Digest]) -> list[str]:
    """Return which blobs have to be sent; the others are there, or were linked just now.

    Raises AccessDenied, InvalidValue, and what making the repository raises.
    """
    if not digests or len(digests) > MOST_DIGESTS:
        raise InvalidValue("digests", f"may be 1 to {MOST_DIGESTS}")
    target, wanted = _target(caller, address), [str(digest) for digest in digests]
    known = blobs.present(target, wanted)
    known |= _elsewhere(caller, source, target, set(wanted) - known.keys())
    there = {digest for digest, blob in known.items() if blobs.take(target, blob)}
    return [digest for digest in dict.fromkeys(wanted) if digest not in there]


def put_blob(caller: Caller, address: Address, digest: Digest, chunks: Iterable[bytes], *, length: int | None) -> Blob:
    """Take a blob in one request. Raises AccessDenied, QuotaExceeded, and what `uploads.finish` raises."""
    return uploads.put_whole_in(caller, _target(caller, address), digest, chunks, length=length)


def begin(caller: Caller, source: RegistryId, address: Address, digest: Digest) -> Upload | None:
    """Return the upload that a blob is to come by, the one that was begun if there is one; None if it is there.

    Raises AccessDenied, QuotaExceeded, InvalidValue, and what making the repository raises.
    """
    if not missing(caller, source, address, [digest]):
        return None
    target = _target(caller, address)
    stored.require_quota(target.account_id)
    begun = Upload.objects.filter(repository=target, principal_arn=caller.principal_arn, wanted=str(digest))
    found = begun.order_by("-touched_at").first()
    return found or Upload.objects.create(repository=target, principal_arn=caller.principal_arn, wanted=str(digest))


def append(
    caller: Caller, address: Address, upload_id: str, chunks: Iterable[bytes], *, offset: int, length: int | None
) -> int:
    """Take the next bytes of an upload that `begin` has returned; return how many there are now.

    Raises AccessDenied and what `uploads.append` raises.
    """
    target = _target(caller, address)
    _require_own(caller, target, upload_id)
    return uploads.append_in(target, upload_id, chunks, offset=offset, length=length)


def finish(
    caller: Caller,
    address: Address,
    upload_id: str,
    digest: Digest,
    chunks: Iterable[bytes],
    *,
    offset: int | None,
    length: int | None,
) -> Blob:
    """Take the last bytes and check the digest. Raises AccessDenied and what `uploads.finish` raises."""
    target = _target(caller, address)
    _require_own(caller, target, upload_id)
    return uploads.finish_in(target, upload_id, digest, chunks, offset=offset, length=length)


def put(
    caller: Caller, source: RegistryId, address: Address, digest: Digest, media_type: str, content: bytes, tag: str = ""
) -> Image:
    """Store an image whose blobs and children are here, and let the tag name it.

    Raises AccessDenied, ManifestInvalid, ManifestTooLarge, ManifestDigestMismatch, LayersNotFound,
    ReferencedImagesNotFound, CountLimitExceeded, TakenDown, InvalidImageTag; ImageTagAlreadyExists (the image is there
    all the same).
    """
    name = str(Tag.parse(tag)) if tag else ""
    target = _target(caller, address)
    if len(content) > settings.MAX_MANIFEST_BYTES:
        raise ManifestTooLarge(settings.MAX_MANIFEST_BYTES)
    if (actual := Digest.of(content, digest.algorithm)) != digest:
        raise ManifestDigestMismatch(str(digest), str(actual))
    parsed = parse(content, media_type)
    present = image_rows.require_blobs(target, parsed)
    facts = image_rows.config_facts(parsed, present)
    refused: ImageTagAlreadyExists | None = None
    with transaction.atomic():
        repositories.lock(target)
        image_rows.lock_blobs(target, present.values())
        image_rows.require_children(target, parsed)
        image = image_rows.live(target).filter(digest=str(digest)).first()
        is_new = image is None
        if image is None:
            image_rows.require_room(target)
            image = image_rows.create(caller, target, parsed, str(digest), content, facts)
            image_rows.create_references(image, parsed, present)
            tallies.add(target.id, [image])
        is_new |= image_rows.adopt(image, parsed.children)
        if is_new:
            image.replicated_from = replicas.origin_of(source)
            image.save(update_fields=["replicated_from"])
        archive.activate(caller, target, [image])
        moved = False
        try:
            moved = bool(name) and replicas.name(caller, target, image, name)
        except ImageTagAlreadyExists as error:
            refused = error
        if is_new or moved:
            replicas.record(caller, target, image, name if moved else "", source)
    if refused is not None:
        raise refused
    return image


def remove(caller: Caller, source: RegistryId, address: Address, digests: Sequence[Digest]) -> list[str]:
    """Delete the replica of the first image, and of those below it that are among `digests`; return which went.

    All of them are gone at the source. Raises AccessDenied, InvalidValue.
    """
    _require_served(address)
    gone = {str(digest) for digest in digests}
    if not digests or len(gone) > MOST_DELETIONS:
        raise InvalidValue("digests", f"may be 1 to {MOST_DELETIONS}")
    return replica_removal.take_images(caller, source, address, str(digests[0]), lambda wanted: wanted & gone)


def untag(caller: Caller, address: Address, digest: Digest, tag: Tag) -> bool:
    """Take a tag away that came by replication and names the image; whether there was one.

    Raises AccessDenied, InvalidValue.
    """
    _require_served(address)
    return replica_removal.take_tag(caller, address, str(digest), str(tag), is_gone=lambda: True)


def _target(caller: Caller, address: Address) -> Repository:
    """The destination's repository, made if it is not there; the policies are asked at each request."""
    _require_served(address)
    return replicas.repository_for(caller, address)


def _require_served(address: Address) -> None:
    if address.is_public or address.registry.region not in settings.REGIONS:
        raise InvalidValue(address.registry.region, "is not a region of this deployment")


def _require_own(caller: Caller, target: Repository, upload_id: str) -> None:
    """Return unless the upload is one of somebody else's pushes, which is none of a peer's business. UploadNotFound."""
    if not uploads.is_upload_id(upload_id):
        raise UploadNotFound(upload_id)
    found = Upload.objects.filter(id=upload_id, repository=target).first()
    if found is not None and (not found.wanted or found.principal_arn != caller.principal_arn):
        raise UploadNotFound(upload_id)


def _elsewhere(caller: Caller, source: RegistryId, target: Repository, digests: set[str]) -> dict[str, Blob]:
    """Blobs in other repositories that the source's account may know of: its own, or replicas that it has sent."""
    if not digests or not registries.mounts_blobs(target.address.registry):
        return {}
    if caller.account_id == target.account_id:
        own = BlobLink.objects.filter(
            repository__account_id=target.account_id, repository__deleted_at=None, blob__digest__in=digests
        )
        named = [Digest.parse(each) for each in own.values_list("blob__digest", flat=True).distinct()]
        found = ((str(digest), blobs.mountable(caller, digest, None)) for digest in named)
        return {digest: blob for digest, blob in found if blob is not None}
    rows = ImageBlob.objects.filter(
        blob__digest__in=digests,
        blob__state=Blob.State.LIVE,
        image__deleted_at=None,
        image__replicated_from=replicas.origin_of(source),
        image__repository__account_id=target.account_id,
        image__repository__deleted_at=None,
    )
    return {row.blob.digest: row.blob for row in rows.select_related("blob")}
