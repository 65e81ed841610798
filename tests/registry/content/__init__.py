"""Tests of registry.content."""
