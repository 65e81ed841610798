"""The connection to an S3 server, through django-storages and boto3, and its errors in the storage's words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from storages.backends.s3 import S3Storage
from urllib3.exceptions import HTTPError

from registry.errors import StorageDamaged, StorageFull, StorageUnavailable

FULL: Final = frozenset(
    {"507", "InsufficientStorage", "QuotaExceeded", "QuotaExceededException", "XMinioStorageFull", "EntityTooLarge"}
)
MISSING: Final = frozenset({"404", "NoSuchKey", "NoSuchUpload", "InvalidPart", "InvalidRange", "PreconditionFailed"})
"""The bytes are not what the database says; PreconditionFailed: another object has the key now."""


class Unsupported(StorageUnavailable):
    """The server does not know this kind of request."""


def connect(endpoint: str) -> Any:
    """Return a boto3 client, which all threads may use."""
    config = Config(
        s3={"addressing_style": "path" if settings.S3.path_style else "auto"},
        signature_version="s3v4",
        # The digest of the whole is checked by Kho; many servers do not know the newer checksums of parts.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"mode": "standard", "total_max_attempts": 3},
        connect_timeout=3,
        read_timeout=20,
        max_pool_connections=64,
    )
    storage = S3Storage(
        bucket_name=settings.S3.bucket,
        access_key=settings.S3.access_key_id or None,
        secret_key=settings.S3.secret_access_key or None,
        # What the environment has for AWS is for boto3 to read, as a whole, and never a part of Kho's own keys.
        security_token=None,
        session_profile=None,
        region_name=settings.S3.region,
        endpoint_url=endpoint or None,
        client_config=config,
    )
    return storage.connection.meta.client


@contextmanager
def translated(key: str) -> Iterator[None]:
    """Turn what boto3 raises into StorageFull, StorageDamaged (of `key`) or StorageUnavailable."""
    try:
        yield
    except ClientError as error:
        raise _of_server(error, key) from error
    except (BotoCoreError, HTTPError, OSError) as error:
        raise StorageUnavailable(str(error)) from error


def _of_server(error: ClientError, key: str) -> Exception:
    """What an error of the server means; one that no request should meet, such as AccessDenied, is an outage."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = str(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))
    if code in FULL or status in FULL:
        return StorageFull(str(error))
    if code in MISSING:
        return StorageDamaged(key)
    if code == "NotImplemented" or status == "501":
        return Unsupported(str(error))
    return StorageUnavailable(str(error))
