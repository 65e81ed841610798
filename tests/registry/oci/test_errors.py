"""The table of errors: whole, and each row a legal answer."""

import sqlite3

import pytest
from django.db import OperationalError
from django.http import HttpRequest

from accounts import errors as accounts
from registry import errors as registry
from registry.core.addresses import Host, HostKind
from registry.oci import errors
from registry.oci.context import Context
from registry.oci.headers import RangeNotSatisfiable

CODES = {
    "BLOB_UNKNOWN",
    "BLOB_UPLOAD_INVALID",
    "BLOB_UPLOAD_UNKNOWN",
    "DENIED",
    "DIGEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "MANIFEST_INVALID",
    "MANIFEST_UNKNOWN",
    "NAME_INVALID",
    "NAME_UNKNOWN",
    "PAGINATION_NUMBER_INVALID",
    "RANGE_INVALID",
    "SIZE_INVALID",
    "TAG_INVALID",
    "TOOMANYREQUESTS",
    "UNAUTHORIZED",
    "UNAVAILABLE",
    "UNKNOWN",
    "UNSUPPORTED",
}

# No verb of the OCI API raises these: they belong to other APIs, to pages and to commands.
NOT_MET = {
    registry.CatalogDataNotFound,
    registry.DeletionProtected,
    registry.EmptyUpload,
    registry.ExclusionAlreadyExists,
    registry.ExclusionNotFound,
    registry.InvalidRegion,
    registry.InvalidResourceTag,
    registry.LayerAlreadyExists,
    registry.LayerInaccessible,
    registry.LayerPartTooSmall,
    registry.LifecyclePolicyInvalid,
    registry.LifecyclePolicyNotFound,
    registry.LifecyclePreviewInProgress,
    registry.ChildrenNotReplicated,
    registry.ReplicationChanged,
    registry.PeerAlreadyExists,
    registry.PeerChanged,
    registry.PeerMisbehaved,
    registry.PeerNotAllowed,
    registry.PeerNotFound,
    registry.PeerNotTrusted,
    registry.PeerRefused,
    registry.PeerUnavailable,
    registry.BackfillInProgress,
    registry.BackfillNotFound,
    registry.BackfillInvalidStatus,
    registry.LifecyclePreviewNotFound,
    registry.StorageClassUpdateNotSupported,
    registry.RegistryPolicyNotFound,
    registry.TemplateAlreadyExists,
    registry.TemplateNotFound,
    registry.TooManyTags,
    registry.RepositoryAlreadyExists,
    registry.RepositoryNotEmpty,
    registry.ImageAlreadyExists,
    registry.ImageTypeUnsupported,
    registry.ScanNotFound,
    registry.SuppressionNotFound,
    registry.VexInvalid,
    registry.InvalidPolicy,
    registry.PolicyLocksOut,
    registry.RepositoryPolicyNotFound,
    accounts.DeleteConflict,
    accounts.MalformedPolicy,
    accounts.InvalidInput,
    accounts.AlreadyExists,
    accounts.NotFound,
    accounts.LimitReached,
    accounts.PasswordRefused,
    accounts.WrongPassword,
}

EXAMPLES: list[Exception] = [
    registry.InvalidRepositoryName("A", "is wrong"),
    registry.InvalidImageTag("-", "is wrong"),
    registry.InvalidDigest("x", "is wrong"),
    registry.RepositoryNotFound("a", "1"),
    registry.ImageNotFound("latest", "a", "1"),
    registry.ImageArchived("latest", "a", "1"),
    registry.ImageTagAlreadyExists("latest", "a", "1"),
    registry.ImageIsReferenced("sha256:1", "a", "1"),
    registry.ManifestInvalid("not JSON"),
    registry.ManifestTooLarge(1),
    registry.ManifestDigestMismatch("a", "b"),
    registry.LayersNotFound(["a", "b"]),
    registry.ReferencedImagesNotFound(["a"]),
    registry.BlobNotFound("a"),
    registry.BlobArchived("a"),
    registry.BlobDigestMismatch("a", "b"),
    registry.BlobTooLarge(1),
    registry.BlobIsReferenced("a"),
    registry.UploadNotFound("a"),
    registry.UploadOutOfOrder("a", 1),
    registry.UploadCutShort("a", 1),
    registry.UploadBusy("a"),
    registry.QuotaExceeded(1),
    registry.TooManyPulls(60),
    registry.CountLimitExceeded("A repository may have 1 images"),
    registry.StorageFull(),
    registry.TakenDown("app", "111122223333", "Malware"),
    registry.StorageUnavailable(),
    registry.StorageDamaged("key"),
    accounts.CredentialsMissing(),
    accounts.CredentialsInvalid(),
    accounts.CredentialsExpired(),
    accounts.AccessDenied("arn:a", "ecr:PutImage", "arn:b", "a secret reason"),
]


def tree(kind: type[Exception]) -> set[type[Exception]]:
    """`kind` and all classes below it, of the errors of its own app."""
    app = kind.__module__.split(".")[:2]
    below = [each for each in kind.__subclasses__() if each.__module__.split(".")[:2] == app]
    return {kind}.union(*map(tree, below))


def context(kind: HostKind = HostKind.ONE) -> Context:
    """The context of a bare request."""
    request = HttpRequest()
    request.META["HTTP_HOST"] = "kho.test"
    return Context(request, Host(kind, "kho.test"), "", ["GET"])


def test_it_works_for_every_error_that_the_api_can_meet() -> None:
    ours = tree(registry.RegistryError) | tree(accounts.AccountsError)
    known = {kind for kind in ours if kind in errors.TABLE}
    assert {kind for kind in ours if not tree(kind) - {kind}} - known == NOT_MET
    # InvalidValue stands in the table for those below it.
    assert {type(error) for error in EXAMPLES} == known - {registry.InvalidValue}


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_it_works_as_an_envelope_with_a_known_code(error: Exception) -> None:
    wire = errors.wire_of(error)
    assert wire is not None
    assert wire.code in CODES
    assert 400 <= wire.status <= 507
    assert wire.words(error)
    answer = errors.response(error, context())
    assert answer is not None
    assert answer.status_code == wire.status
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_it_works_without_blaming_the_server_for_a_clients_fault(error: Exception) -> None:
    wire = errors.wire_of(error)
    assert wire is not None
    assert (wire.status >= 500) == isinstance(error, registry.StorageError)


def test_it_works_in_ecrs_words() -> None:
    def words(error: Exception) -> str:
        wire = errors.wire_of(error)
        assert wire is not None
        return wire.words(error)

    expected = "The repository with name 'n' does not exist in the registry with id 'r'"
    assert words(registry.RepositoryNotFound("n", "r")) == expected
    assert "because the tag is immutable" in words(registry.ImageTagAlreadyExists("latest", "n", "r"))
    denied = words(accounts.AccessDenied("arn:a", "ecr:PutImage", "arn:b", "a secret reason"))
    assert denied == "User: arn:a is not authorized to perform: ecr:PutImage on resource: arn:b"


def test_it_works_with_the_headers_that_some_errors_need() -> None:
    def headers(error: Exception) -> dict[str, str]:
        answer = errors.response(error, context())
        assert answer is not None
        return dict(answer.headers)

    assert headers(registry.StorageUnavailable())["Retry-After"] == "5"
    assert headers(RangeNotSatisfiable("bytes=9-", 7))["Content-Range"] == "bytes */7"
    assert headers(registry.UploadOutOfOrder("id", 7))["Range"] == "0-6"
    assert headers(registry.UploadCutShort("id", 7))["Docker-Upload-UUID"] == "id"
    assert "Range" not in headers(registry.UploadOutOfOrder("id", -1))


def test_it_refuses_to_answer_what_must_not_happen() -> None:
    assert errors.response(KeyError("a fault of ours"), context()) is None


class PostgresDiskFull(Exception):
    """As psycopg raises it."""

    sqlstate = errors.POSTGRESQL_DISK_FULL


def failing_database(cause: Exception, sqlite_name: str = "") -> OperationalError:
    """What Django raises from a driver's error."""
    if sqlite_name:
        cause.__dict__["sqlite_errorname"] = sqlite_name
    error = OperationalError("said by the database")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (failing_database(sqlite3.OperationalError(), "SQLITE_FULL"), 507),
        (failing_database(sqlite3.OperationalError(), "SQLITE_BUSY"), 503),
        (failing_database(sqlite3.OperationalError(), "SQLITE_IOERR"), 503),
        (failing_database(PostgresDiskFull()), 507),
        (failing_database(ConnectionRefusedError()), 503),
        (OperationalError("the server closed the connection"), 503),
    ],
)
def test_it_works_as_storage_does_when_the_database_fails(error: OperationalError, status: int) -> None:
    answer = errors.response(error, context())
    assert answer is not None
    assert answer.status_code == status
    assert b"UNAVAILABLE" in answer.content
    assert b"said by the database" not in answer.content


def test_it_refuses_to_hide_wrong_sql() -> None:
    assert errors.response(failing_database(sqlite3.OperationalError(), "SQLITE_ERROR"), context()) is None
