"""Drivers of real servers and clients: each runs a program as a user would, and shows its output when it fails."""
