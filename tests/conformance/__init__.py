"""The conformance program of the OCI Distribution specification against a real deployment."""
