"""One table: error -> status, code and words of the OCI API.

Codes: OCI Distribution Specification 1.1, "Error Codes"; for what that leaves out (UNKNOWN, UNAVAILABLE, RANGE_INVALID,
PAGINATION_NUMBER_INVALID) those of the distribution project, which docker knows. Words: where ECR has its own for the
case, those. Statuses where clients differ by them: docker and others push a layer again after 5xx, but not after 403,
so a quota is 403, and a full disk 507. An upload that another request is writing to is 409: to repeat the request at
once would not help, a new upload does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework.exceptions import MethodNotAllowed

from accounts import errors as accounts
from registry import errors as registry
from registry.core.addresses import HostKind
from registry.oci import headers
from registry.oci.challenges import challenge
from registry.oci.context import Context
from registry.oci.headers import InvalidPageSize, RangeNotSatisfiable

log = structlog.get_logger(__name__)

RETRY_AFTER_SECONDS: Final = 5
POSTGRESQL_DISK_FULL: Final = "53100"


class NoSuchEndpoint(Exception):
    """A path below /v2/ that no endpoint has."""


class TooManyTags(Exception):
    """More tags in one request than are served."""

    def __init__(self, most: int) -> None:
        super().__init__(f"one request may name at most {most} tags")


@dataclass(frozen=True, slots=True)
class Wire:
    """How an error goes over the wire; `words` makes the message from the error."""

    status: int
    code: str
    words: Callable[[Any], str] = str


def _missing_repository(error: registry.RepositoryNotFound) -> str:
    """ECR's words."""
    return f"The repository with name '{error.name}' does not exist in the registry with id '{error.registry_id}'"


def _immutable(error: registry.ImageTagAlreadyExists) -> str:
    """ECR's words."""
    return (
        f"The image tag '{error.reference}' already exists in the '{error.name}' repository and cannot be overwritten "
        "because the tag is immutable."
    )


def _denied(error: accounts.AccessDenied) -> str:
    """IAM's words; all of them come from the request, so that they are the same whether the thing exists or not.

    Who is refused only for what the scan of an image found is told that, too.
    """
    said = f"User: {error.principal_arn} is not authorized to perform: {error.action} on resource: {error.resource}"
    return f"{said} because {error.because}" if error.because else said


def _not_understood(error: Exception) -> str:
    """For what Django refuses to read; its own words are for developers."""
    return "The request can't be understood"


TABLE: Final[dict[type[Exception], Wire]] = {
    registry.InvalidRepositoryName: Wire(400, "NAME_INVALID"),
    registry.InvalidImageTag: Wire(400, "TAG_INVALID"),
    registry.InvalidDigest: Wire(400, "DIGEST_INVALID"),
    InvalidPageSize: Wire(400, "PAGINATION_NUMBER_INVALID"),
    RangeNotSatisfiable: Wire(416, "RANGE_INVALID"),
    registry.InvalidValue: Wire(400, "UNSUPPORTED"),
    registry.RepositoryNotFound: Wire(404, "NAME_UNKNOWN", _missing_repository),
    registry.ImageArchived: Wire(
        404,
        "MANIFEST_UNKNOWN",
        lambda error: f"The image {error.reference} is in the archive; restore it or push it again to pull it",
    ),
    registry.ImageNotFound: Wire(
        404, "MANIFEST_UNKNOWN", lambda error: f"Requested image not found: {error.reference}"
    ),
    registry.ImageTagAlreadyExists: Wire(400, "TAG_INVALID", _immutable),
    registry.ImageIsReferenced: Wire(
        403, "DENIED", lambda error: f"The image {error.reference} can't be deleted while an index names it"
    ),
    registry.TakenDown: Wire(403, "DENIED", lambda error: f"It was taken down by the staff: {error.reason}"),
    registry.ManifestInvalid: Wire(400, "MANIFEST_INVALID"),
    registry.ManifestTooLarge: Wire(413, "SIZE_INVALID"),
    registry.ManifestDigestMismatch: Wire(
        400, "DIGEST_INVALID", lambda error: f"The manifest's digest is {error.actual}, not {error.expected}"
    ),
    registry.LayersNotFound: Wire(
        400,
        "MANIFEST_BLOB_UNKNOWN",
        lambda error: "Layers with digests '" + ", ".join(error.digests) + "' do not exist",
    ),
    registry.ReferencedImagesNotFound: Wire(
        400,
        "MANIFEST_BLOB_UNKNOWN",
        lambda error: "Images with digests '" + ", ".join(error.digests) + "' required for pushing image do not exist",
    ),
    registry.BlobArchived: Wire(
        404,
        "BLOB_UNKNOWN",
        lambda error: f"The blob {error.digest} is in the archive; restore its image or push it again to pull it",
    ),
    registry.BlobNotFound: Wire(404, "BLOB_UNKNOWN", lambda error: f"The blob {error.digest} is not in the repository"),
    registry.BlobDigestMismatch: Wire(
        400, "DIGEST_INVALID", lambda error: f"The uploaded bytes have the digest {error.actual}, not {error.expected}"
    ),
    registry.BlobTooLarge: Wire(413, "SIZE_INVALID"),
    registry.BlobIsReferenced: Wire(
        403, "DENIED", lambda error: f"The blob {error.digest} can't be deleted while an image needs it"
    ),
    registry.UploadNotFound: Wire(
        404, "BLOB_UPLOAD_UNKNOWN", lambda error: f"The upload {error.upload_id} is not open in this repository"
    ),
    registry.UploadOutOfOrder: Wire(
        416, "BLOB_UPLOAD_INVALID", lambda error: "The chunk does not start where the last one ended"
    ),
    registry.UploadCutShort: Wire(
        400, "BLOB_UPLOAD_INVALID", lambda error: f"The request ended early; {error.offset} bytes of the blob are here"
    ),
    registry.UploadBusy: Wire(409, "BLOB_UPLOAD_INVALID", lambda error: "Another request is writing to this upload"),
    registry.QuotaExceeded: Wire(403, "DENIED"),
    registry.CountLimitExceeded: Wire(403, "DENIED"),
    registry.TooManyPulls: Wire(
        429,
        "TOOMANYREQUESTS",
        lambda error: f"Too many pulls without a login from your network; log in, or wait {error.seconds} seconds",
    ),
    registry.StorageFull: Wire(507, "UNAVAILABLE", lambda error: "No space is left; the upload can go on later"),
    registry.StorageUnavailable: Wire(503, "UNAVAILABLE", lambda error: "The storage does not answer; try again"),
    registry.StorageDamaged: Wire(500, "UNKNOWN", lambda error: "Stored bytes are damaged; push them again"),
    accounts.CredentialsMissing: Wire(401, "UNAUTHORIZED", lambda error: "Authentication is required"),
    accounts.CredentialsInvalid: Wire(401, "UNAUTHORIZED", lambda error: "The credentials are not valid"),
    accounts.CredentialsExpired: Wire(
        401, "DENIED", lambda error: "Your authorization token has expired. Reauthenticate and try again."
    ),
    accounts.AccessDenied: Wire(403, "DENIED", _denied),
    MethodNotAllowed: Wire(405, "UNSUPPORTED", lambda error: "The operation is not supported here"),
    TooManyTags: Wire(414, "TAG_INVALID"),
    NoSuchEndpoint: Wire(404, "UNSUPPORTED", lambda error: "There is no such endpoint"),
    RequestDataTooBig: Wire(413, "SIZE_INVALID", lambda error: "The form is too large"),
    SuspiciousOperation: Wire(400, "UNSUPPORTED", _not_understood),
    BadRequest: Wire(400, "UNSUPPORTED", _not_understood),
    MultiPartParserError: Wire(400, "UNSUPPORTED", _not_understood),
    UnreadablePostError: Wire(400, "UNSUPPORTED", _not_understood),
}


def wire_of(error: Exception) -> Wire | None:
    """Return the table's row for an error, that of its nearest class; None for what must not happen."""
    return next((TABLE[kind] for kind in type(error).__mro__ if kind in TABLE), None)


def of_database(error: OperationalError) -> Exception:
    """What a failing database means to a client: no space is left there, or it does not answer in time.

    SQLite reports wrong SQL as an OperationalError too: that stays what it is, a fault of ours.
    """
    name = getattr(error.__cause__, "sqlite_errorname", "")
    if name == "SQLITE_FULL" or getattr(error.__cause__, "sqlstate", "") == POSTGRESQL_DISK_FULL:
        return registry.StorageFull(str(error))
    return error if name == "SQLITE_ERROR" else registry.StorageUnavailable(str(error))


def envelope(status: int, code: str, message: str, detail: Any = None) -> HttpResponse:
    """The body that the specification gives to every error."""
    entry = {"code": code, "message": message} | ({"detail": detail} if detail is not None else {})
    return JsonResponse({"errors": [entry]}, status=status)


def response(error: Exception, context: Context) -> HttpResponse | None:
    """Answer an error in the API's words; None for what must not happen."""
    if isinstance(error, OperationalError):
        log.error("the database fails", error=str(error))
        error = of_database(error)
    wire = wire_of(error)
    if wire is None:
        return None
    answer = envelope(wire.status, wire.code, wire.words(error))
    if wire.status == 401:
        if context.host.kind is HostKind.PRIVATE and not isinstance(error, accounts.CredentialsExpired):
            answer = HttpResponse(b"Not Authorized\n", content_type="text/plain; charset=utf-8", status=401)  # as ECR
        challenge(answer, context)
    if wire.status == 503:
        answer["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if isinstance(error, registry.TooManyPulls):
        answer["Retry-After"] = str(error.seconds)
    if isinstance(error, RangeNotSatisfiable):
        answer["Content-Range"] = f"bytes */{error.size}"
    if isinstance(error, registry.UploadOutOfOrder | registry.UploadCutShort) and error.offset >= 0:
        answer["Location"] = context.request.path
        headers.show_progress(answer, error.upload_id, error.offset)
    if isinstance(error, MethodNotAllowed):
        answer["Allow"] = ", ".join(context.allowed_methods)
    return answer
