"""Drivers of real servers and clients: each starts or runs a program as a user would, and shows its output on failure."""
