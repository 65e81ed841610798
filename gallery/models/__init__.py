"""Tables of the gallery app, one file per noun."""

from gallery.models.listing import Listing, SearchFigures, Term
from gallery.models.report import Report

__all__ = ["Listing", "Report", "SearchFigures", "Term"]
