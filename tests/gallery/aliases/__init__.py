"""Tests of aliases."""
