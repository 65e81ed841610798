"""The gallery for programs: JSON over HTTP, read by everybody, described in OpenAPI."""
