"""Garbage collection while the registry is in use: what nothing needs goes, step by step, and may stop anywhere."""
