"""Tables of the gallery app, one file per noun."""

from gallery.models.listing import Listing
from gallery.models.report import Report

__all__ = ["Listing", "Report"]
