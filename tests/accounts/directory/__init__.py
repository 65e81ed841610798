"""Verbs of the directory."""
