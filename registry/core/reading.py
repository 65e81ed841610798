"""What a pull reads, in one statement each and without the models: everybody waits for it.

The statement is read before the gate is asked, and the gate is asked before absence is told: who may not act learns
nothing, at the same cost.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from threading import Lock
from typing import Any, Final, Generic, TypeVar

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import permissions, scan_conditions, seen
from registry.core.permissions import Conditions, Tags
from registry.core.scan_conditions import Asked, ScanState
from registry.errors import BlobNotFound, ImageArchived, ImageNotFound, RepositoryNotFound
from registry.models import Blob, Image, Repository
from registry.values import Address, Digest, ImageTag, Reference

REPOSITORY: Final = """
    FROM registry_repository r JOIN accounts_account a ON a.id = r.account_id AND a.is_active
"""
PLACE: Final = "WHERE r.account_id = %s AND r.region = %s AND r.name = %s AND r.deleted_at IS NULL"

IMAGE: Final = (
    "SELECT r.policy_text, r.resource_tags, r.id, i.id, i.digest, i.media_type, i.manifest_size, i.image_status"
    + REPOSITORY
)
IMAGE_BY_TAG: Final = f"""{IMAGE}
    LEFT JOIN registry_imagetag t ON t.repository_id = r.id AND t.name = %s
    LEFT JOIN registry_image i ON i.id = t.image_id AND i.deleted_at IS NULL
    {PLACE}"""
IMAGE_BY_DIGEST: Final = f"""{IMAGE}
    LEFT JOIN registry_image i ON i.repository_id = r.id AND i.digest = %s AND i.deleted_at IS NULL
    {PLACE}"""
HAS_ARCHIVED: Final = """EXISTS (SELECT 1 FROM registry_image i
            WHERE i.repository_id = r.id AND i.deleted_at IS NULL AND i.image_status = 'ARCHIVED')"""
HOLDS: Final = """SELECT 1 FROM registry_imageblob n JOIN registry_image i
            ON i.id = n.image_id AND i.repository_id = r.id AND i.deleted_at IS NULL WHERE n.blob_id = b.id"""
BLOB: Final = f"""
    SELECT r.policy_text, r.resource_tags, r.id, b.id, b.digest, b.size, b.storage_key,
        EXISTS (SELECT 1 FROM registry_imageblob n WHERE n.blob_id = b.id),
        (SELECT l.keep_until > %s FROM registry_bloblink l WHERE l.repository_id = r.id AND l.blob_id = b.id),
        {HAS_ARCHIVED} AND EXISTS ({HOLDS} AND i.image_status = 'ARCHIVED')
            AND NOT EXISTS ({HOLDS} AND i.image_status <> 'ARCHIVED')
    {REPOSITORY}
    LEFT JOIN registry_blob b ON b.digest = %s AND NOT (b.state = 'deleting') AND b.state = 'live'
        AND EXISTS (SELECT 1 FROM registry_bloblink l WHERE l.repository_id = r.id AND l.blob_id = b.id)
    {PLACE}"""  # noqa: S608 - constants of this page
"""The state is named twice: SQLite takes the partial index only if it sees the index's own condition.

Whether a blob is archived is looked for only in repositories that have archived images: one step in an index.
"""
NEEDED: Final = """
    SELECT EXISTS (SELECT 1 FROM registry_imageblob n
        JOIN registry_image i ON i.id = n.image_id AND i.repository_id = %s AND i.deleted_at IS NULL
        WHERE n.blob_id = %s)"""
TAGS_OF_IMAGE: Final = """
    SELECT t.name FROM registry_imagetag t JOIN registry_image i ON i.id = t.image_id AND i.deleted_at IS NULL
    WHERE i.repository_id = %s AND i.digest = %s
    UNION
    SELECT t.name FROM registry_imagechild c JOIN registry_image i ON i.id = c.parent_id AND i.deleted_at IS NULL
        JOIN registry_imagetag t ON t.image_id = i.id
    WHERE i.repository_id = %s AND c.digest = %s"""
TAGS_OF_BLOB: Final = """
    WITH holding AS (
        SELECT i.id, i.digest FROM registry_imageblob n JOIN registry_image i ON i.id = n.image_id
        WHERE n.blob_id = %s AND i.repository_id = %s AND i.deleted_at IS NULL
    )
    SELECT t.name FROM holding h JOIN registry_imagetag t ON t.image_id = h.id
    UNION
    SELECT t.name FROM holding h JOIN registry_imagechild c ON c.digest = h.digest
        JOIN registry_image i ON i.id = c.parent_id AND i.repository_id = %s AND i.deleted_at IS NULL
        JOIN registry_imagetag t ON t.image_id = i.id"""
"""The tags by which an image or a blob is reached, also through an index."""
MANIFEST: Final = "SELECT content FROM registry_manifest WHERE digest = %s"

T = TypeVar("T")

ARCHIVED: Final = Image.Status.ARCHIVED.value

LARGEST_KEPT: Final = 64 * 1024
KEPT_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FoundImage:
    """An image's row, as far as a pull needs it; `manifest_size` in bytes.

    `is_restricted` if a policy of the repository may tell one reader from another.
    """

    repository_id: int
    id: int
    digest: str
    media_type: str
    manifest_size: int
    is_restricted: bool = False


@dataclass(frozen=True, slots=True)
class FoundBlob:
    """A live blob that the repository can see; `is_referenced` by an image of any repository.

    `is_kept` if collection leaves it there for a good while even without an image; `is_restricted` if a policy of the
    repository may tell one reader from another; `is_archived` if all images of the repository that have it are.
    """

    repository_id: int
    id: Any
    digest: str
    size: int
    storage_key: str
    is_referenced: bool
    is_restricted: bool = False
    is_kept: bool = False
    is_archived: bool = False


class Contents(Generic[T]):
    """What was read, by digest, which never changes: the least recently used go first. At most `most` bytes in all."""

    def __init__(self, most: int = KEPT_BYTES, largest: int = LARGEST_KEPT) -> None:
        self._most = most
        self._largest = largest
        self._bytes = 0
        self._kept: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, digest: str) -> T | None:
        """Return the content if it is here."""
        with self._lock:
            kept = self._kept.get(digest)
            if kept is None:
                return None
            self._kept.move_to_end(digest)
            return kept[0]

    def keep(self, digest: str, content: T, size: int) -> None:
        """Remember what takes `size` bytes, if that is little."""
        if size > self._largest:
            return
        with self._lock:
            self._bytes += size - self._kept.pop(digest, (None, 0))[1]
            self._kept[digest] = content, size
            while self._bytes > self._most:
                self._bytes -= self._kept.popitem(last=False)[1][1]

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0


contents: Final = Contents[bytes]()
"""Manifests and small blobs of this process; rights are checked before they are looked up here."""


def image(caller: Caller, address: Address, reference: Reference, *, also_archived: bool = False) -> FoundImage:
    """Return the image that a tag or digest names.

    Raises CredentialsMissing, AccessDenied, RepositoryNotFound, ImageNotFound; ImageArchived for what can't be pulled.
    """
    by_digest = isinstance(reference, Digest)
    row = _row(IMAGE_BY_DIGEST if by_digest else IMAGE_BY_TAG, str(reference), *_place(address))
    tags = (lambda: _tags_of_image(row)) if by_digest else (str(reference),)
    _require(caller, address, row, (Action.BATCH_GET_IMAGE,), tags, lambda: scan_conditions.of_image(row[3]))
    text, _, repository_id, image_id, digest, media_type, size, status = row
    if image_id is None:
        raise ImageNotFound(str(reference), str(address.name), address.registry.account_id)
    if status == ARCHIVED and not also_archived:
        raise ImageArchived(str(reference), str(address.name), address.registry.account_id)
    return FoundImage(repository_id, image_id, digest, media_type, size, bool(text))


def blob(caller: Caller, address: Address, digest: Digest, *actions: Action) -> FoundBlob:
    """Return the blob, if the caller may do one of the actions.

    Raises CredentialsMissing, AccessDenied, RepositoryNotFound, BlobNotFound.
    """
    row = seen.once((address, str(digest)), lambda: _blob_row(address, str(digest)))
    _require(caller, address, row, actions, lambda: _tags_of_blob(row), lambda: scan_conditions.of_blob(row[2], row[3]))
    text, _, repository_id, blob_id, found, size, key, *flags = row
    if blob_id is None:
        raise BlobNotFound(str(digest))
    blob_id = Blob._meta.pk.to_python(blob_id)
    is_referenced, is_kept, is_archived = map(bool, flags)
    return FoundBlob(repository_id, blob_id, found, size, key, is_referenced, bool(text), is_kept, is_archived)


def _blob_row(address: Address, digest: str) -> Any:
    return _row(BLOB, _half_a_grace_from_now(), digest, *_place(address))


def remember_blobs(address: Address, digests: Sequence[str]) -> None:
    """Read the rows of some blobs at once, for `blob` to find while one page is made; it asks who may read them."""
    at, place = _half_a_grace_from_now(), _place(address)
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join([BLOB] * len(digests)), [each for digest in digests for each in (at, digest, *place)]
        )
        for row in cursor.fetchall():
            if row[4] is not None:
                seen.keep((address, row[4]), row)


def _half_a_grace_from_now() -> Any:
    """The moment, as the database compares it."""
    moment = timezone.now() + timedelta(seconds=settings.BLOB_GRACE_SECONDS / 2)
    return connection.ops.adapt_datetimefield_value(moment)


def _require(
    caller: Caller,
    address: Address,
    row: Any,
    actions: tuple[Action, ...],
    tags: Tags,
    scans: Callable[[], Sequence[ScanState]],
) -> None:
    """Ask the gate, with what the row says of the repository; only then tell that there is none."""
    if row is None:
        permissions.require(caller, address, *actions)
        raise RepositoryNotFound(str(address.name), address.registry.account_id)
    conditions = Conditions(row[1], tags, scans=Asked(scans))
    permissions.require(caller, address, *actions, policy_text=row[0], conditions=conditions)


def _tags_of_image(row: Any) -> list[str]:
    """The tags by which the image of the row is reached."""
    return _names(TAGS_OF_IMAGE, row[2], row[4], row[2], row[4]) if row[3] is not None else []


def _tags_of_blob(row: Any) -> list[str]:
    """The tags of the images that hold the blob of the row."""
    if row[3] is None:
        return []
    return _names(TAGS_OF_BLOB, row[3], row[2], row[2])


def tags_of_blob(repository_id: int, blob_id: object) -> list[str]:
    """Return the tags by which the images of a repository are reached that hold a blob."""
    return _names(TAGS_OF_BLOB, Blob._meta.pk.get_db_prep_value(blob_id, connection), repository_id, repository_id)


def tags_of_image(repository_id: int, digest: str) -> list[str]:
    """Return the tags by which an image is reached, those of indexes that name it included."""
    return _names(TAGS_OF_IMAGE, repository_id, digest, repository_id, digest)


def tags_named(repository: Repository | None, digest: Digest | None, tag: ImageTag | None) -> list[str]:
    """Return the tags that policies may ask for, of an image that a request names by digest, by tag, or by both."""
    if tag is not None:
        return [str(tag)]
    return tags_of_image(repository.id, str(digest)) if repository else []


def is_needed(found: FoundBlob) -> bool:
    """Whether a live image of the same repository names the blob."""
    return bool(_row(NEEDED, found.repository_id, Blob._meta.pk.get_db_prep_value(found.id, connection))[0])


def manifest(digest: str) -> bytes | None:
    """Return a manifest's bytes, None if they are gone."""
    content = contents.get(digest)
    if content is None and (row := _row(MANIFEST, digest)):
        content = bytes(row[0])
        contents.keep(digest, content, len(content))
    return content


def _place(address: Address) -> tuple[str, str, str]:
    return address.registry.account_id, address.registry.region, str(address.name)


def _row(statement: str, *parameters: Any) -> Any:
    """The first row of a statement, None if there is none."""
    if connection.vendor == "sqlite" and connection.connection is not None and not connection.queries_logged:
        # SQLite itself answers in half of the time that a cursor of Django takes.
        with connection.wrap_database_errors:
            return connection.connection.execute(_with_question_marks(statement), parameters).fetchone()
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone()


@lru_cache(maxsize=16)
def _with_question_marks(statement: str) -> str:
    """The statement with the placeholders that SQLite's driver knows."""
    return statement.replace("%s", "?")


def _names(statement: str, *parameters: Any) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [row[0] for row in cursor.fetchall()]
