"""Tests of a public repository's pages."""
