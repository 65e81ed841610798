"""What people do with real clients against a real deployment, from login to a running container."""
