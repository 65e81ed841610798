"""The only place that knows how files are laid out below the blob folder.

blobs/<2 characters>/<key>             finished blobs
uploads/<upload id>/<claim>-<n>        segments of open uploads
uploads/<upload id>/joined-<random>    a blob that is being put together from several segments
"""

from pathlib import Path


def blobs(root: Path) -> Path:
    """The folder of all finished blobs."""
    return root / "blobs"


def blob(root: Path, key: str) -> Path:
    """Where a finished blob is."""
    return blobs(root) / key[:2] / key


def uploads(root: Path) -> Path:
    """The folder of all open uploads."""
    return root / "uploads"


def upload(root: Path, upload_id: str) -> Path:
    """The folder of one upload."""
    return uploads(root) / upload_id


def segment(root: Path, upload_id: str, claim: str, number: int) -> Path:
    """The file of one request of an upload: its writer's claim, and how many segments come before it."""
    return upload(root, upload_id) / f"{claim}-{number}"


def joined(root: Path, upload_id: str, token: str) -> Path:
    """Where the segments of an upload are put together before the blob is moved to its place."""
    return upload(root, upload_id) / f"joined-{token}"
