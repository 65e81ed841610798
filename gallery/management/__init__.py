"""Management commands of the gallery."""
