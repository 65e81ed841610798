"""The production shape: secrets for docker-compose.yml, and the same topology on one machine without containers."""
