"""The OCI Distribution API, version 1.1, and the token service of docker's authentication protocol."""
