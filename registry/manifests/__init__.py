"""Reading of manifests: pure functions from bytes to values."""
