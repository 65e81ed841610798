"""Replication between registries of one deployment."""
