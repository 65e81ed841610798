"""Tests of the OCI Distribution API, over HTTP but in this process."""
