"""What can go wrong in the gallery. Errors carry facts; pages and APIs have the words.

GalleryError
├── TooManyReports      from one address in an hour
└── AlreadyHandled      another member of staff was faster
"""

from datetime import datetime


class GalleryError(Exception):
    """The root of the tree."""


class TooManyReports(GalleryError):
    """One address has sent as many as it may."""


class AlreadyHandled(GalleryError):
    """Somebody has decided already."""

    def __init__(self, by: str, at: datetime | None) -> None:
        super().__init__(by)
        self.by = by
        self.at = at
