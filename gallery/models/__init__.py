"""Tables of the gallery app, one file per noun."""

from gallery.models.listing import Listing

__all__ = ["Listing"]
