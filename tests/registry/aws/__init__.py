"""The AWS APIs."""
