"""Pages of one public repository: what it is, how to use it, its tags, their history, numbers."""
