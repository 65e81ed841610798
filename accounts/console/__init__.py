"""Pages of sign-in and of people's own settings."""
