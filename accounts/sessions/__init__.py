"""Temporary credentials: registry passwords and bearer tokens, both signed and stateless."""
