"""Makes rows and content for tests, through the verbs that clients use."""
