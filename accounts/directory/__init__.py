"""Accounts, people, principals and access keys: making, finding, switching off."""
