"""Tests of sign-in, preferences and error pages."""
