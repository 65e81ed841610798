"""Tests of the JSON APIs."""
