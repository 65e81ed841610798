"""Tests of registry.manifests."""
