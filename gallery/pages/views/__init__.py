"""Views of the gallery, one file per kind of page."""
