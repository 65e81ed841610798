"""Replication between registries: rules, what they lead where, how far it is, and backfills."""
