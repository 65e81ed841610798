"""Tables of the gallery app, one file per noun."""

from gallery.models.alias_request import AliasRequest, AliasRequestEvent
from gallery.models.listing import FacetSet, Listing, SearchFigures, Term
from gallery.models.report import Report
from gallery.models.reserved_name import ReservedName

__all__ = [
    "AliasRequest",
    "AliasRequestEvent",
    "FacetSet",
    "Listing",
    "Report",
    "ReservedName",
    "SearchFigures",
    "Term",
]
