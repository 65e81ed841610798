"""Pages of the public gallery. They show what anyone may see, whoever is signed in."""
