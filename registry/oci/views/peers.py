"""`/v2/_replication/<account>.<region>/<name>/…`: what peers send, in the manner of OCI Distribution 1.1.

Each request is signed by the peer for itself (see core.peer_tokens), and no other credentials are good here, as what a
peer signs is good nowhere else. Errors name their reason in `Kho-Error`, an upload its position in `Upload-Offset`.
"""

import json
from typing import Any, Final

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.caller import Caller
from accounts.errors import CredentialsInvalid, CredentialsMissing
from registry.body import Body
from registry.core import addresses, arrivals, peer_tokens
from registry.core.peer_tokens import Speaker
from registry.errors import InvalidValue, RepositoryNotFound, UploadCutShort, UploadOutOfOrder
from registry.oci import headers
from registry.oci.views.base import RegistryView, empty
from registry.oci.views.manifests import manifest_in
from registry.values import Address, Digest, ImageTag, RegistryId, RepositoryName

LARGEST_LIST: Final = 256 * 1024


class PeerView(RegistryView):
    """An endpoint for peers. `speaker` is who signed the request."""

    speaker: Speaker

    def identify(self) -> Caller:
        """Return the service role of the account that the peer speaks for; nobody if it speaks for none.

        Raises CredentialsMissing, CredentialsInvalid, CredentialsExpired, AccessDenied.
        """
        meta = self.context.request.META
        scheme, _, token = meta.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
        if not scheme:
            raise CredentialsMissing
        if scheme.lower() != "bearer":
            raise CredentialsInvalid
        query = meta.get("QUERY_STRING", "")
        target = self.context.request.path_info + (f"?{query}" if query else "")
        self.speaker = peer_tokens.verify(token.strip(), str(self.context.request.method), target)
        return self.caller_of(self.speaker)

    def caller_of(self, speaker: Speaker) -> Caller:
        """The caller as the account that the peer speaks for."""
        meta = self.context.request.META
        return arrivals.caller_of(
            speaker,
            source_ip=meta.get("REMOTE_ADDR", ""),
            request_id=meta.get("kho.request_id", ""),
            is_secure=self.context.request.is_secure(),
        )

    @property
    def source(self) -> RegistryId:
        """The registry that the peer speaks for. CredentialsInvalid for none, which no caller is made of."""
        if self.speaker.source is None:
            raise CredentialsInvalid
        return self.speaker.source

    def place(self, registry: str, name: str) -> Address:
        """Where it goes. RepositoryNotFound, InvalidRepositoryName."""
        found = addresses.private_registry(registry)
        if found is None:
            raise RepositoryNotFound(name, registry)
        return Address(found, RepositoryName.parse(name))

    def handle_exception(self, exc: Exception) -> Any:
        """The usual answer, with the error's own name and, for an upload, its position."""
        answer = super().handle_exception(exc)
        answer[headers.ERROR] = type(exc).__name__
        if isinstance(exc, UploadOutOfOrder | UploadCutShort) and exc.offset >= 0:
            answer[headers.UPLOAD_OFFSET] = str(exc.offset)
        return answer


class Trust(PeerView):
    """Whether this deployment knows the one that asks, as what, and what for."""

    def caller_of(self, speaker: Speaker) -> Caller:
        """It speaks for no account here."""
        return Caller()

    def get(self, request: Request) -> HttpResponse:
        """The name that it has here, the regions that are served here, and the accounts that it may speak for."""
        peer = self.speaker.peer
        return JsonResponse({"name": peer.name, "regions": settings.REGIONS, "accounts": peer.account_ids})


class ReplicaRights(PeerView):
    """Whether images may be replicated to a name."""

    def get(self, request: Request, registry: str, name: str) -> HttpResponse:
        """204 if they may."""
        arrivals.require(self.caller, self.place(registry, name))
        return empty(204)


class ReplicaMissing(PeerView):
    """Which blobs have to come."""

    def post(self, request: Request, registry: str, name: str) -> HttpResponse:
        """`{"digests": […]}`: those of them that are not there and can't be linked."""
        digests = _digests(_sent(self.body, self.speaker))
        found = arrivals.missing(self.caller, self.source, self.place(registry, name), digests)
        return JsonResponse({"missing": found})


class ReplicaBlobs(PeerView):
    """A blob that is to come."""

    def post(self, request: Request, registry: str, name: str) -> HttpResponse:
        """`?mount=<digest>`: 201 if it is there, or may be linked; else 202, and how many bytes of it are there.

        `?digest=<digest>` with the bytes: 201.
        """
        place = self.place(registry, name)
        if "digest" in self.context.request.GET:
            digest = Digest.parse(headers.parameter(self.context.request, "digest"))
            arrivals.put_blob(self.caller, place, digest, self.body, length=self.body.length)
            return _is_there(digest)
        digest = Digest.parse(headers.parameter(self.context.request, "mount"))
        upload = arrivals.begin(self.caller, self.source, place, digest)
        if upload is None:
            return _is_there(digest)
        return _progress(self.context.request.path_info, str(upload.id), upload.offset)


class ReplicaUpload(PeerView):
    """A blob on its way."""

    def patch(self, request: Request, registry: str, name: str, upload_id: str) -> HttpResponse:
        """Take the next bytes; Content-Range says where they begin."""
        start = self._start(upload_id)
        if start is None:
            raise UploadOutOfOrder(upload_id, -1)
        place = self.place(registry, name)
        length = self.body.length
        offset = arrivals.append(self.caller, place, upload_id, self.body, offset=start, length=length)
        return _progress(self.context.request.path_info.rpartition("/")[0] + "/", upload_id, offset)

    def put(self, request: Request, registry: str, name: str, upload_id: str) -> HttpResponse:
        """Take the last bytes, if any, and finish; `?digest=` says what they all are."""
        digest = Digest.parse(headers.parameter(self.context.request, "digest"))
        start, place, length = self._start(upload_id), self.place(registry, name), self.body.length
        arrivals.finish(self.caller, place, upload_id, digest, self.body, offset=start, length=length)
        return _is_there(digest)

    def _start(self, upload_id: str) -> int | None:
        return headers.content_range(self.context.request, upload_id, self.body.length)


class ReplicaManifest(PeerView):
    """An image."""

    def head(self, request: Request, registry: str, name: str, digest: str) -> HttpResponse:
        """200 if it is there whole, 404 if not."""
        parsed = Digest.parse(digest)
        answer = empty(200 if arrivals.has(self.caller, self.place(registry, name), parsed) else 404)
        answer[headers.CONTENT_DIGEST] = str(parsed)
        return answer

    def put(self, request: Request, registry: str, name: str, digest: str) -> HttpResponse:
        """Store it, under `?tag=` if there is one."""
        parsed = Digest.parse(digest)
        self.speaker.use_once()
        media_type, tag = (
            self.context.request.META.get("CONTENT_TYPE", ""),
            headers.parameter(self.context.request, "tag"),
        )
        content, place = manifest_in(self.body), self.place(registry, name)
        arrivals.put(self.caller, self.source, place, parsed, media_type, content, tag)
        return _is_there(parsed)


class ReplicaRemovals(PeerView):
    """Deletions that follow those at the source."""

    def post(self, request: Request, registry: str, name: str) -> HttpResponse:
        """`{"digests": […]}`: the first image and, if they are gone too, those below it; `{"digest", "tag"}`: a tag."""
        self.speaker.use_once()
        place, wanted = self.place(registry, name), _sent(self.body, self.speaker)
        if "tag" in wanted:
            tag, digest = ImageTag.parse(str(wanted["tag"])), Digest.parse(str(wanted.get("digest")))
            return JsonResponse({"untagged": arrivals.untag(self.caller, place, digest, tag)})
        return JsonResponse({"deleted": arrivals.remove(self.caller, self.source, place, _digests(wanted))})


def _sent(body: Body, speaker: Speaker) -> dict[str, Any]:
    """An object in the body, which has to be the one that was signed. InvalidValue, CredentialsInvalid."""
    content = bytearray()
    for block in body:
        content += block
        if len(content) > LARGEST_LIST:
            raise InvalidValue("body", f"may have {LARGEST_LIST} bytes")
    if not speaker.vouches_for(bytes(content)):
        raise CredentialsInvalid
    try:
        wanted = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidValue("body", "is not JSON") from error
    if not isinstance(wanted, dict):
        raise InvalidValue("body", "is not an object")
    return wanted


def _digests(wanted: dict[str, Any]) -> list[Digest]:
    """The digests of an object. InvalidValue, InvalidDigest."""
    found = wanted.get("digests")
    if not isinstance(found, list):
        raise InvalidValue("digests", "is not a list of digests")
    return [Digest.parse(str(each)) for each in found]


def _is_there(digest: Digest) -> HttpResponse:
    answer = empty(201)
    answer[headers.CONTENT_DIGEST] = str(digest)
    return answer


def _progress(uploads: str, upload_id: str, offset: int) -> HttpResponse:
    answer = empty(202)
    answer["Location"] = f"{uploads}{upload_id}"
    answer[headers.UPLOAD_OFFSET] = str(offset)
    headers.show_progress(answer, upload_id, offset)
    return answer
