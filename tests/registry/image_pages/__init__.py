"""Tests of registry.image_pages."""
