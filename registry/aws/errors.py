"""One table: error -> code of the JSON services, code and status of the query services, words."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from django.db import OperationalError

from accounts import errors as accounts
from accounts.authn.sigv4 import SignatureRefused
from registry import errors as registry
from registry.aws.wire.read import Malformed

log = structlog.get_logger(__name__)


class AwsError(Exception):
    """An error in the words of the API; `members` are those of its shape beside the message."""

    def __init__(self, code: str, message: str, *, status: int = 400, **members: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members


@dataclass(frozen=True, slots=True)
class Wire:
    """How an error goes over the wire."""

    code: str
    query_code: str = ""
    query_status: int = 400
    words: Callable[[Any], str] = field(default=str)


def _of_repository(words: str) -> Callable[[Any], str]:
    return lambda error: words.format(name=error.name, registry=error.registry_id)


def _denied(error: accounts.AccessDenied) -> str:
    """IAM's words; all of them come from the request or the caller's own side."""
    start = f"User: {error.principal_arn} is not authorized to perform: {error.action} on resource: {error.resource}"
    if error.because:
        return f"{start} because {error.because}"
    if error.decision is not None and error.decision.explicit:
        return f"{start} with {error.decision.reason}"
    return f"{start} because no policy allows the {error.action} action"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _image(error: registry.ImageNotFound) -> str:
    first, _, last = error.reference.rpartition("@")
    digest, tag = (f"'{each}'" if each else "null" for each in ((last, first) if ":" in last else ("", last)))
    return (
        f"The image with imageId {{imageDigest:{digest}, imageTag:{tag}}} does not exist within the repository with "
        f"name '{error.name}' in the registry with id '{error.registry_id}'"
    )


INVALID: Final = "InvalidParameterException"
VALIDATION: Final = "ValidationException"
TABLE: Final[dict[type[Exception], Wire]] = {
    accounts.AccessDenied: Wire("AccessDeniedException", "AccessDenied", 403, _denied),
    accounts.CredentialsMissing: Wire(
        "MissingAuthenticationTokenException",
        "MissingAuthenticationToken",
        403,
        lambda _: "Missing Authentication Token",
    ),
    accounts.MalformedPolicy: Wire(INVALID, "MalformedPolicyDocument"),
    accounts.InvalidInput: Wire(INVALID, "ValidationError"),
    accounts.PasswordRefused: Wire(INVALID, "PasswordPolicyViolation"),
    accounts.WrongPassword: Wire("AccessDeniedException", "AccessDenied", 403),
    accounts.AlreadyExists: Wire(
        INVALID, "EntityAlreadyExists", 409, lambda error: _sentence(f"{error} already exists.")
    ),
    accounts.NotFound: Wire(INVALID, "NoSuchEntity", 404, lambda error: f"The {error} cannot be found."),
    accounts.LimitReached: Wire("LimitExceededException", "LimitExceeded", 409, lambda error: _sentence(str(error))),
    accounts.DeleteConflict: Wire(INVALID, "DeleteConflict", 409, lambda error: f"Cannot delete entity: {error}."),
    Malformed: Wire("SerializationException", "MalformedInput"),
    registry.RepositoryNotFound: Wire(
        "RepositoryNotFoundException",
        words=_of_repository("The repository with name '{name}' does not exist in the registry with id '{registry}'"),
    ),
    registry.RepositoryAlreadyExists: Wire(
        "RepositoryAlreadyExistsException",
        words=_of_repository("The repository with name '{name}' already exists in the registry with id '{registry}'"),
    ),
    registry.RepositoryNotEmpty: Wire(
        "RepositoryNotEmptyException",
        words=_of_repository(
            "The repository with name '{name}' in registry with id '{registry}' cannot be deleted because it still "
            "contains images"
        ),
    ),
    registry.DeletionProtected: Wire(
        INVALID,
        words=_of_repository(
            "The repository with name '{name}' in registry with id '{registry}' cannot be deleted because deletion "
            "protection is on; turn it off in the repository's settings first"
        ),
    ),
    registry.RepositoryPolicyNotFound: Wire(
        "RepositoryPolicyNotFoundException",
        words=_of_repository(
            "Repository policy does not exist for the repository with name '{name}' in the registry with id "
            "'{registry}'"
        ),
    ),
    registry.InvalidPolicy: Wire(
        INVALID,
        words=lambda error: f"Invalid parameter at 'PolicyText' failed to satisfy constraint: '{error}'",
    ),
    registry.PolicyLocksOut: Wire(
        INVALID,
        words=lambda _: (
            "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'The policy would keep you from "
            "setting another one; use force to set it all the same'"
        ),
    ),
    registry.InvalidRepositoryName: Wire(
        INVALID,
        words=lambda error: f"Invalid parameter at 'repositoryName' failed to satisfy constraint: '{error.why}'",
    ),
    registry.InvalidImageTag: Wire(
        INVALID, words=lambda error: f"Invalid parameter at 'imageTag' failed to satisfy constraint: '{error.why}'"
    ),
    registry.InvalidDigest: Wire(
        INVALID, words=lambda error: f"Invalid parameter at 'imageDigest' failed to satisfy constraint: '{error.why}'"
    ),
    registry.InvalidRegion: Wire(INVALID),
    registry.InvalidValue: Wire(INVALID),
    registry.ManifestInvalid: Wire(
        INVALID, words=lambda error: f"Invalid parameter at 'ImageManifest' failed to satisfy constraint: '{error}'"
    ),
    registry.ManifestTooLarge: Wire(INVALID),
    registry.ImageNotFound: Wire("ImageNotFoundException", words=_image),
    registry.ImageArchived: Wire("ImageArchivedException", words=_image),
    registry.ScanNotFound: Wire(
        "ScanNotFoundException",
        words=lambda error: (
            f"Image scan does not exist for the image with '{{imageDigest:'{error.reference}', imageTag:null}}' in the "
            f"repository with name '{error.name}' in the registry with id '{error.registry_id}'"
        ),
    ),
    registry.ImageTypeUnsupported: Wire(
        "UnsupportedImageTypeException",
        words=lambda error: (
            f"The image with digest '{error.reference}' in the repository with name '{error.name}' is of a type that "
            "can't be scanned; of an index, scan the images that it names"
        ),
    ),
    registry.StorageClassUpdateNotSupported: Wire(
        "ImageStorageClassUpdateNotSupportedException",
        words=lambda error: (
            f"The image with digest '{error.reference}' in the repository with name '{error.name}' can't be archived "
            "because a manifest list that is not archived references it"
        ),
    ),
    registry.ImageTagAlreadyExists: Wire(
        "ImageTagAlreadyExistsException",
        words=lambda error: (
            f"The image tag '{error.reference}' already exists in the '{error.name}' repository and "
            "cannot be overwritten because the tag is immutable."
        ),
    ),
    registry.ManifestDigestMismatch: Wire(
        "ImageDigestDoesNotMatchException",
        words=lambda error: f"The manifest's digest is {error.actual}, not {error.expected}",
    ),
    registry.LayersNotFound: Wire(
        "LayersNotFoundException", words=lambda error: f"Layers with digests '{', '.join(error.digests)}' do not exist"
    ),
    registry.ReferencedImagesNotFound: Wire(
        "ReferencedImagesNotFoundException",
        words=lambda error: f"Images with digests '{', '.join(error.digests)}' required for pushing image do not exist",
    ),
    registry.UploadNotFound: Wire(
        "UploadNotFoundException",
        words=lambda error: f"The upload with id '{error.upload_id}' could not be found; it may be finished or too old",
    ),
    registry.UploadBusy: Wire(
        "LimitExceededException", words=lambda _: "Another request is writing to this upload; wait and try again"
    ),
    registry.EmptyUpload: Wire("EmptyUploadException", words=lambda _: "The upload has no parts"),
    registry.LayerPartTooSmall: Wire(
        "LayerPartTooSmallException", words=lambda _: "Layer parts must be at least 5 MiB in size, except the last one"
    ),
    registry.BlobDigestMismatch: Wire(
        "InvalidLayerException", words=lambda _: "The digest of the uploaded layer is not the one that was given"
    ),
    registry.LayerInaccessible: Wire(
        "LayerInaccessibleException",
        words=lambda error: (
            f"The layer with digest '{error.digest}' in the repository with name '{error.name}' is not available "
            "because it belongs to no image"
        ),
    ),
    registry.LayerAlreadyExists: Wire(
        "LayerAlreadyExistsException",
        words=lambda error: (
            f"The layer with digest '{error.digest}' already exists in the repository with name '{error.name}' in "
            f"registry with id '{error.registry_id}'"
        ),
    ),
    registry.LifecyclePolicyInvalid: Wire(
        INVALID,
        words=lambda error: f"Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: '{error}'",
    ),
    registry.LifecyclePolicyNotFound: Wire(
        "LifecyclePolicyNotFoundException",
        words=_of_repository(
            "Lifecycle policy does not exist for the repository with name '{name}' in the registry with id '{registry}'"
        ),
    ),
    registry.LifecyclePreviewNotFound: Wire(
        "LifecyclePolicyPreviewNotFoundException",
        words=_of_repository(
            "Lifecycle policy preview does not exist for the repository with name '{name}' in the registry with id "
            "'{registry}'"
        ),
    ),
    registry.LifecyclePreviewInProgress: Wire(
        "LifecyclePolicyPreviewInProgressException",
        words=_of_repository(
            "Lifecycle policy preview is in progress for the repository with name '{name}' in the registry with id "
            "'{registry}'; wait and try again"
        ),
    ),
    registry.CatalogDataNotFound: Wire(
        "RepositoryCatalogDataNotFoundException",
        words=_of_repository(
            "Catalog data does not exist for the repository with name '{name}' in the registry with id '{registry}'"
        ),
    ),
    registry.TakenDown: Wire(INVALID, words=lambda error: f"It was taken down by the staff: {error.reason}"),
    registry.RegistryPolicyNotFound: Wire(
        "RegistryPolicyNotFoundException",
        words=lambda error: f"Registry policy does not exist in the registry with id '{error.registry_id}'",
    ),
    registry.TemplateAlreadyExists: Wire(
        "TemplateAlreadyExistsException",
        words=lambda error: (
            f"A repository creation template with prefix '{error.prefix}' already exists in the registry with id "
            f"'{error.registry_id}'"
        ),
    ),
    registry.TemplateNotFound: Wire(
        "TemplateNotFoundException",
        words=lambda error: (
            f"The repository creation template with prefix '{error.prefix}' does not exist in the registry with id "
            f"'{error.registry_id}'"
        ),
    ),
    registry.ExclusionAlreadyExists: Wire(
        "ExclusionAlreadyExistsException",
        words=lambda error: f"The principal {error.principal_arn} is excluded already",
    ),
    registry.ExclusionNotFound: Wire(
        "ExclusionNotFoundException", words=lambda error: f"The principal {error.principal_arn} is not excluded"
    ),
    registry.ChildrenNotReplicated: Wire(INVALID),
    registry.BackfillInProgress: Wire(
        "ReplicationBackfillInProgressException",
        words=lambda error: f"A replication backfill to the region '{error.name}' is in progress; wait, or stop it",
    ),
    registry.BackfillNotFound: Wire(
        "ReplicationBackfillNotFoundException",
        words=lambda error: (
            f"The replication backfill with id '{error.name}' does not exist in the registry with id "
            f"'{error.registry_id}'"
        ),
    ),
    registry.BackfillInvalidStatus: Wire(
        "ReplicationBackfillInvalidStatusException",
        words=lambda error: f"The replication backfill with id '{error.name}' is over, or being stopped",
    ),
    registry.LimitExceeded: Wire("LimitExceededException"),
    registry.TooManyTags: Wire("TooManyTagsException"),
    registry.InvalidResourceTag: Wire("InvalidTagParameterException"),
    registry.QuotaExceeded: Wire("LimitExceededException"),
}
OF_TAGS: Final = (registry.InvalidResourceTag, registry.TooManyTags)
"""What operations on repositories have codes of their own for, and those on templates do not."""
UNAVAILABLE: Final = (registry.StorageFull, registry.StorageUnavailable, OperationalError)
QUERY_CODES: Final = {
    "MissingAuthenticationTokenException": ("MissingAuthenticationToken", 403),
    "IncompleteSignatureException": ("IncompleteSignature", 400),
    "UnrecognizedClientException": ("InvalidClientTokenId", 403),
    "InvalidSignatureException": ("SignatureDoesNotMatch", 403),
    "ExpiredTokenException": ("ExpiredToken", 403),
}


def in_words_of_json(error: Exception, modelled: Collection[str] = ()) -> AwsError:
    """What a JSON service says of an error; `modelled` are the codes of the operation. A fault of ours goes up.

    What has the right shape but can't be meant is a ValidationException where the operation has one.
    """
    if isinstance(error, AwsError):
        return error
    if isinstance(error, SignatureRefused):
        return AwsError(error.code, error.message)
    found = _row(error)
    is_wrong = type(error) is registry.InvalidValue or (isinstance(error, OF_TAGS) and found.code not in modelled)
    if is_wrong and VALIDATION in modelled:
        return AwsError(VALIDATION, found.words(error))
    return AwsError(found.code, found.words(error))


def in_words_of_query(error: Exception) -> AwsError:
    """What a query service says of an error. A fault of ours goes up."""
    if isinstance(error, AwsError):
        return error
    if isinstance(error, SignatureRefused):
        code, status = QUERY_CODES[error.code]
        return AwsError(code, error.message, status=status)
    found = _row(error)
    return AwsError(found.query_code or "InvalidParameterValue", found.words(error), status=found.query_status)


def _row(error: Exception) -> Wire:
    if isinstance(error, UNAVAILABLE):
        log.warning("not available", error=str(error))
        raise AwsError("ServerException", "The service is not available at the moment; try again", status=503)
    found = next((TABLE[kind] for kind in type(error).__mro__ if kind in TABLE), None)
    if found is None:
        raise error
    return found
