"""`/v2/<name>/blobs/uploads/`: pushing blobs. OCI Distribution Specification 1.1, "Pushing blobs"."""

from django.http import HttpResponse
from rest_framework.request import Request

from registry.core import blobs, uploads
from registry.errors import InvalidDigest, InvalidRepositoryName, RepositoryNotFound
from registry.oci import headers
from registry.oci.views.base import RegistryView, empty
from registry.values import HEX_LENGTH, Address, Digest


def created(name: str, digest: Digest) -> HttpResponse:
    """201: the blob is in the repository."""
    answer = empty(201)
    answer["Location"] = f"/v2/{name}/blobs/{digest}"
    answer[headers.CONTENT_DIGEST] = str(digest)
    return answer


def progress(status: int, name: str, upload_id: str, offset: int) -> HttpResponse:
    """202 or 204: where the upload is and how many bytes it has."""
    answer = empty(status)
    answer["Location"] = f"/v2/{name}/blobs/uploads/{upload_id}"
    headers.show_progress(answer, upload_id, offset)
    return answer


class Uploads(RegistryView):
    """Starts an upload, pushes a blob in one request, or mounts one from another repository."""

    def post(self, request: Request, name: str) -> HttpResponse:
        """`?mount=<digest>[&from=<name>]`, `?digest=<digest>` with the bytes, or nothing."""
        address, query = self.address(name), self.context.request.GET
        if query.get("digest-algorithm", "sha256") not in HEX_LENGTH:
            raise InvalidDigest(query["digest-algorithm"], "is not a digest algorithm that is served")
        if "mount" in query:
            digest = Digest.parse(query["mount"])
            if self._mount(address, digest, query.get("from")):
                return created(name, digest)
        elif "digest" in query:
            digest = Digest.parse(query["digest"])
            uploads.put_whole(self.caller, address, digest, self.body, length=self.body.length)
            return created(name, digest)
        return progress(202, name, str(uploads.start(self.caller, address).id), 0)

    def _mount(self, address: Address, digest: Digest, source: str | None) -> bool:
        """Try to mount; a source that can't be is like one that does not have the blob."""
        try:
            place = self.address(source) if source is not None else None
        except (InvalidRepositoryName, RepositoryNotFound):
            return False
        return blobs.mount(self.caller, address, digest, place)


class Upload(RegistryView):
    """An open upload."""

    def get(self, request: Request, name: str, upload_id: str) -> HttpResponse:
        """Tell how many bytes are there."""
        offset = uploads.status(self.caller, self.address(name), upload_id)
        return progress(204, name, upload_id, offset)

    def patch(self, request: Request, name: str, upload_id: str) -> HttpResponse:
        """Take the next bytes, with or without Content-Range."""
        address = self.address(name)
        length = self.body.length
        start = headers.content_range(self.context.request, upload_id, length)
        offset = uploads.append(self.caller, address, upload_id, self.body, offset=start, length=length)
        return progress(202, name, upload_id, offset)

    def put(self, request: Request, name: str, upload_id: str) -> HttpResponse:
        """Take the last bytes, if any, and finish."""
        address = self.address(name)
        digest = self.context.request.GET.get("digest")
        if digest is None:
            raise InvalidDigest("", "is missing: the parameter digest says what was uploaded")
        parsed, length = Digest.parse(digest), self.body.length
        start = headers.content_range(self.context.request, upload_id, length)
        uploads.finish(self.caller, address, upload_id, parsed, self.body, offset=start, length=length)
        return created(name, parsed)

    def delete(self, request: Request, name: str, upload_id: str) -> HttpResponse:
        """Throw the upload away."""
        uploads.cancel(self.caller, self.address(name), upload_id)
        return empty(204)
