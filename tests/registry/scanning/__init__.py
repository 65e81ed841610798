"""Tests of registry.scanning."""
