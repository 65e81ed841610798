"""The only place that knows how files are laid out below the blob folder.

blobs/<2 characters>/<key>            finished blobs
uploads/<upload id>/<claim>-<n>       segments of open uploads
partial/<key>                         blobs that are being put together from several segments
"""

from pathlib import Path


def blob(root: Path, key: str) -> Path:
    """Where a finished blob is."""
    return root / "blobs" / key[:2] / key


def blobs(root: Path) -> Path:
    """The folder of all finished blobs."""
    return root / "blobs"


def partial(root: Path, key: str) -> Path:
    """Where a blob is put together before it is moved to its place."""
    return root / "partial" / key


def uploads(root: Path) -> Path:
    """The folder of all open uploads."""
    return root / "uploads"


def upload(root: Path, upload_id: str) -> Path:
    """The folder of one upload's segments."""
    return root / "uploads" / upload_id
