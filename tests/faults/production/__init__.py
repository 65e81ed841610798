"""Faults of the production shape: gateway, two web nodes, task workers, drainer, beat, PostgreSQL, Redis and S3."""
