"""Turns what nodes have spooled into audit events, pull counts and last-use times."""
