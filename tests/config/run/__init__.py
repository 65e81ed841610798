"""Tests of make run."""
