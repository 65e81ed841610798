"""Pages of publishers, in the console: what the gallery says about their public repositories and about themselves."""
